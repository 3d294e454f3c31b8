//! `rollcall restore`: a store out of a backup, where there is none.
//!
//! **Invariant:** what is spoiled, too new or sealed with another key is refused before anything is written; until the
//! copy was read back and verified, and all has ended that was to end, there is no store.

use super::connection::finish;
use super::end::{End, Telling, Told};
use super::key_file;
use super::which_store::WhichStore;
use crate::config::{Config, ConfigErrors};
use crate::output::{print, say};
use crate::store::runtime;
use anyhow::{Context, bail};
use clap::Args;
use rollcall_model::Timestamp;
use rollcall_model::clock::{Clock, SystemClock};
use rollcall_model::factor::KeyFingerprint;
use rollcall_store::copy::{Ended, Source, copy, end_all, verify};
use rollcall_store_sqlite::SqliteBackup;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

const EXAMPLE: &str = "\
Examples:
  rollcall restore --data-dir /var/lib/rollcall /srv/backups/rollcall-2026-11-24.db
  rollcall restore --store postgres://rollcall@db.example.org/rollcall --key-file /etc/rollcall.key backup.db
  rollcall restore --data-dir /srv/copy --end-all /srv/backups/rollcall-2026-11-24.db

Reads all of FILE and holds it against what it says of itself; then makes a store of it in a directory that has none,
or in a database without tables, reads that back, and follows the ledger's chain. What was interrupted is no store.

Sessions and tokens are as they were when the backup was taken: one that was ended since works again.
--end-all ends all of them before the store can be used, as events of the ledger with the operator as their actor.

The cluster key is not in the backup. Which one it needs is said; a key file that is there, or that --key-file names,
has to be that one.

Exit code 0: restored; 1: it failed, as when FILE is spoiled or there is a store already; 2: asked wrongly.";

/// What `rollcall restore` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Restore {
    /// File of the backup
    file: PathBuf,
    #[command(flatten)]
    store: WhichStore,
    /// File of the cluster's key (`server.key_file`)
    #[arg(long, value_name = "FILE")]
    key_file: Option<String>,
    /// End every session, personal access token and service token, so that no token of before works
    #[arg(long)]
    end_all: bool,
    /// Say what was restored as JSON
    #[arg(long)]
    json: bool,
}

/// What was restored.
struct Restored {
    told: Told,
    taken_at: Timestamp,
    ended: Option<Ended>,
    key_file: KeyFile,
}

/// Where the cluster key is.
enum KeyFile {
    /// The store needs none yet.
    NotNeeded,
    /// In this file.
    Found(PathBuf),
    /// It has to be put there.
    Missing(PathBuf),
    /// Nobody said where.
    Unnamed,
}

/// Restores it, and says what was restored.
pub fn run(command: &Restore) -> ExitCode {
    match to(command) {
        Ok((config, to)) => finish(restore(command, &config, &to)),
        Err(errors) => {
            say(&errors.to_string());
            ExitCode::from(2)
        }
    }
}

fn to(command: &Restore) -> Result<(Config, End), ConfigErrors> {
    let own = [("--key-file", "server.key_file", command.key_file.as_deref())];
    let config = command.store.load(&own)?.config;
    let to = End::of(&config)?;
    Ok((config, to))
}

fn restore(command: &Restore, config: &Config, to: &End) -> anyhow::Result<()> {
    let restored = runtime()?.block_on(restored(command, config, to))?;
    let text = if command.json { restored.json(to) } else { restored.text(to) };
    print(&text).context("what was restored cannot be printed")
}

async fn restored(command: &Restore, config: &Config, to: &End) -> anyhow::Result<Restored> {
    let (started, mut telling) = (Instant::now(), Telling::default());
    let SqliteBackup { mut source, taken_at, .. } =
        SqliteBackup::open(&command.file, &mut |done, of| telling.tell("rows read", done, of))?;
    let key = source.workspace().await?.and_then(|workspace| workspace.key);
    let key_file = look_for(key, config, to)?;
    let mut store = to.destination().await?;
    let told = &mut |step, done, of| telling.step(step, done, of);
    let nothing = || format!("nothing was restored to {to}");
    let mut copied = copy(&mut source, &mut *store, told).await.with_context(nothing)?;
    let ended = if command.end_all {
        let ended = end_all(&mut *store, SystemClock.now(), told).await.with_context(nothing)?;
        copied.end = verify(&mut *store, told).await.with_context(nothing)?;
        Some(ended)
    } else {
        None
    };
    store.finish().await.with_context(|| format!("{to} was not finished"))?;
    Ok(Restored { told: Told { copied, key, took: started.elapsed() }, taken_at, ended, key_file })
}

/// Where the key is that the backup needs; another one in its place is refused.
fn look_for(key: Option<KeyFingerprint>, config: &Config, to: &End) -> anyhow::Result<KeyFile> {
    let Some(key) = key else { return Ok(KeyFile::NotNeeded) };
    let path = match (&config.server.key_file, to) {
        (Some(named), _) => named.clone(),
        (None, End::Directory(directory)) => directory.join(key_file::DEFAULT_NAME),
        (None, End::Database(..)) => return Ok(KeyFile::Unnamed),
    };
    if key_file::is_there(&path, key).context("nothing was restored")? {
        return Ok(KeyFile::Found(path));
    }
    if config.server.key_file.is_some() {
        bail!(
            "nothing was restored: {} is not there, and the backup needs the cluster key {key}",
            path.display()
        );
    }
    Ok(KeyFile::Missing(path))
}

impl KeyFile {
    fn path(&self) -> Option<&Path> {
        match self {
            Self::Found(path) | Self::Missing(path) => Some(path),
            Self::NotNeeded | Self::Unnamed => None,
        }
    }
}

impl Restored {
    fn text(&self, to: &End) -> String {
        let key = self.told.key.map(|key| key.to_string()).unwrap_or_default();
        let key = match &self.key_file {
            KeyFile::NotNeeded => "needs no cluster key: the first start makes one".into(),
            KeyFile::Found(path) => format!("needs the cluster key {key}, which is in {}", path.display()),
            KeyFile::Missing(path) => format!(
                "needs the cluster key {key}: put its file back as {}, or name it with --key-file",
                path.display()
            ),
            KeyFile::Unnamed => format!("needs the cluster key {key}: name its file with --key-file"),
        };
        let tokens = match self.ended {
            Some(Ended { sessions, personal_tokens, service_tokens }) => format!(
                "ended {sessions} sessions, {personal_tokens} personal access tokens and {service_tokens} service \
                 tokens: no token of before works"
            ),
            None => "sessions and tokens are as they were: one that was ended since works again".into(),
        };
        format!("{to}: as of {}, {}{tokens}\n{key}\n", self.taken_at, self.told.text())
    }

    fn json(&self, to: &End) -> String {
        let mut json = self.told.json();
        json.insert("to".into(), json!(to.to_string()));
        json.insert("taken_at".into(), json!(self.taken_at.to_string()));
        let ended = self.ended.map(|Ended { sessions, personal_tokens, service_tokens }| {
            json!({ "sessions": sessions, "personal_tokens": personal_tokens, "service_tokens": service_tokens })
        });
        json.insert("ended".into(), json!(ended));
        json.insert("key_file".into(), json!(self.key_file.path()));
        json.insert(
            "key_is_there".into(),
            json!(!matches!(self.key_file, KeyFile::Missing(_) | KeyFile::Unnamed)),
        );
        format!("{}\n", Value::from(json))
    }
}
