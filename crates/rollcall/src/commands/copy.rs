//! `rollcall copy`: a store moved to another place, or to the other engine.

use super::connection::finish;
use super::end::{End, Telling, Told};
use crate::config::{Config, ConfigArgs, ConfigError, ConfigErrors};
use crate::output::{print, say};
use crate::store::runtime;
use anyhow::Context;
use clap::Args;
use rollcall_store::copy::copy;
use rollcall_store::directory::is_held;
use rollcall_store_postgres::DatabaseUrl;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

const EXAMPLE: &str = "\
Examples:
  rollcall copy --from /var/lib/rollcall --to postgres://rollcall@db.example.org/rollcall
  rollcall copy --from postgres://rollcall@old.example.org/rollcall --from-password-file old \\
      --to postgres://rollcall@new.example.org/rollcall --to-password-file new

Each end is a data directory or the URL of a database. The store that is copied is only read; the other end has to be
a directory without a store, or a database without tables, and becomes a store when all rows were read back and the
ledger's chain was followed: counts, rows and head are the same. What was interrupted is no store.

Stop the servers of the store that is copied first: what they do meanwhile is not in the copy. The cluster key is no
part of a store: the servers of the copy need the same file.

Passwords: --from-password-file and --to-password-file; without one, as for a server, `store.password_file` or
ROLLCALL_STORE_PASSWORD. The other settings of `store` hold for both ends.

Exit code 0: copied; 1: it failed, as when there is a store already; 2: asked wrongly.";

/// What `rollcall copy` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Ends {
    /// Store that is copied: a data directory, or a database
    #[arg(long, value_name = "DIR|URL")]
    from: String,
    /// Where it is copied to: a data directory, or a database
    #[arg(long, value_name = "DIR|URL")]
    to: String,
    /// File of the password for the database that is copied
    #[arg(long, value_name = "FILE")]
    from_password_file: Option<PathBuf>,
    /// File of the password for the database that is copied to
    #[arg(long, value_name = "FILE")]
    to_password_file: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
    /// Say what was copied as JSON
    #[arg(long)]
    json: bool,
}

/// Copies it, and says what was copied.
pub fn run(command: &Ends) -> ExitCode {
    match ends(command) {
        Ok((from, to)) => finish(copy_all(command, &from, &to)),
        Err(errors) => {
            say(&errors.to_string());
            ExitCode::from(2)
        }
    }
}

fn ends(command: &Ends) -> Result<(End, End), ConfigErrors> {
    let config = command.config.load(&[])?.config;
    let from_file = command.from_password_file.as_deref().map(|file| ("--from-password-file", file));
    let to_file = command.to_password_file.as_deref().map(|file| ("--to-password-file", file));
    let from = end("--from", &command.from, from_file, &config)?;
    let to = end("--to", &command.to, to_file, &config)?;
    Ok((from, to))
}

/// What has a scheme is a URL.
fn end(
    flag: &str,
    named: &str,
    password_file: Option<(&str, &Path)>,
    config: &Config,
) -> Result<End, ConfigError> {
    if !named.contains("://") {
        return Ok(End::Directory(named.into()));
    }
    let url = named.parse::<DatabaseUrl>();
    let url = url.map_err(|error| ConfigError { place: flag.into(), what: error.to_string() })?;
    let reach = config.database_at(&url, password_file)?;
    Ok(End::Database(Box::new(reach), url.to_string()))
}

fn copy_all(command: &Ends, from: &End, to: &End) -> anyhow::Result<()> {
    if let End::Directory(directory) = from
        && is_held(directory)?
    {
        say(&format!(
            "rollcall: a server holds {}: what it does from now on is not in the copy",
            directory.display()
        ));
    }
    let told = runtime()?.block_on(copied(from, to))?;
    let text = if command.json {
        let mut json = told.json();
        json.insert("from".into(), json!(from.to_string()));
        json.insert("to".into(), json!(to.to_string()));
        format!("{}\n", Value::from(json))
    } else {
        let key = told
            .key
            .map(|key| format!("needs the cluster key {key}, as {from} does: its file is not copied\n"));
        format!("{to}: {}{}", told.text(), key.unwrap_or_default())
    };
    print(&text).context("what was copied cannot be printed")
}

async fn copied(from: &End, to: &End) -> anyhow::Result<Told> {
    let (started, mut telling) = (Instant::now(), Telling::default());
    let mut source = from.source().await.with_context(|| format!("{from} cannot be copied"))?;
    let key = source.workspace().await?.and_then(|workspace| workspace.key);
    let mut store = to.destination().await.with_context(|| format!("{to} cannot be copied to"))?;
    let copied = copy(&mut *source, &mut *store, &mut |step, done, of| telling.step(step, done, of)).await;
    let copied = copied.with_context(|| format!("nothing was copied to {to}"))?;
    store.finish().await.with_context(|| format!("{to} was not finished"))?;
    Ok(Told { copied, key, took: started.elapsed() })
}
