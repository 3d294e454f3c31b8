//! Backups of a store, stores out of backups, and stores moved from engine to engine.

mod refused;

use crate::process::{Process, on, rollcall, said, serve};
use rollcall_testkit::{ADMIN, Caller, Database, PASSWORD};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

/// A directory, a store in it, and where its backup is to be.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn data(&self) -> PathBuf {
        self.at("data")
    }

    fn backup(&self) -> PathBuf {
        self.at("backup.db")
    }

    /// The same, with a server on the store.
    fn served() -> (Self, Process) {
        let place = Self::new();
        let server = Process::start(serve(&place.data()));
        (place, server)
    }

    /// The same with a store that no server holds, of which there is a backup.
    async fn backed_up() -> Self {
        let (place, server) = Self::served();
        let admin = server.admin().await;
        let _ = personal(&admin).await;
        assert!(server.terminate().0.success());
        take(&mut on(&place.data(), &["backup"]), place.backup());
        place
    }
}

/// Who calls with a new personal token of the caller's user.
async fn personal(caller: &Caller) -> Caller {
    let named = json!({ "tokenName": "ci", "bypassTwoFactor": true });
    let made = caller.with_code(PASSWORD).post("users.generatePersonalAccessToken", &named).await;
    caller.with_credentials(&caller.user_id, made.body["token"].as_str().unwrap())
}

/// Runs it with a file, and gives what it says of what it did.
fn take(command: &mut Command, file: impl AsRef<OsStr>) -> Value {
    done(command.arg(file.as_ref()))
}

/// Runs it, and gives what it says of what it did.
fn done(command: &mut Command) -> Value {
    let (code, out, err) = said(command.arg("--json"));
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

/// What is the same in a store and in every copy of it.
fn same(told: &Value) -> [&Value; 4] {
    ["rows", "tables", "head", "contents"].map(|name| &told[name])
}

fn head(told: &Value) -> String {
    format!("{}:{}", told["head"]["seq"], told["head"]["hash"].as_str().unwrap())
}

async fn status(server: &Process, caller: &Caller) -> u16 {
    server.caller().with_credentials(&caller.user_id, &caller.token).get("me").await.status
}

/// The cluster key of a store, put where a copy of it looks for it.
fn put_key(from: &Path, to: &Path) {
    std::fs::copy(from.join("cluster-key"), to.join("cluster-key")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_under_sign_ins_is_restored_and_its_tokens_work_or_none_does() {
    let (place, mut server) = Place::served();
    let admin = server.admin().await;
    let ci = personal(&admin).await;
    let stop = Arc::new(AtomicBool::new(false));
    let signing_in = {
        let (caller, stop) = (server.caller(), stop.clone());
        tokio::spawn(async move {
            let mut signed_in = Vec::new();
            while !stop.load(Ordering::Acquire) {
                signed_in.push(caller.sign_in(ADMIN, PASSWORD).await);
            }
            signed_in
        })
    };
    let taken = take(&mut on(&place.data(), &["backup"]), place.backup());
    stop.store(true, Ordering::Release);
    let signed_in = signing_in.await.unwrap();
    assert!(!signed_in.is_empty());
    assert_eq!(taken["key_file"], json!(place.data().join("cluster-key")));
    let key = taken["key"].as_str().unwrap();
    // What comes after it is not in it.
    let later = server.caller().sign_in(ADMIN, PASSWORD).await;
    let _ = server.caller().with_credentials(&admin.user_id, &admin.token).post("logout", &json!({})).await;
    let copied =
        rollcall(&["copy", "--from"]).arg(place.data()).arg("--to").arg(place.at("copied")).output().unwrap();
    let warned = String::from_utf8(copied.stderr).unwrap();
    assert!(
        copied.status.success() && warned.contains("what it does from now on is not in the copy"),
        "{warned}"
    );
    server.kill();
    let looked_at = take(&mut rollcall(&["backup", "--verify"]), place.backup());
    assert_eq!(same(&looked_at), same(&taken));

    let again = place.at("again");
    let restored = take(&mut on(&again, &["restore"]), place.backup());
    assert_eq!(same(&restored), same(&taken));
    assert_eq!((&restored["ended"], &restored["key"]), (&Value::Null, &json!(key)));
    assert_eq!(restored["key_is_there"], json!(false), "a new one would not open the seeds");
    let (code, _, err) = said(serve(&again).stdin(std::process::Stdio::null()));
    assert!(code == 1 && err.contains(key) && err.contains("put the file back"), "{err}");
    put_key(&place.data(), &again);
    let (code, out, err) = said(&mut on(&again, &["audit", "verify", "--expect", &head(&taken)]));
    assert_eq!(code, 0, "{out}{err}");
    let server = Process::start(serve(&again));
    for (caller, good) in [(&admin, 200), (&ci, 200), (&later, 401)] {
        assert_eq!(status(&server, caller).await, good);
    }
    assert!(server.terminate().0.success());

    let ended = place.at("ended");
    std::fs::create_dir(&ended).unwrap();
    put_key(&place.data(), &ended);
    // Of a store that went on otherwise: who stands in it does not stand in this one.
    std::fs::copy(again.join("checkpoint"), ended.join("checkpoint")).unwrap();
    let (code, out, err) = said(on(&ended, &["restore", "--end-all"]).arg(place.backup()));
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains(", 1 personal access tokens and 0 service tokens: no token of before works"),
        "{out}"
    );
    assert!(out.contains(&format!("the cluster key {key}, which is in ")), "{out}");
    let server = Process::start(serve(&ended));
    for caller in signed_in.iter().chain([&admin, &ci, &later]) {
        assert_eq!(status(&server, caller).await, 401);
    }
    assert_eq!(server.admin().await.get("sessions/list").await.body["total"], json!(1));
    assert!(server.terminate().0.success());
    assert_eq!(said(&mut on(&ended, &["audit", "verify", "--expect", &head(&taken)])).0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_goes_to_a_database_and_back_and_is_the_same() {
    let (place, server) = Place::served();
    let admin = server.admin().await;
    let ci = personal(&admin).await;
    assert!(server.terminate().0.success());
    let database = Database::new().await;
    let mut there = rollcall(&["copy", "--to", &database.url(), "--from"]);
    let there = take(&mut there, place.data());
    let mut of_database = rollcall(&["backup", "--store", &database.url()]);
    let taken = take(&mut of_database, place.backup());
    assert_eq!((same(&taken), &taken["key_file"]), (same(&there), &Value::Null));
    let back = place.at("back");
    let mut copy = rollcall(&["copy", "--from", &database.url(), "--to"]);
    assert_eq!(same(&take(&mut copy, &back)), same(&there));
    let restored_to = Database::new().await;
    let key = place.data().join("cluster-key");
    let restore = ["restore", "--store", &restored_to.url(), "--end-all", "--key-file"];
    let restored = take(rollcall(&restore).arg(&key), place.backup());
    assert_eq!(restored["ended"], json!({ "sessions": 1, "personal_tokens": 1, "service_tokens": 0 }));
    assert_eq!(same(&restored)[1], same(&there)[1], "what was copied is what was backed up");

    put_key(&place.data(), &back);
    let server = Process::start(serve(&back));
    assert_eq!([status(&server, &admin).await, status(&server, &ci).await], [200, 200]);
    for (database, good) in [(&database, 200), (&restored_to, 401)] {
        let mut node = serve(&place.at(&format!("node-{good}")));
        node.args(["--store", &database.url(), "--key-file"]).arg(&key);
        let node = Process::start(node);
        assert_eq!([status(&node, &admin).await, status(&node, &ci).await], [good, good]);
        let _ = node.admin().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_a_backup_names_its_key_and_its_head() {
    let place = Place::backed_up().await;
    let (code, out, err) = said(rollcall(&["backup", "--verify"]).arg(place.backup()));
    assert_eq!(code, 0, "{err}");
    let (_, verified, _) = said(&mut on(&place.data(), &["audit", "verify", "--json"]));
    let head: Value = serde_json::from_str(&verified).unwrap();
    let head = format!("head {}:{}", head["head"]["seq"], head["head"]["hash"].as_str().unwrap());
    assert!(out.contains(": as it was taken, 2") && out.contains(&head), "{out}");
    let file = place.at("another.db");
    let (_, out, err) = said(on(&place.data(), &["backup"]).arg(&file));
    let key_file = place.data().join("cluster-key");
    assert!(out.contains(&format!("is not in the backup and is now in {}", key_file.display())), "{out}");
    assert!(err.contains("rows copied, ") && err.contains("rows read back, "), "{err}");
    let key = std::fs::read_to_string(key_file).unwrap();
    let bytes = std::fs::read(file).unwrap();
    assert!(!bytes.windows(key.trim().len()).any(|part| part == key.trim().as_bytes()));
    for command in ["backup", "restore", "copy"] {
        let (_, help, _) = said(&mut rollcall(&[command, "--help"]));
        assert!(help.contains("Examples:\n  rollcall ") && help.contains("--json"), "{help}");
    }
}
