//! The ledger held against itself and against what was kept of it elsewhere.

use crate::process::{Process, on, said, serve};
use rollcall_model::Seq;
use rollcall_store_sqlite::tamper::Edit;
use rollcall_testkit::PASSWORD;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A server with some events in its ledger.
async fn running() -> (TempDir, PathBuf, Process) {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let server = Process::start(serve(&data));
    let admin = server.admin().await.with_code(PASSWORD);
    for name in ["ann", "bob"] {
        let email = format!("{name}@example.test");
        let body = json!({ "username": name, "name": name, "email": email, "password": PASSWORD });
        assert_eq!(admin.post("users.create", &body).await.status, 200);
        let _ = server.caller().sign_in(name, PASSWORD).await;
    }
    (directory, data, server)
}

/// The same after a clean end.
async fn stopped() -> (TempDir, PathBuf) {
    let (directory, data, server) = running().await;
    assert!(server.terminate().0.success());
    (directory, data)
}

fn verify(data: &Path, more: &[&str]) -> (i32, String, String) {
    said(on(data, &["audit", "verify"]).args(more))
}

/// Number and hash of the last event.
fn head(data: &Path) -> (u64, String) {
    let (code, out, err) = verify(data, &["--json"]);
    assert_eq!((code, &*err), (0, ""), "{out}");
    let verdict: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&verdict["verdict"], &verdict["expected"]), (&json!("unbroken"), &Value::Null));
    (verdict["head"]["seq"].as_u64().unwrap(), verdict["head"]["hash"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_is_followed_beside_a_running_server_which_goes_on() {
    let (_directory, data, server) = running().await;
    let (seq, hash) = head(&data);
    let (code, out, err) = verify(&data, &[]);
    assert_eq!((code, &*err), (0, ""));
    assert_eq!(out, format!("{seq} events, head {seq} {hash}, unbroken\n"));
    let _ = server.caller().sign_in("ann", PASSWORD).await;
    let (later, _) = head(&data);
    assert!(later > seq);
    let (code, out, _) = verify(&data, &["--expect", &format!("{seq}:{hash}")]);
    assert!(code == 0 && out.ends_with(&format!("unbroken; event {seq} is as expected\n")), "{out}");
    let (status, log) = server.terminate();
    assert!(status.success());
    // What the log says last is what stands at the end, and nothing was written by who only looked.
    let logged = log.iter().rev().find(|line| line.contains("ledger head")).unwrap();
    let logged: Value = serde_json::from_str(logged).unwrap();
    let expected = format!("{}:{}", logged["seq"], logged["hash"].as_str().unwrap());
    let (code, out, _) = verify(&data, &["--expect", &expected]);
    assert_eq!((code, head(&data).0), (0, logged["seq"].as_u64().unwrap()), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_reads_writes_nothing_after_a_kill_either() {
    let (_directory, data, mut server) = running().await;
    server.kill();
    let files = || ["rollcall.db", "rollcall.db-wal"].map(|file| std::fs::read(data.join(file)).unwrap());
    let before = files();
    let (seq, _) = head(&data);
    assert_eq!(said(&mut on(&data, &["doctor", "--listen", "127.0.0.1:0"])).0, 0);
    assert!(seq > 5 && files() == before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_event_that_is_not_as_written_is_named() {
    for (edit, what) in [
        (Edit::Time, "its hash does not cover its numbers"),
        (Edit::Detail, "its detail is not the one"),
        (Edit::Hash, "its hash does not cover"),
        (Edit::Deleted, "the ledger goes on with event 6"),
    ] {
        let (_directory, data) = stopped().await;
        edit.make(&data, Seq(5)).unwrap();
        let (code, out, err) = verify(&data, &[]);
        assert_eq!((code, &*out), (1, ""), "{edit:?}");
        let start = "rollcall: event 5 is the first that is not as it was written: ";
        assert!(err.starts_with(start) && err.contains(what), "{edit:?}: {err}");
        let (code, out, _) = verify(&data, &["--json"]);
        let verdict: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, &verdict["verdict"], &verdict["event"]), (1, &json!("broken"), &json!(5)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_chain_does_not_show_is_shown_by_what_was_kept_elsewhere() {
    for (edit, what) in [
        (Edit::CutOff, "the ledger is shorter: it ends with event 4"),
        (Edit::Rewritten, "is not the one expected"),
    ] {
        let (_directory, data) = stopped().await;
        let (seq, hash) = head(&data);
        let expected = format!("{seq}:{hash}");
        let expecting = || verify(&data, &["--expect", &expected]);
        assert_eq!(expecting().0, 0);
        edit.make(&data, Seq(5)).unwrap();
        assert_eq!(verify(&data, &[]).0, 0, "{edit:?} is consistent in itself");
        let (code, out, err) = expecting();
        assert!((code, &*out) == (1, "") && err.contains(what), "{edit:?}: {err}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_verified_is_said() {
    let (directory, data) = stopped().await;
    for expected in ["7", "7:abcd", &format!("0:{}", "00".repeat(32))] {
        let (code, _, err) = verify(&data, &["--expect", expected]);
        assert!(code == 2 && err.contains("--expect"), "{err}");
    }
    let elsewhere = directory.path().join("elsewhere");
    let (code, _, err) = verify(&elsewhere, &[]);
    assert!(code == 1 && err.contains("there is no store in") && !elsewhere.exists(), "{err}");
    Edit::NewerSchema.make(&data, Seq(1)).unwrap();
    let (code, _, err) = verify(&data, &[]);
    assert!(code == 1 && err.contains("start a newer rollcall"), "{err}");
}
