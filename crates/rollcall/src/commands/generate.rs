//! `rollcall generate`: a new store, filled with a made-up test workspace of any size.
//!
//! **Invariants:** there is a store in the directory when all of it is written, and none before; one that is there,
//! in the directory or in the database, is not touched.

use super::connection::finish;
use super::secret_file;
use super::serve::DEMO_PASSWORD;
use super::which_store::WhichStore;
use crate::config::Config;
use crate::output::{print, say};
use crate::progress::{Progress, rows_a_second};
use crate::remote::Kind;
use crate::store::runtime;
use crate::when;
use anyhow::{Context, bail};
use clap::Args;
use rollcall_auth::{Hasher, PasswordDigest, SystemRandomness};
use rollcall_demo::Size;
use rollcall_model::clock::{Clock, SystemClock};
use rollcall_model::{Timestamp, Token};
use rollcall_service::{Filling, fill};
use rollcall_store::Store;
use rollcall_store::directory::{Hold, hold};
use rollcall_store_postgres::PostgresStore;
use rollcall_store_sqlite::UnfinishedStore;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

const EXAMPLE: &str = "\
Example:
  rollcall generate --users 379000 --sessions 1000000 --ended 50000 --seed 1 --data-dir /srv/rollcall-test

Makes a new store, marked as a test workspace: plain users, their sessions of the last 88 days, and a ledger that
tells all of it in order. The first `rollcall serve` adds the administrator, as in any store. All users share one
random password, which is in DIR/demo-password; nobody holds a token of their sessions.

The same seed, sizes and --now give the same workspace; without --now, it is as of the last full hour. A directory
that holds a store is refused. What was interrupted is no store: the next one removes what it left. With --store, the
database is filled, and has to be made anew when that was interrupted; the password is in the directory all the same.

Exit code 0: made; 1: it failed, as when there is a store already; 2: asked wrongly.";

/// How far back sessions go: by default they live for 90 days, so none of them ends on the first day.
const DAYS: u32 = 88;
/// The grain of the instant that a workspace is made at, so that the next one is the same.
const HOUR_MS: i64 = 60 * 60 * 1_000;

/// What `rollcall generate` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Generate {
    #[command(flatten)]
    store: WhichStore,
    /// Users
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    users: u32,
    /// Live sessions; a user has 48 at the most
    #[arg(long, value_name = "M")]
    sessions: u32,
    /// Sessions that have ended, each with a reason
    #[arg(long, value_name = "N", default_value_t = 0)]
    ended: u32,
    /// Who the people are, and what they do
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The instant at which the past ends, such as 2026-11-24T08:00:00.000Z
    #[arg(long, value_name = "TIME", value_parser = instant)]
    now: Option<Timestamp>,
    /// Say what was made as JSON
    #[arg(long)]
    json: bool,
}

/// What was made.
#[derive(Debug)]
struct Made {
    seed: u64,
    size: Size,
    now: Timestamp,
    events: u64,
    took: Duration,
    directory: PathBuf,
    password_file: PathBuf,
}

/// Makes it, and says what was made.
pub fn run(command: &Generate) -> ExitCode {
    let loaded = command.store.load(&[]).and_then(|loaded| {
        loaded.config.data_dir()?;
        Ok(loaded.config)
    });
    match loaded {
        Ok(config) => finish(generate(command, &config)),
        Err(errors) => {
            say(&errors.to_string());
            ExitCode::from(2)
        }
    }
}

fn generate(command: &Generate, config: &Config) -> anyhow::Result<()> {
    let size = Size {
        users: command.users,
        live_sessions: command.sessions,
        ended_sessions: command.ended,
        days: DAYS,
    };
    if !size.is_possible() {
        let most = "a user has 48 live sessions at the most, and 5000 that have ended";
        return Err(Kind::Usage.because(format!("{} users cannot have so many: {most}", size.users)).into());
    }
    let now = made_at(command.now, SystemClock.now());
    let made = runtime()?.block_on(make(config, command.seed, size, now))?;
    let text = if command.json { format!("{}\n", made.json()) } else { made.text() };
    print(&text).context("what was made cannot be printed")
}

async fn make(config: &Config, seed: u64, size: Size, now: Timestamp) -> anyhow::Result<Made> {
    let (started, directory) = (Instant::now(), config.data_dir()?);
    let place = Place::begin(config, directory).await?;
    let password = Token::random(&SystemRandomness);
    let password_file = directory.join(DEMO_PASSWORD);
    secret_file::write(&password_file, password.reveal())?;
    let hasher = Hasher::with_memory(config.service.argon2_kib);
    let password = hasher.hash(&PasswordDigest::of(password.reveal()), &SystemRandomness);
    let filling = Filling { seed, size, now, password };
    let events = filling.events();
    let mut progress = Progress::start(events);
    fill(place.store(), &filling, Arc::new(SystemRandomness), |rows| progress.reach(rows)).await?;
    place.finish().await?;
    let (directory, took) = (directory.to_owned(), started.elapsed());
    Ok(Made { seed, size, now, events, took, directory, password_file })
}

/// Where it is made.
enum Place {
    Directory(UnfinishedStore),
    /// The database, and the hold on the directory of its password.
    Database {
        store: PostgresStore,
        _hold: Hold,
    },
}

impl Place {
    /// Begins one; there is no store yet.
    async fn begin(config: &Config, directory: &Path) -> anyhow::Result<Self> {
        let randomness = Arc::new(SystemRandomness);
        let Some(reach) = config.database()? else {
            return Ok(Self::Directory(UnfinishedStore::begin(directory, randomness)?));
        };
        let hold = hold(directory)?;
        let store = PostgresStore::open(reach, randomness).await?;
        if store.workspace().await?.is_some() {
            bail!("there is a store in the database already, and nothing was changed: name another");
        }
        Ok(Self::Database { store, _hold: hold })
    }

    fn store(&self) -> &dyn Store {
        match self {
            Self::Directory(unfinished) => unfinished.store(),
            Self::Database { store, .. } => store,
        }
    }

    async fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Directory(unfinished) => Ok(unfinished.finish().await?),
            Self::Database { store, .. } => Ok(store.close().await?),
        }
    }
}

/// The last full hour, where no other instant is named: so the same command makes the same workspace for a while.
fn made_at(named: Option<Timestamp>, present: Timestamp) -> Timestamp {
    named.unwrap_or_else(|| Timestamp::from_ms(present.as_ms() - present.as_ms().rem_euclid(HOUR_MS)))
}

/// An instant that is not ahead: the ledger would stand at it until it comes.
fn instant(text: &str) -> Result<Timestamp, String> {
    let instant = when::parse(text).ok_or("expected an instant such as 2026-11-24T08:00:00.000Z")?;
    if instant > SystemClock.now() { Err("it is ahead".into()) } else { Ok(instant) }
}

impl Made {
    fn text(&self) -> String {
        let Size { users, live_sessions, ended_sessions, .. } = self.size;
        format!(
            "{users} users, {live_sessions} live sessions and {ended_sessions} that have ended, as of {}, in {}\n\
             seed {}; {} events in {:.1} s, {} a second\n\
             the password of all users is in {}\n",
            self.now,
            self.directory.display(),
            self.seed,
            self.events,
            self.took.as_secs_f64(),
            rows_a_second(self.events, self.took),
            self.password_file.display()
        )
    }

    fn json(&self) -> Value {
        json!({
            "users": self.size.users,
            "sessions": self.size.live_sessions,
            "ended": self.size.ended_sessions,
            "seed": self.seed,
            "now": self.now.to_string(),
            "events": self.events,
            "took_ms": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            "events_per_second": rows_a_second(self.events, self.took),
            "data_dir": self.directory,
            "password_file": self.password_file,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_model::limits;

    #[test]
    fn no_session_ends_by_its_age_on_the_first_day() {
        let oldest = Duration::from_hours(24 * u64::from(DAYS + 1));
        assert!(oldest <= limits::SESSION_LIFETIME, "with an hour of the instant's grain to spare");
    }

    #[test]
    fn it_is_made_at_the_last_full_hour_or_the_instant_named() {
        let present = Timestamp::from_ms(5 * HOUR_MS + 17);
        assert_eq!(made_at(None, present), Timestamp::from_ms(5 * HOUR_MS));
        assert_eq!(made_at(Some(Timestamp::from_ms(3)), present), Timestamp::from_ms(3));
        assert!(instant("2026-01-01T00:00:00.000Z").is_ok());
        assert!(instant("2999-01-01T00:00:00.000Z").is_err() && instant("yesterday").is_err());
    }
}
