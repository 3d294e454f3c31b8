//! The ends of a copy, how far it is, and what is told of it: what `backup`, `restore` and `copy` have in common.

use crate::config::{Config, ConfigError};
use crate::progress::{Progress, rows_a_second};
use data_encoding::HEXLOWER;
use rollcall_auth::SystemRandomness;
use rollcall_model::factor::KeyFingerprint;
use rollcall_store::StoreError;
use rollcall_store::copy::{Copied, Destination, Source, Step};
use rollcall_store_postgres::{PostgresDestination, PostgresSource, Reach};
use rollcall_store_sqlite::{SqliteDestination, SqliteSource};
use serde_json::{Map, Value, json};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A place of a store.
#[derive(Debug)]
pub enum End {
    /// A data directory.
    Directory(PathBuf),
    /// A database, and how it is shown.
    Database(Box<Reach>, String),
}

impl End {
    /// The store that the settings name.
    pub fn of(config: &Config) -> Result<Self, ConfigError> {
        match (config.database()?, &config.store.url) {
            (Some(reach), Some(url)) => Ok(Self::Database(Box::new(reach), url.to_string())),
            _ => config.data_dir().map(|directory| Self::Directory(directory.into())),
        }
    }

    /// The store that is there, as it is now.
    pub async fn source(&self) -> Result<Box<dyn Source>, StoreError> {
        Ok(match self {
            Self::Directory(directory) => Box::new(SqliteSource::open(directory)?),
            Self::Database(reach, _) => Box::new(PostgresSource::open(reach).await?),
        })
    }

    /// A store that is to be there.
    pub async fn destination(&self) -> Result<Box<dyn Destination>, StoreError> {
        let randomness = Arc::new(SystemRandomness);
        Ok(match self {
            Self::Directory(directory) => Box::new(SqliteDestination::store(directory, randomness)?),
            Self::Database(reach, _) => Box::new(PostgresDestination::begin(reach, randomness).await?),
        })
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(directory) => directory.display().fmt(f),
            Self::Database(_, url) => f.write_str(url),
        }
    }
}

/// Tells how far a copy is.
#[derive(Debug, Default)]
pub struct Telling(Option<(&'static str, u64, Progress)>);

impl Telling {
    /// So many of so many are done.
    pub fn step(&mut self, step: Step, done: u64, of: u64) {
        self.tell(
            match step {
                Step::Written => "rows copied",
                Step::ReadBack => "rows read back",
                Step::Followed => "events followed",
                Step::Ended => "sessions ended",
            },
            done,
            of,
        );
    }

    /// So many of so many are.
    pub fn tell(&mut self, what: &'static str, done: u64, of: u64) {
        match &mut self.0 {
            Some((before, of_before, progress)) if (*before, *of_before) == (what, of) => {
                progress.reach(done);
            }
            told => told.insert((what, of, Progress::of(what, of))).2.reach(done),
        }
    }
}

/// What was copied, or is in a backup.
#[derive(Debug)]
pub struct Told {
    /// Its end and its rows.
    pub copied: Copied,
    /// The cluster key that it needs.
    pub key: Option<KeyFingerprint>,
    /// How long that took.
    pub took: Duration,
}

impl Told {
    /// A line that says how much it is, and where its ledger ends.
    pub fn text(&self) -> String {
        let (rows, end) = (self.copied.contents.rows(), self.copied.end);
        format!(
            "{rows} rows in {:.1} s, {} a second\n{} events, unbroken; head {}:{}\ncontents {}\n",
            self.took.as_secs_f64(),
            rows_a_second(rows, self.took),
            end.seq,
            end.seq,
            HEXLOWER.encode(&end.hash),
            HEXLOWER.encode(&self.copied.contents.digest),
        )
    }

    /// The same, each table by itself; more may be added.
    pub fn json(&self) -> Map<String, Value> {
        let Copied { end, contents } = &self.copied;
        let tables: Map<String, Value> =
            contents.tables.iter().map(|(name, rows)| (name.clone(), json!(rows))).collect();
        let told = [
            ("rows", json!(contents.rows())),
            ("tables", json!(tables)),
            ("head", json!({ "seq": end.seq.0, "hash": HEXLOWER.encode(&end.hash) })),
            ("contents", json!(HEXLOWER.encode(&contents.digest))),
            ("key", json!(self.key.map(|key| key.to_string()))),
            ("took_ms", json!(u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX))),
            ("rows_per_second", json!(rows_a_second(contents.rows(), self.took))),
        ];
        told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
