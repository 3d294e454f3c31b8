//! What a server stands on, looked at beside it and without it.

use crate::process::{Process, on, rollcall, said, serve};
use rollcall_model::Seq;
use rollcall_store_sqlite::tamper::Edit;
use serde_json::Value;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn data_dir() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    (directory, data)
}

/// Exit code, and the finding of each check.
fn looked(data: &Path, more: &[&str]) -> (i32, Value) {
    let (code, out, err) = said(on(data, &["doctor", "--json"]).args(more));
    assert_eq!(err, "");
    (code, serde_json::from_str(&out).unwrap())
}

fn of<'a>(report: &'a Value, check: &str) -> (&'a str, &'a str) {
    let checks = report["checks"].as_array().unwrap();
    let found = checks.iter().find(|finding| finding["check"] == check);
    let found = found.unwrap_or_else(|| panic!("no {check} in {report}"));
    (found["state"].as_str().unwrap(), found["what"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_running_server_all_is_good() {
    let (_directory, data) = data_dir();
    let server = Process::start(serve(&data));
    let listen = server.base.strip_prefix("http://").unwrap();
    let (code, report) = looked(&data, &["--listen", listen]);
    assert_eq!((code, &report["good"]), (0, &Value::Bool(true)), "{report}");
    for (check, what) in [
        ("settings", "not as by default"),
        ("directory", "only its owner"),
        ("reserve", "32 MiB are kept"),
        ("store", "unbroken; a server holds it"),
        ("checkpoint", "there is none"),
        ("key", "is the store's"),
        ("clock", "after the ledger's last event"),
        ("listener", "a rollcall answers on"),
    ] {
        let (state, found) = of(&report, check);
        assert!(state == "good" && found.contains(what), "{check}: {report}");
    }
    let (code, report) = looked(&data, &["--listen", "127.0.0.1:0"]);
    assert_eq!((code, of(&report, "listener").0), (0, "warning"), "it listens elsewhere: {report}");
    let _ = server.admin().await;
    assert!(server.terminate().0.success());
    let (_, report) = looked(&data, &["--listen", "127.0.0.1:0"]);
    let (state, found) = of(&report, "checkpoint");
    assert!(state == "good" && found.ends_with(", 0 events behind the ledger"), "{report}");
}

#[test]
fn before_the_first_start_nothing_is_bad_and_nothing_is_made() {
    let (_directory, data) = data_dir();
    let (code, report) = looked(&data, &["--listen", "127.0.0.1:0"]);
    assert_eq!((code, of(&report, "store").0, of(&report, "key").0), (0, "warning", "good"), "{report}");
    assert!(!data.exists());
}

#[test]
fn what_is_bad_is_told_and_what_to_do() {
    let (_directory, data) = data_dir();
    assert!(Process::start(serve(&data)).terminate().0.success());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    // It hangs up on who asks.
    let answering = std::thread::spawn(move || drop(taken.accept()));
    std::fs::remove_file(data.join("cluster-key")).unwrap();
    Edit::Time.make(&data, Seq(2)).unwrap();
    let mut doctor = on(&data, &["doctor", "--listen", &address.to_string()]);
    let (code, out, _) = said(&mut doctor);
    answering.join().unwrap();
    assert_eq!(code, 1);
    for line in [
        "bad      store      event 2 of the ledger is not as it was written",
        "bad      key        the store is sealed with the cluster key",
        "bad      listener   something that is no rollcall listens on",
    ] {
        assert!(out.contains(line), "{out}");
    }
    assert!(out.matches("→").count() >= 3, "each says what to do: {out}");
}

#[test]
fn a_setting_that_cannot_be_used_is_bad() {
    let (code, out, _) = said(&mut rollcall(&["doctor", "--set", "limits.calls=0"]));
    assert!(code == 1 && out.starts_with("bad      settings   --set limits.calls: expected"), "{out}");
    let (code, out, _) = said(&mut rollcall(&["doctor", "--listen", "127.0.0.1:0"]));
    assert!(code == 1 && out.contains("bad      store      server.data_dir: not set"), "{out}");
}

#[test]
fn the_client_address_is_told_with_its_reasons() {
    let (_directory, data) = data_dir();
    let (code, out, _) = said(on(&data, &["doctor", "--listen", "127.0.0.1:0"]).args([
        "--set",
        "proxies.trusted=10.0.0.0/8",
        "--peer",
        "10.0.0.7",
        "--header",
        "X-Forwarded-For: 203.0.113.5, 192.0.2.1",
        "--header",
        "X-Forwarded-For: 10.0.0.9",
    ]));
    let indent = " ".repeat(22);
    let expected = [
        "good     address    192.0.2.1 is taken for a connection from 10.0.0.7".into(),
        format!(
            "{indent}10.0.0.7 is trusted (10.0.0.0/8), so the next entry from the right is looked at: 10.0.0.9"
        ),
        format!(
            "{indent}10.0.0.9 is trusted (10.0.0.0/8), so the next entry from the right is looked at: 192.0.2.1"
        ),
        format!("{indent}192.0.2.1 is not trusted: it is taken, and nothing that it says is read\n"),
    ];
    assert!(code == 0 && out.ends_with(&expected.join("\n")), "{out}");
    let wrong = [&["doctor", "--header", "X-Forwarded-For: 1.1.1.1"][..], &["doctor", "--peer", "x"]];
    for arguments in wrong {
        assert_eq!(said(&mut rollcall(arguments)).0, 2, "{arguments:?}");
    }
}
