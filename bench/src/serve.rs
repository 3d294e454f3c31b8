//! `rollcall-bench serve`: the product's server, with one more route: `/static/{bytes}`, the static twin.
//!
//! The same calls as the product's own wiring (`rollcall::wiring`), which has no place for a further route.
//! Ends when its standard input does, so that none is left behind when the driver goes away.

use crate::process;
use anyhow::{Context, Result};
use axum::Router;
use axum::extract::Path as Parameter;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;
use rollcall::checkpoint_file::CheckpointFile;
use rollcall::commands::key_file;
use rollcall::config::Config;
use rollcall_auth::{ClusterKey, SystemRandomness};
use rollcall_http::{client_fragment, listen, routers, serve};
use rollcall_model::{Randomness, clock::SystemClock, limits};
use rollcall_service::{Parts, Service};
use rollcall_store::Store;
use rollcall_store_sqlite::SqliteStore;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// The longest answer of the twin.
pub const TWIN_BYTES_MAX: usize = 1 << 20;

/// More calls than anybody makes: what is measured is not the refusal.
const CALLS: u32 = 1_000_000_000;

/// Serves until standard input ends. Prints its address before it loads.
pub fn run(data_dir: &Path, core: Option<usize>, hash_kib: u32) -> Result<()> {
    if let Some(core) = core {
        // Before the runtime asks how many cores there are.
        process::pin(core)?;
    }
    // The product's logs: spans cost what they cost.
    rollcall::logging::start(rollcall::logging::Logs::default());
    rollcall::memory::keep_little();
    rollcall::descriptors::raise_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(until_input_ends(data_dir, hash_kib))
}

async fn until_input_ends(data_dir: &Path, hash_kib: u32) -> Result<()> {
    let randomness = Arc::new(SystemRandomness);
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(data_dir, randomness.clone())?);
    let key = store_key(&*store, data_dir, &*randomness).await?;
    let listener = listen(([127, 0, 0, 1], 0).into()).context("no free port")?;
    println!("{}", listener.local_addr()?);
    let mut config = Config::default();
    (config.wire.rate_calls, config.wire.principal_calls) = (CALLS, CALLS);
    config.service.as_of_sessions = limits::AS_OF_SESSIONS_MAX;
    config.service.argon2_kib = hash_kib;
    // One that ends in the middle of a long run would be all that is measured from then on.
    config.service.step_up_window = Duration::from_hours(24);
    let failures = &mut config.service;
    for limit in [&mut failures.user_failures, &mut failures.address_failures, &mut failures.code_failures] {
        limit.max = CALLS;
    }
    let mut prefix = [0; 4];
    randomness.fill(&mut prefix);
    let clock = Arc::new(SystemClock);
    let (mail, settings) = (config.mail_transport(data_dir)?, config.service);
    let service = Service::new(Parts { store, clock, randomness, key, mail, settings, client_fragment });
    service.keep_checkpoints_in(Arc::new(CheckpointFile::of(data_dir)));
    let router = routers(service.clone(), config.wire, u32::from_be_bytes(prefix)).requests.merge(twin());
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(serve(listener, router, async move {
        // Told, or let go of: both end it.
        let _ = stopped.await;
    }));
    service.load().await?;
    rollcall::memory::give_back_what_was_freed();
    service.open_doors();
    input_ended().await;
    let _ = stop.send(());
    serving.await?;
    service.close().await.ok().context("the store did not close cleanly")
}

/// The cluster key of the store, made when it is new.
pub async fn store_key(
    store: &dyn Store,
    data_dir: &Path,
    randomness: &dyn Randomness,
) -> Result<ClusterKey> {
    key_file::cluster_key(store, &data_dir.join(key_file::DEFAULT_NAME), randomness).await
}

/// A ready body of so many bytes, with the headers of the product's answers.
fn twin() -> Router {
    let ready = Bytes::from(vec![b' '; TWIN_BYTES_MAX]);
    let answer = move |Parameter(bytes): Parameter<usize>| {
        let body = ready.slice(..bytes.min(TWIN_BYTES_MAX));
        let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")];
        async move { (headers, body).into_response() }
    };
    Router::new().route("/static/{bytes}", get(answer))
}

async fn input_ended() {
    let (ended, waiting) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        // Nothing is ever written; an error is an end too.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        drop(ended);
    });
    let _ = waiting.await;
}
