//! `rollcall serve`: from a data directory to a listening server, and to its clean end.

use super::{key_file, secret_file};
use crate::checkpoint_file::CheckpointFile;
use crate::config::{Config, ConfigArgs, ConfigErrors};
use crate::wiring::{Listeners, Server};
use crate::{descriptors, docs, logging, memory, store};
use anyhow::{Context, bail};
use clap::Args;
use rollcall_auth::{Hasher, PasswordDigest, SystemRandomness};
use rollcall_demo::Size;
use rollcall_model::clock::{Clock, SystemClock};
use rollcall_model::{Randomness, Token};
use rollcall_service::{Filling, FirstAdministrator, fill, is_username};
use rollcall_store::Store;
use std::fs;
use std::io::{IsTerminal, stderr};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

const EXAMPLE: &str = "\
Example:
  ROLLCALL_ADMIN_USERNAME=admin ROLLCALL_ADMIN_PASSWORD=… rollcall serve --data-dir /var/lib/rollcall

The first start makes an administrator from those two variables; without them, one named `admin` whose
random password is shown once on a terminal, or written to DIR/initial-password.";

/// The seed of the demo: the same people every time.
const DEMO_SEED: u64 = 1;
/// The file in the data directory of the password that all made-up users share.
pub(super) const DEMO_PASSWORD: &str = "demo-password";

/// What `rollcall serve` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE, after_long_help = format!("{EXAMPLE}\n\n{}", docs::help()))]
pub struct Serve {
    #[command(flatten)]
    config: ConfigArgs,
    /// Directory of the store; made when it is not there, readable by its owner only (`server.data_dir`)
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// PostgreSQL database to keep everything in, instead of the directory (`store.url`)
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Address to listen on, 127.0.0.1:3000 by default (`server.listen`)
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Address to tell Prometheus of itself on, at /metrics; nowhere by default (`server.metrics_listen`)
    #[arg(long, value_name = "ADDR")]
    metrics_listen: Option<String>,
    /// File of the cluster's key (`server.key_file`)
    #[arg(long, value_name = "FILE")]
    key_file: Option<String>,
    /// Fill an empty store with invented people and sessions; a store that holds users is not touched
    #[arg(long)]
    demo: bool,
}

/// Runs the server until it is told to stop.
pub fn run(command: Serve) -> ExitCode {
    let demo = command.demo;
    let config = match settings(command) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(2);
        }
    };
    let logs = config.logs;
    logging::start(logs);
    memory::keep_little();
    descriptors::raise_limit();
    let result = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime cannot start")
        .and_then(|runtime| runtime.block_on(serve(config, demo)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the server stops");
            if !logs.are_text() {
                eprintln!("rollcall: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

/// The settings of a server; one that has no data directory cannot be.
fn settings(command: Serve) -> Result<Config, ConfigErrors> {
    let Serve { config, data_dir, store, listen, metrics_listen, key_file, .. } = command;
    let loaded = config.load(&[
        ("--data-dir", "server.data_dir", data_dir.as_deref()),
        ("--store", "store.url", store.as_deref()),
        ("--listen", "server.listen", listen.as_deref()),
        ("--metrics-listen", "server.metrics_listen", metrics_listen.as_deref()),
        ("--key-file", "server.key_file", key_file.as_deref()),
    ])?;
    loaded.config.key_file(loaded.config.data_dir()?)?;
    loaded.config.database()?;
    loaded.config.mail_server()?;
    Ok(loaded.config)
}

async fn serve(config: Config, demo: bool) -> anyhow::Result<()> {
    let listen = config.server.listen;
    let data_dir = config.data_dir()?.to_owned();
    // A URL holds no password.
    let kept_in =
        config.store.url.as_ref().map_or_else(|| data_dir.display().to_string(), ToString::to_string);
    let mail = config.mail_transport(&data_dir)?;
    let randomness = Arc::new(SystemRandomness);
    let opened = store::open(&config, randomness.clone()).await?;
    let store = opened.store.clone();
    let clock = store::clock(&*store);
    if demo {
        fill_with_demo(&*store, &data_dir, config.service.argon2_kib, randomness.clone()).await?;
    }
    let key = key_file::cluster_key(&*store, &config.key_file(&data_dir)?, &*randomness).await?;
    let listeners = Listeners {
        requests: listener(listen)?,
        metrics: config.server.metrics_listen.map(listener).transpose()?,
    };
    let checkpoints = Arc::new(CheckpointFile::of(&data_dir));
    // Handlers stand before the work begins: a signal during the load is a clean end too.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let server =
        Server::start(store.clone(), clock, randomness.clone(), key, mail, checkpoints, config, listeners)
            .await?;
    if let Err(error) = first_administrator(&server, &data_dir, &*randomness).await {
        let _ = server.stop().await;
        return Err(error);
    }
    if store.workspace().await?.is_some_and(|workspace| workspace.test) {
        tracing::warn!("THIS IS A TEST WORKSPACE: its users and sessions are invented");
    }
    server.open_doors();
    tracing::info!(
        address = %server.address,
        data_dir = %data_dir.display(),
        store = kept_in,
        "listening on http://{}",
        server.address
    );
    if let Some(address) = server.metrics_address {
        tracing::info!(%address, "metrics on http://{address}/metrics");
    }
    let signal = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
        () = server.service.outdated() => {
            let _ = server.stop().await;
            bail!("a newer rollcall has changed the store's schema: start one that knows it");
        }
    };
    tracing::info!(signal, "stopping: no new work is taken, what was accepted is answered");
    if server.stop().await.is_err() {
        bail!("the store did not close cleanly");
    }
    tracing::info!("stopped");
    Ok(())
}

fn listener(address: SocketAddr) -> anyhow::Result<TcpListener> {
    rollcall_http::listen(address).with_context(|| format!("cannot listen on {address}"))
}

async fn fill_with_demo(
    store: &dyn Store,
    data_dir: &Path,
    argon2_kib: u32,
    randomness: Arc<dyn Randomness>,
) -> anyhow::Result<()> {
    if store.workspace().await?.is_some() {
        tracing::info!("the store has begun already: --demo changes nothing");
        return Ok(());
    }
    let password = Token::random(&*randomness);
    // Before the commit: the password of a workspace that nobody has would be no use.
    let path = data_dir.join(DEMO_PASSWORD);
    secret_file::write(&path, password.reveal())?;
    let hasher = Hasher::with_memory(argon2_kib);
    let password = hasher.hash(&PasswordDigest::of(password.reveal()), &*randomness);
    let filling = Filling { seed: DEMO_SEED, size: Size::DEMO, now: SystemClock.now(), password };
    if fill(store, &filling, randomness, |_| ()).await? {
        tracing::warn!(password_file = %path.display(), "filled with a demo workspace; its users share one password");
    }
    Ok(())
}

/// A store that never had an administrator gets one.
async fn first_administrator(
    server: &Server,
    data_dir: &Path,
    randomness: &dyn Randomness,
) -> anyhow::Result<()> {
    if server.service.had_administrator().await.map_err(unanswered)? {
        return Ok(());
    }
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let username = variable("ROLLCALL_ADMIN_USERNAME").unwrap_or_else(|| "admin".into());
    if !is_username(&username) {
        bail!("ROLLCALL_ADMIN_USERNAME: expected letters, digits, and - _ . only");
    }
    let given = variable("ROLLCALL_ADMIN_PASSWORD");
    let password = given.clone().unwrap_or_else(|| Token::random(randomness).reveal().into());
    let path = data_dir.join("initial-password");
    let shown = given.is_none() && stderr().is_terminal();
    let written = given.is_none() && !shown;
    if written {
        // Before the commit: an administrator whose password nobody has would be the last one.
        secret_file::write(&path, &password)?;
    }
    let made = server.service.first_administrator(&username, &password).await.map_err(unanswered)?;
    if written && made != FirstAdministrator::Made {
        // Another node was quicker: it is nobody's password.
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    match made {
        FirstAdministrator::NameInUse => {
            bail!(
                "`{username}` is a user of this store and no administrator: name another in ROLLCALL_ADMIN_USERNAME"
            )
        }
        FirstAdministrator::Existed => {}
        FirstAdministrator::Made if shown => {
            eprintln!(
                "\n  The administrator `{username}` was made. Its password, shown this once:\n\n      {password}\n"
            );
        }
        FirstAdministrator::Made if written => {
            tracing::warn!(username, password_file = %path.display(), "made the administrator; its password is in the file");
        }
        FirstAdministrator::Made => tracing::info!(username, "made the administrator"),
    }
    Ok(())
}

fn unanswered(_: rollcall_service::Refusal) -> anyhow::Error {
    anyhow::anyhow!("the store did not answer; the log says why")
}
