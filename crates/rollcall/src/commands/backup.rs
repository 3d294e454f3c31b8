//! `rollcall backup`: a store, as it is now, in one file; beside a running server too.
//!
//! **Invariant:** under its name there is a backup that was read back and verified, or nothing.

use super::connection::finish;
use super::end::{End, Telling, Told};
use super::which_store::WhichStore;
use crate::config::{Config, ConfigErrors};
use crate::output::{print, say};
use crate::store::runtime;
use anyhow::Context;
use clap::Args;
use rollcall_auth::SystemRandomness;
use rollcall_model::Timestamp;
use rollcall_model::clock::{Clock, SystemClock};
use rollcall_store::copy::{Copied, Destination, Source, copy, verify};
use rollcall_store_sqlite::{SqliteBackup, SqliteDestination};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

const EXAMPLE: &str = "\
Examples:
  rollcall backup --data-dir /var/lib/rollcall /srv/backups/rollcall-$(date +%F).db
  rollcall backup --store postgres://rollcall@db.example.org/rollcall /srv/backups/rollcall.db
  rollcall backup --verify /srv/backups/rollcall-2026-11-24.db

Copies all that is in the store at one instant to one file, only its owner's, whichever store it is; beside a running
server or without one. All rows are read back and the ledger's chain is followed before the file has its name: what
was interrupted is FILE.unfinished, and the next backup to FILE replaces it. A file that is there is not written over.

The file holds names, addresses, devices and the hashes of passwords and tokens, and NOT the cluster key, which is
named: without it the second factors in the backup are of no use. Keep both, apart from each other.

`rollcall restore` makes a store of it. With --verify, FILE is read and held against what it says of itself.

Exit code 0: taken, or as it was taken; 1: it failed, or it is spoiled; 2: asked wrongly.";

/// What `rollcall backup` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Backup {
    /// File of the backup
    file: PathBuf,
    #[command(flatten)]
    store: WhichStore,
    /// File of the cluster's key, to be named (`server.key_file`)
    #[arg(long, value_name = "FILE")]
    key_file: Option<String>,
    /// Do not take a backup: read FILE, and say whether it is as it was taken
    #[arg(long, conflicts_with_all = ["data_dir", "store", "key_file"])]
    verify: bool,
    /// Say what was backed up as JSON
    #[arg(long)]
    json: bool,
}

/// Takes one, or looks at one.
pub fn run(command: &Backup) -> ExitCode {
    if command.verify {
        return finish(look_at(&command.file, command.json));
    }
    match from(command) {
        Ok((config, from)) => finish(take(command, &config, &from)),
        Err(errors) => {
            say(&errors.to_string());
            ExitCode::from(2)
        }
    }
}

fn from(command: &Backup) -> Result<(Config, End), ConfigErrors> {
    let own = [("--key-file", "server.key_file", command.key_file.as_deref())];
    let config = command.store.load(&own)?.config;
    let from = End::of(&config)?;
    Ok((config, from))
}

fn take(command: &Backup, config: &Config, from: &End) -> anyhow::Result<()> {
    let told = runtime()?.block_on(take_of(from, &command.file))?;
    // A database's key is wherever its nodes have it.
    let key_file = match from {
        End::Directory(directory) => config.key_file(directory).ok(),
        End::Database(..) => config.server.key_file.clone(),
    };
    let text = if command.json {
        let mut json = told.json();
        json.insert("file".into(), json!(command.file));
        json.insert("key_file".into(), json!(key_file));
        format!("{}\n", Value::from(json))
    } else {
        let place = key_file.map(|path| format!(" and is now in {}", path.display())).unwrap_or_default();
        let key = match told.key {
            Some(key) => format!(
                "needs the cluster key {key}, which is not in the backup{place}: keep a copy of it apart\n"
            ),
            None => "needs no cluster key: the store has none yet\n".into(),
        };
        format!("{}: {}{key}", command.file.display(), told.text())
    };
    print(&text).context("what was backed up cannot be printed")
}

async fn take_of(from: &End, file: &Path) -> anyhow::Result<Told> {
    let (started, mut telling) = (Instant::now(), Telling::default());
    let mut source = from.source().await?;
    let taken_at = SystemClock.now();
    let mut backup = SqliteDestination::backup(file, Arc::new(SystemRandomness))?;
    let copied = copy(&mut *source, &mut backup, &mut |step, done, of| telling.step(step, done, of)).await;
    let copied = copied.context("no backup was taken")?;
    let key = source.workspace().await?.and_then(|workspace| workspace.key);
    // The snapshot is let go of: it keeps a server's log from beginning anew.
    drop(source);
    backup.seal(taken_at, &copied.contents).await?;
    Box::new(backup).finish().await.context("no backup was taken")?;
    Ok(Told { copied, key, took: started.elapsed() })
}

/// Whether a backup is as it was taken.
fn look_at(file: &Path, as_json: bool) -> anyhow::Result<()> {
    let (taken_at, told) = runtime()?.block_on(read(file))?;
    let text = if as_json {
        let mut json = told.json();
        json.insert("file".into(), json!(file));
        json.insert("taken_at".into(), json!(taken_at.to_string()));
        format!("{}\n", Value::from(json))
    } else {
        let key = told.key.map_or("no cluster key".into(), |key| format!("the cluster key {key}"));
        format!("{}: as it was taken, {taken_at}\n{}needs {key}\n", file.display(), told.text())
    };
    print(&text).context("what was found cannot be printed")
}

async fn read(file: &Path) -> anyhow::Result<(Timestamp, Told)> {
    let (started, mut telling) = (Instant::now(), Telling::default());
    let SqliteBackup { mut source, taken_at, contents } =
        SqliteBackup::open(file, &mut |done, of| telling.tell("rows read", done, of))?;
    let end = verify(&mut source, &mut |step, done, of| telling.step(step, done, of)).await?;
    let key = source.workspace().await?.and_then(|workspace| workspace.key);
    Ok((taken_at, Told { copied: Copied { end, contents }, key, took: started.elapsed() }))
}
