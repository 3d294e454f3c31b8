//! What the operator does for a user on the data directory: an administrator who lost everything is let in.

use crate::process::{Process, on, rollcall, said, serve, told};
use rollcall_auth::SystemRandomness;
use rollcall_model::clock::{Clock, SystemClock};
use rollcall_model::event::KINDS;
use rollcall_model::{Actor, Seq};
use rollcall_store::Store;
use rollcall_store_sqlite::SqliteStore;
use rollcall_testkit::{ADMIN, Answer, PASSWORD};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

const LIST: &str = "sessions/list.all?count=1";
const NEW: &str = "a new password, with spaces";

/// A directory whose server ran once.
fn left_behind() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    assert!(Process::start(serve(&data)).terminate().0.success());
    (directory, data)
}

/// What the ledger has from the operator's hand, in order; its chain holds.
async fn by_the_operator(data: &Path) -> Vec<&'static str> {
    let store = SqliteStore::open(data, Arc::new(SystemRandomness)).unwrap();
    store.verify().await.unwrap().unwrap();
    let rows = store.ledger(Seq(0), 1_000).await.unwrap();
    store.close().await.unwrap();
    let envelopes = rows.iter().map(|row| row.envelope);
    let own = envelopes.filter(|envelope| envelope.actor == Actor::Operator);
    own.map(|envelope| KINDS[usize::from(envelope.kind) - 1]).collect()
}

async fn sign_in(server: &Process, password: &str) -> Answer {
    server.caller().post("login", &json!({ "user": ADMIN, "password": password })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_without_password_and_factor_who_is_locked_out_is_let_in_again() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let server = Process::start(serve(&data));
    let admin = server.caller().sign_in(ADMIN, PASSWORD).await;
    let authenticator = admin.enrol_at(&SystemClock).await;
    let wrong = authenticator.wrong_code_at(SystemClock.now());
    let mut refusals = Vec::new();
    for _ in 0..6 {
        let answer = admin.with_totp(&wrong).get(LIST).await;
        refusals.push(answer.body["errorType"].as_str().unwrap().to_owned());
    }
    assert!(refusals[..5].iter().all(|kind| kind == "totp-invalid"), "{refusals:?}");
    assert_eq!(refusals[5], "totp-max-attempts");
    for _ in 0..10 {
        assert_eq!(sign_in(&server, "forgotten").await.status, 401);
    }
    let blocked = sign_in(&server, PASSWORD).await;
    assert_eq!(blocked.body["error"], "error-login-blocked-for-user", "{blocked:?}");
    assert_eq!(admin.get("me").await.status, 200, "who is signed in stays so");

    let reset = || on(&data, &["user", "reset-password", ADMIN]);
    let (code, out, err) = told(&mut reset(), NEW);
    assert_eq!((code, &*out), (1, ""), "while the server runs");
    assert!(err.contains("another rollcall holds") && err.contains("stop it first"), "{err}");
    assert!(server.terminate().0.success());

    let (code, out, err) = told(&mut reset(), &format!("{NEW}\n"));
    assert_eq!((code, &*err), (0, ""));
    assert!(out.starts_with("boss has another password; 1 session ended; event "), "{out}");
    let (code, out, err) = said(&mut on(&data, &["user", "reset-factors", "BOSS"]));
    assert_eq!((code, &*err), (0, ""));
    assert!(out.starts_with("boss has no second factor any more; 0 sessions ended; event "), "{out}");
    let (code, out, err) = said(&mut on(&data, &["user", "unlock", ADMIN, "--json"]));
    assert_eq!((code, &*err), (0, ""));
    let done: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(done["done"], "user.unlocked");
    assert_eq!((&done["user"]["username"], &done["sessions_ended"]), (&json!(ADMIN), &json!(0)));

    let server = Process::start(serve(&data));
    let with_token = server.caller().with_credentials(&admin.user_id, &admin.token);
    assert_eq!(with_token.get("me").await.status, 401, "the old token is ended");
    assert_eq!(sign_in(&server, PASSWORD).await.body["error"], "Unauthorized", "the old password is no good");
    let admin = server.caller().sign_in(ADMIN, NEW).await;
    assert_eq!(admin.with_code(NEW).get(LIST).await.status, 200, "no code of an authenticator is asked for");
    let again = admin.enrol_at(&SystemClock).await;
    assert_eq!(again.recovery.len(), 12);
    assert!(server.terminate().0.success());
    let expected = ["session.ended", "password.set", "factors.removed", "user.unlocked"];
    assert_eq!(by_the_operator(&data).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_random_password_is_printed_once_and_signs_in() {
    let (_directory, data) = left_behind();
    let (code, out, err) = said(&mut on(&data, &["user", "reset-password", "--random", ADMIN]));
    assert_eq!((code, &*err), (0, ""));
    let password = out.lines().find_map(|line| line.strip_prefix("password: ")).unwrap();
    assert!(password.len() >= 40, "{out}");
    let (_, out, _) = said(&mut on(&data, &["user", "reset-password", "--random", "--json", ADMIN]));
    let done: Value = serde_json::from_str(&out).unwrap();
    let newer = done["password"].as_str().unwrap();
    assert_ne!(newer, password);
    let server = Process::start(serve(&data));
    assert_eq!(sign_in(&server, password).await.status, 401);
    assert_eq!(sign_in(&server, newer).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deactivated_user_is_said_to_be_so_and_can_be_activated() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let server = Process::start(serve(&data));
    let admin = server.admin().await.with_code(PASSWORD);
    let body = json!({ "username": "Ann", "name": "Ann", "email": "Ann@Example.test", "password": PASSWORD });
    let made = admin.post("users.create", &body).await;
    let id = made.body["user"]["_id"].as_str().unwrap();
    let off = json!({ "userId": id, "activeStatus": false });
    assert_eq!(admin.post("users.setActiveStatus", &off).await.status, 200);
    assert!(server.terminate().0.success());

    let (code, out, err) = told(&mut on(&data, &["user", "reset-password", "ann@example.TEST"]), NEW);
    assert!(code == 0 && out.starts_with("Ann has another password; 0 sessions ended"), "{out}");
    assert!(err.contains("Ann is deactivated") && err.contains("rollcall user activate Ann"), "{err}");
    let (code, out, err) = said(&mut on(&data, &["user", "activate", "ann"]));
    assert_eq!((code, &*err), (0, ""));
    assert!(out.starts_with("Ann can sign in again; 0 sessions ended; event "), "{out}");
    let (code, out, _) = said(&mut on(&data, &["user", "activate", "ann"]));
    assert_eq!((code, &*out), (0, "Ann is active already; nothing was changed\n"));
    assert_eq!(by_the_operator(&data).await, ["password.set", "user.activated"]);
    let server = Process::start(serve(&data));
    let _ = server.caller().sign_in("ann", NEW).await;
}

/// bcrypt over the hex SHA-256 of `PASSWORD`, made with libxcrypt.
const BCRYPT: &str = "$2y$12$R9h/cIPz0gi.URNNX3kh2O49juFESzpvDGG6d/piqUIfy3cp6tTmG";

#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_a_password_from_elsewhere_is_added_and_signs_in() {
    let (directory, data) = left_behind();
    let file = directory.path().join("ann.hash");
    std::fs::write(&file, format!("{BCRYPT}\n")).unwrap();
    let named = ["--name", "Ann Berg", "--email", "ann@example.test", "--verified"];
    let mut add = on(&data, &["user", "add", "Ann", "--role", "user", "--role", "admin"]);
    let (code, out, err) = said(add.args(named).arg("--password-hash-file").arg(&file));
    assert_eq!((code, &*err), (0, ""));
    assert!(out.starts_with("Ann was made; event ") && !out.contains("$2"), "{out}");
    let stdin = &["user", "add", "bob", "--password-hash-file", "-", "--json"];
    let (code, out, _) = told(&mut on(&data, stdin), BCRYPT);
    let done: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &done["done"], &done["user"]["username"]), (0, &json!("user.created"), &json!("bob")));
    let (_, out, _) = said(&mut on(&data, &["user", "add", "cora", "--random"]));
    let random = out.lines().find_map(|line| line.strip_prefix("password: ")).unwrap();
    assert_eq!(told(&mut on(&data, &["user", "add", "dora"]), NEW).0, 0);

    let server = Process::start(serve(&data));
    let (code, _, err) = said(&mut on(&data, &["user", "add", "eve", "--random"]));
    assert!(code == 1 && err.contains("another rollcall holds"), "{err}");
    let wrong = server.caller().post("login", &json!({ "user": "ann", "password": "wrong" })).await;
    assert_eq!((wrong.status, &wrong.body["error"]), (401, &json!("Unauthorized")));
    let me = server.caller().sign_in("ann@example.test", PASSWORD).await.get("me").await;
    assert_eq!((&me.body["name"], &me.body["roles"]), (&json!("Ann Berg"), &json!(["admin", "user"])));
    assert_eq!(me.body["emails"], json!([{ "address": "ann@example.test", "verified": true }]));
    for (name, password) in [("bob", PASSWORD), ("cora", random), ("dora", NEW)] {
        let me = server.caller().sign_in(name, password).await.get("me").await;
        assert_eq!((&me.body["name"], &me.body["roles"]), (&json!(name), &json!(["user"])));
    }
    let (status, log) = server.terminate();
    assert!(status.success());
    assert!(log.iter().all(|line| !line.contains("$2y$")), "no hash is logged");
    assert_eq!(by_the_operator(&data).await, ["user.created"; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_cannot_be_is_not_added() {
    let (directory, data) = left_behind();
    let made = ["user", "add", "Ann", "--email", "ann@example.test", "--random"];
    assert_eq!(said(&mut on(&data, &made)).0, 0);
    let hashes = ["$2b$15$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "a password", "", "\n"];
    for hash in hashes {
        let add = ["user", "add", "bob", "--password-hash-file", "-"];
        let (code, out, err) = told(&mut on(&data, &add), hash);
        assert_eq!((code, &*out), (2, ""), "{hash}");
        assert!(err.contains("stdin holds no password hash") && err.contains("$argon2id$v=19$"), "{err}");
        assert!(hash.trim().is_empty() || !err.contains(hash), "what was given is not said: {err}");
    }
    for (arguments, code, complaint) in [
        (&["aNN", "--random"][..], 1, "`aNN` is in use"),
        (&["bob", "--random", "--email", "ANN@example.test"], 1, "`ANN@example.test` is in use"),
        (&["b b", "--random"], 2, "cannot be a username"),
        (&["", "--random"], 2, "cannot be a username"),
        (&["bob", "--random", "--name", " "], 2, "a name has 1 to 1000 characters"),
        (&["bob", "--random", "--email", "bob"], 2, "is no email address"),
        (&["bob", "--random", "--role", "king"], 2, "there is no role `king`"),
        (&["bob", "--random", "--verified"], 2, "--email"),
        (&["bob", "--random", "--password-hash-file", "-"], 2, "cannot be used with"),
        (&["bob", "--password-hash-file", "/nowhere/at/all"], 1, "cannot read /nowhere/at/all"),
        (&["bob"], 2, "cannot be empty"),
    ] {
        let (found, out, err) = said(&mut on(&data, &[&["user", "add"], arguments].concat()));
        assert_eq!((found, &*out), (code, ""), "{arguments:?}: {err}");
        assert!(err.contains(complaint), "{arguments:?}: {err}");
    }
    let elsewhere = directory.path().join("elsewhere");
    let (code, _, err) = said(&mut on(&elsewhere, &["user", "add", "bob", "--random"]));
    assert!(code == 1 && err.contains("there is no store in") && !elsewhere.exists(), "{err}");
    assert_eq!(by_the_operator(&data).await, ["user.created"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_said_with_its_code_and_changes_nothing() {
    let (directory, data) = left_behind();
    for name in ["nobody", "nobody@example.test", ""] {
        let (code, out, err) = said(&mut on(&data, &["user", "unlock", name]));
        assert_eq!((code, &*out, &*err), (6, "", &*format!("rollcall: there is no user `{name}`\n")));
    }
    for (input, complaint) in
        [("", "cannot be empty"), ("\n", "cannot be empty"), (&*"x".repeat(1_001), "at most 1000")]
    {
        let (code, _, err) = told(&mut on(&data, &["user", "reset-password", ADMIN]), input);
        assert!(code == 2 && err.contains(complaint), "{err}");
    }
    let (code, _, err) = said(&mut rollcall(&["user", "unlock", ADMIN]));
    assert!(code == 2 && err.contains("--data-dir DIR"), "{err}");
    let (code, _, _) = said(&mut on(&data, &["user", "unlock"]));
    assert_eq!(code, 2);
    let elsewhere = directory.path().join("elsewhere");
    let (code, _, err) = said(&mut on(&elsewhere, &["user", "unlock", ADMIN]));
    assert!(code == 1 && err.contains("there is no store in"), "{err}");
    assert!(!elsewhere.exists(), "none was made");
    assert!(by_the_operator(&data).await.is_empty());
}

#[test]
fn the_data_directory_can_come_from_where_the_server_takes_it() {
    let (directory, data) = left_behind();
    let file = directory.path().join("rollcall.toml");
    std::fs::write(&file, format!("[server]\ndata_dir = {data:?}\n")).unwrap();
    let unlock = || rollcall(&["user", "unlock", ADMIN]);
    assert_eq!(said(unlock().arg("--config").arg(&file)).0, 0);
    assert_eq!(said(unlock().env("ROLLCALL__SERVER__DATA_DIR", &data)).0, 0);
    assert_eq!(said(unlock().args(["--set", &format!("server.data_dir={}", data.display())])).0, 0);
}

#[test]
fn every_command_of_the_operator_has_an_example_and_its_codes_in_the_help() {
    for arguments in [
        &["user", "add", "--help"][..],
        &["user", "reset-password", "--help"],
        &["user", "reset-factors", "--help"],
        &["user", "unlock", "--help"],
        &["user", "activate", "--help"],
        &["audit", "verify", "--help"],
        &["doctor", "--help"],
    ] {
        let (code, out, _) = said(&mut rollcall(arguments));
        assert!(code == 0 && out.contains("Example") && out.contains("Exit code 0"), "{arguments:?}: {out}");
    }
}

/// All bytes that a data directory holds, in one.
fn kept(data: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(data).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    files.collect::<Vec<_>>().concat()
}

fn holds(kept: &[u8], text: &str) -> bool {
    kept.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text.as_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_user_is_nowhere_in_the_data_directory_and_its_name_is_free() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let server = Process::start(serve(&data));
    let admin = server.caller().sign_in(ADMIN, PASSWORD).await.with_code(PASSWORD);
    let zoe = json!({
        "username": "Zoe.Zimmerling", "name": "Zoe Maria Zimmerling", "email": "zoe.zimmerling@example.test",
        "password": PASSWORD, "bio": "climbs in Zillertal",
    });
    let made = admin.post("users.create", &zoe).await;
    assert_eq!(made.status, 200, "{made:?}");
    let id = made.body["user"]["_id"].as_str().unwrap().to_owned();
    let zoe = server.caller().sign_in("zoe.zimmerling", PASSWORD).await;
    assert_eq!(zoe.get("sessions/list?filter=zillertal+trip").await.status, 200);
    let other = server.caller().sign_in("zoe.zimmerling", PASSWORD).await;
    assert_eq!(other.post("logout", &json!({})).await.status, 200);
    assert!(server.terminate().0.success());
    for text in ["zimmerling", "zillertal", &id] {
        assert!(holds(&kept(&data), text), "{text}");
    }

    let erase = || on(&data, &["user", "erase", "zoe.zimmerling", "--json"]);
    let (code, _, err) = said(&mut erase());
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("--yes"), "{err}");
    let (code, out, err) = said(erase().arg("--yes"));
    assert_eq!(code, 0, "{err}");
    assert!(err.contains(&format!("erasing Zoe.Zimmerling ({id})")), "{err}");
    let done: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&done["done"], &done["sessions_ended"]), (&json!("user.erased"), &json!(1)));
    for text in ["zimmerling", "zillertal", "climbs"] {
        assert!(!holds(&kept(&data), text), "{text}");
    }
    // Again, as after an interruption: by the id.
    let (code, _, err) = said(&mut on(&data, &["user", "erase", &id, "--yes"]));
    assert_eq!(code, 0, "{err}");
    assert_eq!(by_the_operator(&data).await, ["session.ended", "user.deleted", "user.erased"]);
    let (code, _, err) = said(&mut on(&data, &["user", "erase", "zoe.zimmerling", "--yes"]));
    assert_eq!(code, 6, "{err}");

    let server = Process::start(serve(&data));
    let token = server.caller().with_credentials(&zoe.user_id, &zoe.token);
    assert_eq!(token.get("me").await.status, 401);
    let admin = server.caller().sign_in(ADMIN, PASSWORD).await.with_code(PASSWORD);
    let again = json!({
        "username": "zoe.zimmerling", "name": "Another", "email": "zoe.zimmerling@example.test", "password": PASSWORD,
    });
    assert_eq!(admin.post("users.create", &again).await.status, 200);
}
