//! One process, put together: store, service, listener.

use crate::config::Config;
use crate::memory;
use rollcall_auth::ClusterKey;
use rollcall_http::{Routers, client_fragment, routers, serve};
use rollcall_model::{Clock, Randomness};
use rollcall_service::{CheckpointPlace, MailTransport, Parts, Refusal, Service};
use rollcall_store::{Store, StoreError};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A server whose listener is open. Requests are refused as unavailable until [`Server::open_doors`].
#[expect(missing_debug_implementations, reason = "it is made of handles")]
pub struct Server {
    /// The use cases.
    pub service: Arc<Service>,
    /// Where it listens.
    pub address: SocketAddr,
    /// Where it tells of itself.
    pub metrics_address: Option<SocketAddr>,
    stop: watch::Sender<()>,
    serving: Vec<JoinHandle<()>>,
}

/// Where it listens.
#[derive(Debug)]
pub struct Listeners {
    /// For clients.
    pub requests: TcpListener,
    /// For Prometheus.
    pub metrics: Option<TcpListener>,
}

fn address_of(listener: &TcpListener) -> Result<SocketAddr, StoreError> {
    let address = listener.local_addr();
    address.map_err(|error| StoreError::Unavailable(format!("a listener has no address: {error}")))
}

impl Server {
    /// Puts the parts together, begins to listen, and fills the index.
    #[expect(clippy::too_many_arguments, reason = "they are parts, each of a type of its own")]
    pub async fn start(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        key: ClusterKey,
        mail: Arc<dyn MailTransport>,
        checkpoints: Arc<dyn CheckpointPlace>,
        config: Config,
        listeners: Listeners,
    ) -> Result<Self, StoreError> {
        let mut prefix = [0; 4];
        randomness.fill(&mut prefix);
        let settings = config.service;
        let service = Service::new(Parts { store, clock, randomness, key, mail, settings, client_fragment });
        service.keep_checkpoints_in(checkpoints);
        let Routers { requests, metrics } = routers(service.clone(), config.wire, u32::from_be_bytes(prefix));
        let (stop, _) = watch::channel(());
        let serve = |listener, router| {
            let mut stopped = stop.subscribe();
            tokio::spawn(serve(listener, router, async move {
                // Stopped, or let go of: both end it.
                let _ = stopped.changed().await;
            }))
        };
        let address = address_of(&listeners.requests)?;
        let metrics_address = listeners.metrics.as_ref().map(address_of).transpose()?;
        let mut serving = vec![serve(listeners.requests, requests)];
        serving.extend(listeners.metrics.map(|listener| serve(listener, metrics)));
        service.load().await?;
        memory::give_back_what_was_freed();
        Ok(Self { service, address, metrics_address, stop, serving })
    }

    /// Begins to answer requests.
    pub fn open_doors(&self) {
        self.service.open_doors();
    }

    /// Takes no new work, answers what was accepted, and closes the store.
    pub async fn stop(self) -> Result<(), Refusal> {
        self.service.begin_to_stop();
        let _ = self.stop.send(());
        for serving in self.serving {
            // It ends by itself within its drain time.
            let _ = serving.await;
        }
        self.service.close().await
    }
}
