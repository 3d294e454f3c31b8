//! `rollcall doctor`: looks at what a server stands on, beside it or before it starts, and changes nothing.

mod address;
mod checkpoint;
mod directory;
mod finding;
mod listener;
mod mail;
mod store;

use super::key_file;
use super::which_store::WhichStore;
use crate::config::{Config, ConfigErrors, Loaded};
use crate::output::{print, say};
use address::Header;
use clap::Args;
use finding::{Finding, State};
use rollcall_model::Timestamp;
use rollcall_model::clock::{Clock, SystemClock};
use rollcall_model::factor::KeyFingerprint;
use serde_json::json;
use std::net::IpAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

const EXAMPLE: &str = "\
Examples:
  rollcall doctor --config /etc/rollcall.toml
  rollcall doctor --config /etc/rollcall.toml --peer 10.0.0.7 --header 'X-Forwarded-For: 203.0.113.5, 10.0.0.9'

Looks at the settings, the data directory, the store, its checkpoint, the cluster key, the clock, the mail server and
the listening address; beside a running server, or before it starts. Of the ledger, the last 10,000 events are verified;
`rollcall audit verify` does all. With --peer, says which client address a server would take for a connection from
there with those headers, and why.

Exit code 0: all is good, or there are warnings only; 1: something is bad; 2: asked wrongly.";

/// A clock that was set back by less than this is no finding: clocks are slewed and stepped by little all the time.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(1);

/// What `rollcall doctor` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Doctor {
    #[command(flatten)]
    store: WhichStore,
    /// Address that the server listens on (`server.listen`)
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// File of the cluster's key (`server.key_file`)
    #[arg(long, value_name = "FILE")]
    key_file: Option<String>,
    /// Say which client address is taken for a connection from this one, and why
    #[arg(long, value_name = "IP")]
    peer: Option<IpAddr>,
    /// A header that comes with that connection; may be given more than once
    #[arg(long, value_name = "NAME: VALUE", requires = "peer")]
    header: Vec<Header>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Looks, and says what it found.
pub fn run(command: &Doctor) -> ExitCode {
    let findings = findings(command);
    let bad = findings.iter().any(|finding| finding.state == State::Bad);
    let text = if command.json {
        format!(
            "{}\n",
            json!({ "good": !bad, "checks": findings.iter().map(Finding::json).collect::<Vec<_>>() })
        )
    } else {
        findings.iter().map(ToString::to_string).collect()
    };
    if let Err(error) = print(&text) {
        say(&format!("rollcall: cannot write: {error}"));
        return ExitCode::FAILURE;
    }
    ExitCode::from(u8::from(bad))
}

fn findings(command: &Doctor) -> Vec<Finding> {
    let loaded = command.store.load(&[
        ("--listen", "server.listen", command.listen.as_deref()),
        ("--key-file", "server.key_file", command.key_file.as_deref()),
    ]);
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(errors) => return vec![bad_settings(&errors)],
    };
    let mut findings = vec![settings(&loaded)];
    let config = &loaded.config;
    let held = match config.data_dir() {
        Ok(data_dir) => on_data_dir(config, data_dir, &mut findings),
        Err(error) => {
            findings.push(Finding::bad("store", error.to_string(), "name the data directory"));
            false
        }
    };
    findings.push(listener::check(config.server.listen, held));
    findings.extend(command.peer.map(|peer| address::check(&config.wire.proxies, peer, &command.header)));
    findings
}

/// What is in the data directory; gives whether a server holds it.
fn on_data_dir(config: &Config, data_dir: &Path, findings: &mut Vec<Finding>) -> bool {
    findings.extend(directory::check(data_dir));
    let looked_at = store::check(config, data_dir);
    findings.push(looked_at.finding);
    if let Some(store) = looked_at.store {
        findings.extend(store.end.map(|end| checkpoint::check(data_dir, end)));
        findings.push(match config.key_file(data_dir) {
            Ok(path) => key(&path, store.key),
            Err(error) => Finding::bad("key", error.to_string(), "name it; all nodes need the same one"),
        });
        // The clock is read after the ledger: an event of this very moment is not ahead of it.
        findings.extend(store.last_event_at.map(|last| clock(last, SystemClock.now())));
    }
    findings.push(mail::check(config, data_dir));
    looked_at.held
}

fn bad_settings(errors: &ConfigErrors) -> Finding {
    Finding::bad("settings", errors.to_string(), "put them right; nothing else was looked at")
}

fn settings(loaded: &Loaded) -> Finding {
    let changes = loaded.changes();
    if changes.is_empty() {
        return Finding::good("settings", "all as by default");
    }
    Finding::good("settings", "not as by default:").with_lines(changes.lines().map(|line| line.trim().into()))
}

fn key(path: &Path, stored: Option<KeyFingerprint>) -> Finding {
    match key_file::matching(path, stored) {
        Ok(Some(key)) if stored.is_some() => {
            let fingerprint = key.fingerprint();
            Finding::good("key", format!("{} is the store's ({fingerprint})", path.display()))
        }
        Ok(Some(_)) => Finding::good("key", format!("{} is there; the store has none yet", path.display())),
        Ok(None) => Finding::good("key", "there is none yet: the next start makes it"),
        Err(error) => {
            Finding::bad("key", format!("{error:#}"), "until that is done the server does not start")
        }
    }
}

fn clock(last_event: Timestamp, now: Timestamp) -> Finding {
    let behind = last_event.since(now);
    if behind <= CLOCK_TOLERANCE {
        return Finding::good("clock", format!("{now}, after the ledger's last event"));
    }
    Finding::bad(
        "clock",
        format!(
            "{now}, which is {} s before the ledger's last event, of {last_event}: until then, all events are given \
             that event's time, and sessions end late",
            behind.as_secs()
        ),
        "set the clock; if it is right, it was wrong before, and passes when that time has come",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_auth::{ClusterKey, SystemRandomness};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_clock_behind_the_ledger_is_bad() {
        let last = Timestamp::from_ms(1_000_000);
        for (now, state) in [
            (1_000_000, State::Good),
            (2_000_000, State::Good),
            (999_000, State::Good),
            (998_999, State::Bad),
        ] {
            assert_eq!(clock(last, Timestamp::from_ms(now)).state, state, "{now}");
        }
        assert!(clock(last, Timestamp::from_ms(0)).what.contains("which is 1000 s before"));
    }

    #[test]
    fn the_key_has_to_be_the_stores_and_its_owners() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        let (own, other) = (ClusterKey::random(&SystemRandomness), ClusterKey::random(&SystemRandomness));
        assert_eq!(key(&path, None).state, State::Good);
        assert!(key(&path, Some(own.fingerprint())).what.contains("is not there"));
        std::fs::write(&path, &**own.to_hex()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(key(&path, None).state, State::Good);
        assert!(key(&path, Some(own.fingerprint())).what.contains("is the store's"));
        let wrong = key(&path, Some(other.fingerprint()));
        assert!(wrong.state == State::Bad && wrong.what.contains("sealed with"), "{wrong}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let open = key(&path, Some(own.fingerprint()));
        assert!(open.state == State::Bad && open.what.contains("chmod 600"), "{open}");
    }
}
