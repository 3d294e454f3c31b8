//! `rollcall audit verify`: the ledger held against itself and against what was kept of it elsewhere, beside a
//! running server. Nothing is written.

use crate::commands::connection::finish;
use crate::commands::which_store::WhichStore;
use crate::config::Config;
use crate::output::{print, progress, say};
use crate::store;
use anyhow::{Context, bail};
use clap::Args;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use rollcall_model::Seq;
use rollcall_store::{BadEvent, ChainEnd, StoreError};
use rollcall_store_postgres::{PostgresReader, Reach};
use rollcall_store_sqlite::SqliteReader;
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const EXAMPLE: &str = "\
Examples:
  rollcall audit verify --data-dir /var/lib/rollcall
  rollcall audit verify --store postgres://rollcall@db.example.org/rollcall
  rollcall audit verify --data-dir /var/lib/rollcall --expect 1234:9f86d081884c7d65…

Follows the whole chain, beside a running server or without one, and names the first event that is not as it
was written. Who can write the database can compute the chain anew; what shows that is a number and a hash
kept elsewhere: the log has one each minute, as `ledger head`. --expect holds the ledger against it; the
ledger may have grown since.

Exit code 0: unbroken, and as expected; 1: it is not, or cannot be read, and stderr says what; 2: asked wrongly.";

/// What `rollcall audit verify` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Verify {
    #[command(flatten)]
    store: WhichStore,
    /// What the ledger held once: it has to hold it still
    #[arg(long, value_name = "SEQ:HASH", value_parser = expected)]
    expect: Option<ChainEnd>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// What was found out.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Unbroken {
        end: ChainEnd,
        expected: Option<ChainEnd>,
    },
    Broken(BadEvent),
    /// The event that was kept elsewhere is not there.
    Shorter {
        end: ChainEnd,
        expected: ChainEnd,
    },
    /// It is there and has another hash.
    Another {
        found: ChainEnd,
        expected: ChainEnd,
    },
}

/// Answers, by the exit code too.
pub fn run(command: &Verify) -> ExitCode {
    let config = match command.store.config() {
        Ok(config) => config,
        Err(errors) => {
            say(&errors.to_string());
            return ExitCode::from(2);
        }
    };
    match verify(&config, command.expect) {
        Ok(verdict) if command.json => {
            let printed = print(&format!("{}\n", verdict.json())).context("the verdict cannot be printed");
            if printed.is_ok() && !verdict.is_good() { ExitCode::FAILURE } else { finish(printed) }
        }
        Ok(verdict) => finish(verdict.tell()),
        Err(error) => finish(Err(error)),
    }
}

fn verify(config: &Config, expected: Option<ChainEnd>) -> anyhow::Result<Verdict> {
    let read = match config.database()? {
        Some(reach) => in_database(&reach, expected),
        None => in_directory(config.data_dir()?, expected).map_err(Into::into),
    };
    progress("");
    let (verified, found) = read?;
    Ok(match verified {
        Err(bad) => Verdict::Broken(bad),
        Ok(end) => match expected {
            None => Verdict::Unbroken { end, expected: None },
            Some(expected) => held_against(end, expected, found),
        },
    })
}

/// What the chain is, and where it stands at the event that was expected.
type Read = (Result<ChainEnd, BadEvent>, Option<ChainEnd>);

fn in_directory(data_dir: &Path, expected: Option<ChainEnd>) -> Result<Read, StoreError> {
    let reader = SqliteReader::open(data_dir)?;
    let mut seen = telling(reader.end()?.seq);
    let verified = reader.verify(&mut seen)?;
    let found = expected.map(|expected| reader.end_at(expected.seq)).transpose()?;
    Ok((verified, found.flatten()))
}

fn in_database(reach: &Reach, expected: Option<ChainEnd>) -> anyhow::Result<Read> {
    store::runtime()?.block_on(async {
        let reader = PostgresReader::open(reach).await?;
        let mut seen = telling(reader.end().await?.seq);
        let verified = reader.verify(&mut seen).await?;
        let found = match expected {
            Some(expected) => reader.end_at(expected.seq).await?,
            None => None,
        };
        Ok((verified, found))
    })
}

/// Tells how far it came.
fn telling(of: Seq) -> impl FnMut(Seq) + Send {
    let started = Instant::now();
    move |seq| progress(&how_far(seq, of, started.elapsed()))
}

fn held_against(end: ChainEnd, expected: ChainEnd, found: Option<ChainEnd>) -> Verdict {
    match found {
        None => Verdict::Shorter { end, expected },
        Some(found) if found.hash == expected.hash => Verdict::Unbroken { end, expected: Some(expected) },
        Some(found) => Verdict::Another { found, expected },
    }
}

fn how_far(seq: Seq, of: Seq, elapsed: Duration) -> String {
    // The server goes on writing meanwhile.
    let of = of.max(seq);
    let a_second = u128::from(seq.0) * 1_000 / elapsed.as_millis().max(1);
    format!("{seq} of {of} events, {a_second} a second")
}

/// `SEQ:HASH`, as the log has them.
fn expected(text: &str) -> Result<ChainEnd, String> {
    let read = || {
        let (seq, hash) = text.split_once(':')?;
        let hash = HEXLOWER_PERMISSIVE.decode(hash.as_bytes()).ok()?;
        Some(ChainEnd { seq: Seq(seq.parse().ok()?), hash: hash.try_into().ok()? })
    };
    match read() {
        None => Err("expected the number of an event, a colon, and its hash in 64 hex digits".into()),
        Some(ChainEnd { seq: Seq(0), .. }) => {
            Err("there is no event 0: the run that logged it wrote nothing".into())
        }
        Some(end) => Ok(end),
    }
}

impl Verdict {
    fn is_good(&self) -> bool {
        matches!(self, Self::Unbroken { .. })
    }

    /// What is good is a result, what is not a failure.
    fn tell(&self) -> anyhow::Result<()> {
        if !self.is_good() {
            bail!(self.text());
        }
        print(&format!("{}\n", self.text())).context("the verdict cannot be printed")
    }

    fn text(&self) -> String {
        match self {
            Self::Unbroken { end, expected } => {
                let events = if end.seq == Seq(1) { "1 event".into() } else { format!("{} events", end.seq) };
                let head = format!("{events}, head {} {}, unbroken", end.seq, hex(end));
                let as_expected = expected.map(|expected| format!("; event {} is as expected", expected.seq));
                head + &as_expected.unwrap_or_default()
            }
            Self::Broken(BadEvent { seq, what }) => {
                format!("event {seq} is the first that is not as it was written: {what}")
            }
            Self::Shorter { end, expected } => format!(
                "the ledger is shorter: it ends with event {}, and event {} was expected; something was cut off, or \
                 it is an older copy",
                end.seq, expected.seq
            ),
            Self::Another { found, expected } => format!(
                "event {} is not the one expected: its hash is {}, expected {}; the ledger was rewritten at or before it",
                found.seq,
                hex(found),
                hex(expected)
            ),
        }
    }

    fn json(&self) -> Value {
        let end_of = |end: &ChainEnd| json!({ "seq": end.seq.0, "hash": hex(end) });
        match self {
            Self::Unbroken { end, expected } => {
                let expected = expected.as_ref().map(end_of);
                json!({ "verdict": "unbroken", "head": end_of(end), "expected": expected })
            }
            Self::Broken(bad) => json!({ "verdict": "broken", "event": bad.seq.0, "what": bad.what }),
            Self::Shorter { end, expected } => {
                json!({ "verdict": "shorter", "head": end_of(end), "expected": end_of(expected) })
            }
            Self::Another { found, expected } => {
                json!({ "verdict": "another", "found": end_of(found), "expected": end_of(expected) })
            }
        }
    }
}

fn hex(end: &ChainEnd) -> String {
    HEXLOWER.encode(&end.hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn end(seq: u64, byte: u8) -> ChainEnd {
        ChainEnd { seq: Seq(seq), hash: [byte; 32] }
    }

    #[test]
    fn what_is_expected_is_a_number_and_a_hash() {
        assert_eq!(expected(&format!("7:{}", "ab".repeat(32))), Ok(end(7, 0xab)));
        assert_eq!(expected(&format!("7:{}", "AB".repeat(32))), Ok(end(7, 0xab)));
        let long = format!("7:{}", "ab".repeat(33));
        for text in ["", "7", "7:", ":ab", "7:abcd", "x:ab", &long, &format!("-1:{}", "ab".repeat(32))] {
            assert!(expected(text).unwrap_err().contains("64 hex digits"), "{text}");
        }
        assert!(expected(&format!("0:{}", "00".repeat(32))).unwrap_err().contains("no event 0"));
    }

    #[test]
    fn the_ledger_may_have_grown_and_nothing_else() {
        let found = held_against(end(9, 9), end(7, 7), Some(end(7, 7)));
        assert_eq!(found, Verdict::Unbroken { end: end(9, 9), expected: Some(end(7, 7)) });
        let another = held_against(end(9, 9), end(7, 7), Some(end(7, 8)));
        assert_eq!(another, Verdict::Another { found: end(7, 8), expected: end(7, 7) });
        let shorter = held_against(end(6, 6), end(7, 7), None);
        assert_eq!(shorter, Verdict::Shorter { end: end(6, 6), expected: end(7, 7) });
        assert!(found.is_good() && !another.is_good() && !shorter.is_good());
    }

    #[test]
    fn progress_is_in_events_a_second() {
        let elapsed = Duration::from_millis(500);
        assert_eq!(how_far(Seq(10_000), Seq(30_000), elapsed), "10000 of 30000 events, 20000 a second");
        assert_eq!(
            how_far(Seq(40_000), Seq(30_000), Duration::ZERO),
            "40000 of 40000 events, 40000000 a second"
        );
    }
}
