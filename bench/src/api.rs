//! `cargo xtask bench api`: the typed API beside v1, and what it alone does: revoking by a filter while others list,
//! exports, and many streams under many changes.

mod export;
mod lists;
mod revocation;
mod streams;

use crate::caller::Caller;
use crate::child::Server;
use crate::data::{self, Data, HASH_KIB};
use anyhow::Result;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// How much is measured.
pub struct Effort {
    /// Rounds of each comparison.
    pub rounds: usize,
    /// Length of one measurement.
    pub time: Duration,
    /// Sessions that a revocation ends, at the most.
    pub ended: usize,
    /// Streams.
    pub streams: usize,
}

/// Measures all of it and prints what came of it.
pub async fn measure(root: &Path, data: &Data, effort: &Effort) -> Result<()> {
    rollcall::descriptors::raise_limit();
    let server = Server::start(&data.directory, None).await?;
    let caller = Caller::sign_in(server.address).await?;
    caller.prove().await?;
    lists::measure(&server, &caller, effort).await?;
    export::measure(&server, &caller).await?;
    caller.sign_out().await?;
    server.stop()?;

    // Sessions end in the rest of it: on a copy.
    let directory = root.join("data-api");
    data::copy(&data.directory, &directory)?;
    let loaded = data::sessions(&directory).await?;
    let server = Server::start_with(&directory, None, HASH_KIB).await?;
    let caller = Caller::sign_in(server.address).await?;
    caller.prove().await?;
    streams::measure(&server, &caller, loaded, effort).await?;
    revocation::measure(&server, &caller, effort).await?;
    server.stop()?;
    fs::remove_dir_all(&directory)?;
    Ok(())
}
