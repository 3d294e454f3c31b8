//! The listener: connections within bounds of number, head size and time, and an end that answers what
//! was accepted.

use crate::app::Connection;
use crate::guard::Resumes;
use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rollcall_model::limits;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower_service::Service;

/// How long to rest when the system has no more sockets to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Listens. Whoever comes back after a restart comes at once: they wait to be accepted, and are not dropped to
/// try again a second later.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart must not wait until the system forgets the connections of before.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(limits::ACCEPT_QUEUE)
}

/// Serves until `stop` is done; then takes no more connections, and answers what was asked, for at most
/// `limits::DRAIN_TIME`.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(limits::CONNECTIONS as usize));
    let (stopping, _) = watch::channel(false);
    let mut stop = pin!(stop);
    loop {
        let accepted = async {
            // The semaphore is never closed.
            let place = places.clone().acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        tokio::select! {
            () = &mut stop => break,
            accepted = accepted => match accepted {
                (Some(place), Ok((socket, peer))) => {
                    let connection = Connection {
                        peer: peer.ip(),
                        resumes: Arc::new(Resumes::default()),
                        _place: Arc::new(place),
                        stop: stopping.subscribe(),
                    };
                    tokio::spawn(connect(socket, connection, router.clone()));
                }
                (_, Err(error)) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
                (None, Ok(_)) => break,
            },
        }
    }
    drop(listener);
    stopping.send_replace(true);
    // All places are free when every connection has ended, sockets among them.
    let ended = places.acquire_many(limits::CONNECTIONS);
    if tokio::time::timeout(limits::DRAIN_TIME, ended).await.is_err() {
        tracing::warn!("some requests were still under way when the time to finish them was over");
    }
}

async fn connect(socket: TcpStream, connection: Connection, router: Router) {
    // Answers are small and whole: waiting to fill a packet only delays them.
    let _ = socket.set_nodelay(true);
    let mut own = connection.clone();
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(connection.clone());
        router.clone().call(request)
    });
    // A hundred headers, which is what there is room for without an allocation.
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEAD_TIME)
        .max_buf_size(limits::HEAD_BYTES_READ)
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    let mut serving = pin!(serving);
    let ended = tokio::select! {
        ended = &mut serving => ended,
        () = own.stopped() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
