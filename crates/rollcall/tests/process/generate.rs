//! Made-up test workspaces of any size.

use crate::process::{Process, on, rollcall, said, serve};
use rollcall_auth::SystemRandomness;
use rollcall_model::user::NameKey;
use rollcall_model::{Seq, Session, Timestamp};
use rollcall_store::{Loading, Store, WhichUser};
use rollcall_store_sqlite::SqliteStore;
use rollcall_testkit::ADMIN;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

const NOW: &str = "2026-11-20T15:00:00.000Z";

fn data_dir() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("data");
    (directory, path)
}

fn generate(data: &Path, arguments: &[&str]) -> Command {
    let mut command = on(data, &["generate"]);
    command.args(arguments);
    command
}

/// What it says about 60 users with 250 live sessions and 400 that have ended.
fn generated(data: &Path, more: &[&str]) -> Value {
    let mut command = generate(data, &["--users", "60", "--sessions", "250", "--ended", "400", "--json"]);
    let (code, out, err) = said(command.args(more));
    assert_eq!(code, 0, "{err}");
    assert!(err.starts_with("1111 of 1111 rows, "), "{err}");
    serde_json::from_str(&out).unwrap()
}

fn opened(data: &Path) -> SqliteStore {
    SqliteStore::open(data, Arc::new(SystemRandomness)).unwrap()
}

async fn live_sessions(store: &SqliteStore) -> Vec<Session> {
    let found = Arc::new(Mutex::new(Vec::new()));
    let taken = found.clone();
    let visit = move |loading| {
        if let Loading::Sessions(sessions) = loading {
            taken.lock().unwrap().extend(sessions.into_iter().map(|(session, _)| session));
        }
    };
    store.load(Timestamp::from_ms(i64::MAX), Box::new(visit)).await.unwrap();
    std::mem::take(&mut found.lock().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_adds_the_administrator_and_lists_them_all() {
    let (_directory, data) = data_dir();
    let made = generated(&data, &["--seed", "7"]);
    for (name, value) in [("users", 60), ("sessions", 250), ("ended", 400), ("seed", 7), ("events", 1_111)] {
        assert_eq!(made[name], json!(value), "{name}");
    }
    let (code, out, _) = said(&mut on(&data, &["audit", "verify"]));
    assert!(code == 0 && out.starts_with("1111 events, head 1111 ") && out.ends_with("unbroken\n"), "{out}");
    for total in [251, 252] {
        let server = Process::start(serve(&data));
        let admin = server.admin().await;
        let page = admin.get("sessions/list.all?count=1").await;
        assert_eq!(page.body["total"], json!(total), "and the administrator's own");
        assert!(server.log().contains("THIS IS A TEST WORKSPACE"));
        let row = admin.get(r#"sessions/list.all?count=1&sort={"_user.username":-1}"#).await;
        let user = row.body["sessions"][0]["_user"]["username"].as_str().unwrap().to_owned();
        let password = std::fs::read_to_string(made["password_file"].as_str().unwrap()).unwrap();
        let theirs = server.caller().sign_in(&user, password.trim()).await;
        assert_eq!(theirs.get("me").await.body["roles"], json!(["user"]));
        let _ = theirs.post("logout", &json!({})).await;
        assert!(server.terminate().0.success());
    }
    assert_eq!(said(&mut on(&data, &["audit", "verify"])).0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_says_why_and_the_ledger_tells_it_in_order() {
    let (_directory, data) = data_dir();
    generated(&data, &[]);
    let store = opened(&data);
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    let (mut at, mut live, mut first_ending) = (Timestamp::from_ms(0), 0, None);
    for row in store.ledger(Seq(0), 2_000).await.unwrap() {
        assert!(row.envelope.at >= at);
        (at, live) = (row.envelope.at, row.envelope.live);
        if row.envelope.kind == 5 {
            first_ending = first_ending.or(Some(live));
            let detail: Value = serde_json::from_slice(&row.detail.unwrap()[16..]).unwrap();
            *reasons.entry(detail["reason"].as_str().unwrap().into()).or_default() += 1;
        }
    }
    assert_eq!((reasons.values().sum::<u64>(), live), (400, 250));
    assert!(first_ending.unwrap() < 100, "endings are among the openings");
    assert!(reasons["signed-out"] > 150 && reasons["idle"] > 10 && reasons.len() >= 6, "{reasons:?}");
    let opened_at: Vec<_> = live_sessions(&store).await.iter().map(|session| session.opened_at).collect();
    assert!(opened_at.iter().all(|at_first| at.since(*at_first) < Duration::from_hours(24 * 88)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_and_instant_give_the_same_workspace() {
    let mut workspaces = Vec::new();
    for seed in ["1", "1", "2"] {
        let (_directory, data) = data_dir();
        let made = generated(&data, &["--seed", seed, "--now", NOW]);
        assert_eq!(made["now"], json!(NOW));
        let sessions = live_sessions(&opened(&data)).await;
        let sessions: Vec<_> = sessions
            .into_iter()
            .map(|s| (s.no, s.id, (*s.owner).clone(), s.opened_at, s.expires_at, s.ip, s.agent, s.host))
            .collect();
        workspaces.push(sessions);
    }
    assert_eq!(workspaces[0], workspaces[1]);
    assert_ne!(workspaces[0], workspaces[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_holds_users_is_not_touched() {
    let (_directory, data) = data_dir();
    assert!(Process::start(serve(&data)).terminate().0.success());
    let end = opened(&data).end().await.unwrap();
    let (code, out, err) = said(&mut generate(&data, &["--users", "9", "--sessions", "9"]));
    assert_eq!((code, &*out), (1, ""));
    assert!(err.contains("there is a store in") && err.contains("name another --data-dir"), "{err}");
    assert_eq!(opened(&data).end().await.unwrap(), end);
    let server = Process::start(serve(&data));
    let (code, _, err) = said(&mut generate(&data, &["--users", "9", "--sessions", "9"]));
    assert!(code == 1 && err.contains("another rollcall holds"), "{err}");
    assert!(!server.log().contains("TEST WORKSPACE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_killed_leaves_no_store_and_the_next_begins_anew() {
    let (_directory, data) = data_dir();
    let mut command = generate(&data, &["--users", "30000", "--sessions", "300000"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let unfinished = data.join(rollcall_store_sqlite::UNFINISHED);
    while !unfinished.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it was not long enough to be killed");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!rollcall_store_sqlite::exists(&data).unwrap() && unfinished.exists());
    let (code, _, err) = said(&mut on(&data, &["audit", "verify"]));
    assert!(code == 1 && err.contains("there is no store in"), "{err}");
    generated(&data, &[]);
    assert!(!unfinished.exists());
}

#[test]
fn what_cannot_be_made_is_said() {
    let (_directory, data) = data_dir();
    for (arguments, what) in [
        (&["--sessions", "9"][..], "--users"),
        (&["--users", "0", "--sessions", "0"], "--users"),
        (&["--users", "2", "--sessions", "97"], "48 live sessions at the most"),
        (&["--users", "2", "--sessions", "1", "--now", "2999-01-01T00:00:00.000Z"], "it is ahead"),
        (&["--users", "2", "--sessions", "1", "--now", "today"], "expected an instant"),
    ] {
        let (code, _, err) = said(&mut generate(&data, arguments));
        assert!(code == 2 && err.contains(what), "{arguments:?}: {err}");
    }
    let (code, _, err) = said(&mut rollcall(&["generate", "--users", "1", "--sessions", "1"]));
    assert!(code == 2 && err.contains("--data-dir"), "{err}");
    assert!(!data.exists());
    let (_, help, _) = said(&mut rollcall(&["generate", "--help"]));
    assert!(help.contains("Example:") && help.contains("--ended"), "{help}");
}

/// A start with a lower cost of hashes.
fn cheaply(data: &Path) -> Command {
    let mut command = serve(data);
    command.env("ROLLCALL__PASSWORDS__ARGON2_KIB", "64");
    command
}

/// How the administrator's password is kept.
async fn hash_of_the_administrator(data: &Path) -> String {
    let name = WhichUser::Username(NameKey::of(ADMIN));
    opened(data).credential(name).await.unwrap().unwrap().password.0
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_hashed_at_a_lower_cost_in_a_test_workspace() {
    let (_directory, data) = data_dir();
    generated(&data, &[]);
    let server = Process::start(cheaply(&data));
    let _ = server.admin().await;
    assert!(server.terminate().0.success());
    let hash = hash_of_the_administrator(&data).await;
    assert!(hash.starts_with("$argon2id$v=19$m=64,t=2,p=1$"), "{hash}");
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_of_people_are_not_hashed_at_a_lower_cost() {
    let (_directory, data) = data_dir();
    for begun in [false, true] {
        let output = cheaply(&data).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "begun: {begun}");
        assert!(said.contains("passwords.argon2_kib is 64, and the store is no test workspace"), "{said}");
        assert!(Process::start(serve(&data)).terminate().0.success());
        let hash = hash_of_the_administrator(&data).await;
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    }
}
