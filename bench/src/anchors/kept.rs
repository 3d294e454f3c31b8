//! The other databases' data: made once out of the bench's store, and kept for the next run beside it.

use super::postgres::{Client, SETTINGS};
use super::rows::Rows;
use super::sqlite;
use crate::data;
use anyhow::{Context, Result, ensure};
use rollcall_testkit::Postgres;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Made anew when it is another.
const FORM: &str = "1";

/// Filled databases.
pub struct Kept {
    /// The file of SQLite.
    pub sqlite: PathBuf,
    /// The running server.
    pub postgres: Postgres,
}

/// Those of a store; made when there are none, or when they are of another one.
pub async fn ready(root: &Path, data_dir: &Path, sessions: u32) -> Result<Kept> {
    let (sqlite, cluster) =
        (root.join(format!("sqlite-{sessions}.db")), root.join(format!("postgres-{sessions}")));
    let note = root.join(format!("anchors-{sessions}.json"));
    // The store's note holds the instant at which it was made.
    let of = format!("{FORM} {}", fs::read_to_string(data::note(root, sessions))?);
    let start = || {
        Postgres::start(&cluster, SETTINGS)
            .context("no PostgreSQL to measure beside (--without-sql leaves it out)")
    };
    if fs::read_to_string(&note).is_ok_and(|kept| kept == of) {
        return Ok(Kept { sqlite, postgres: start()? });
    }
    println!("filling SQLite and PostgreSQL with the same sessions ...");
    let began = Instant::now();
    let _ = fs::remove_file(&note);
    let _ = fs::remove_file(&sqlite);
    if cluster.exists() {
        fs::remove_dir_all(&cluster).with_context(|| format!("cannot remove {}", cluster.display()))?;
    }
    let postgres = start()?;
    let rows = Rows::of(data::sessions(data_dir).await?);
    let times = rows.sessions.windows(2);
    let in_order = |pair: &[super::rows::Row]| pair[0].session.opened_at <= pair[1].session.opened_at;
    ensure!(times.into_iter().all(in_order), "the store's sessions are not in order of time");
    sqlite::fill(&sqlite, &rows).context("SQLite")?;
    Client::connect(&postgres).await?.fill(&rows).await.context("PostgreSQL")?;
    fs::write(&note, of)?;
    println!("filled in {:.0} s", began.elapsed().as_secs_f64());
    Ok(Kept { sqlite, postgres })
}
