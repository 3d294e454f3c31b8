//! A start reads the checkpoint when it can be used, and the store when it cannot; what is answered is the same.

use crate::process::{Process, on, said, serve};
use rollcall_testkit::{ADMIN, Caller, PASSWORD};
use serde_json::{Value, json};
use std::fs::{Permissions, read, set_permissions, write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Makes the next start's checkpoint one of no use.
type Spoil<'a> = Box<dyn Fn(&mut Command) + 'a>;

const NOT_USED: &str = "the checkpoint is not used";

fn data_dir() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("data");
    (directory, path)
}

/// Out of what it filled its index, and how often it said that the checkpoint is of no use.
fn began_from(server: &Process) -> (String, usize) {
    let log = server.log();
    let lines = || log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_default());
    let loaded = lines().find(|line| line["message"] == "sessions are loaded").unwrap();
    let complaints = lines().filter(|line| line["message"].to_string().contains(NOT_USED)).count();
    (loaded["from"].as_str().unwrap().into(), complaints)
}

fn again(server: &Process, caller: &Caller) -> Caller {
    server.caller().with_credentials(&caller.user_id, &caller.token)
}

async fn user(admin: &Caller, name: &str) -> String {
    let email = format!("{name}@example.test");
    let body = json!({ "username": name, "name": name, "email": email, "password": PASSWORD });
    let answer = admin.post("users.create", &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["user"]["_id"].as_str().unwrap().into()
}

/// Usernames of the list's rows, in its order, by name.
async fn listed(admin: &Caller) -> Vec<String> {
    let page = admin.get(r#"sessions/list.all?sort={"_user.username":1}"#).await.body;
    let rows = page["sessions"].as_array().unwrap().iter();
    rows.map(|row| row["_user"]["username"].as_str().unwrap().into()).collect()
}

/// A directory whose server ran and ended cleanly, and its administrator.
async fn left_behind(data: &Path) -> Caller {
    let server = Process::start(serve(data));
    let admin = server.admin().await;
    for name in ["ann", "bob", "cat"] {
        user(&admin, name).await;
        let _ = server.caller().sign_in(name, PASSWORD).await;
    }
    assert!(server.terminate().0.success());
    admin
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_after_a_clean_end_reads_the_checkpoint() {
    let (_directory, data) = data_dir();
    let admin = left_behind(&data).await;
    let mode = std::fs::metadata(data.join("checkpoint")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    for _ in 0..2 {
        let server = Process::start(serve(&data));
        assert_eq!(began_from(&server), ("checkpoint".into(), 0));
        assert_eq!(listed(&again(&server, &admin)).await, ["ann", "bob", ADMIN, "cat"]);
        let (status, log) = server.terminate();
        assert!(
            status.success() && log.iter().any(|line| line.contains("the checkpoint is written")),
            "{log:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_the_store_tells_what_came_since() {
    let (_directory, data) = data_dir();
    let admin = left_behind(&data).await;
    let mut server = Process::start(serve(&data));
    let boss = again(&server, &admin);
    let bob = server.caller().sign_in("bob", PASSWORD).await;
    let rows = boss.get("sessions/list.all?filter=ann").await.body;
    let ended = rows["sessions"][0]["sessionId"].as_str().unwrap().to_owned();
    assert_eq!(boss.post("sessions/logout", &json!({ "sessionId": ended })).await.status, 200);
    let dan = user(&boss, "dan").await;
    let dan_signed_in = server.caller().sign_in("dan", PASSWORD).await;
    let cat = boss.get("users.info?username=cat").await.body["user"]["_id"].as_str().unwrap().to_owned();
    for (id, data) in [(&cat, json!({ "username": "zoe" })), (&dan, json!({ "username": "adam" }))] {
        let answer =
            boss.with_code(PASSWORD).post("users.update", &json!({ "userId": id, "data": data })).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let before = listed(&boss).await;
    assert_eq!(before, ["adam", "bob", "bob", ADMIN, "zoe"]);
    // Twice, since the checkpoint is still the old one.
    for _ in 0..2 {
        server.kill();
        server = Process::start(serve(&data));
        assert_eq!(began_from(&server), ("checkpoint".into(), 0));
        assert_eq!(listed(&again(&server, &admin)).await, before);
        for caller in [&bob, &dan_signed_in] {
            assert_eq!(again(&server, caller).get("me").await.status, 200);
        }
        let info = again(&server, &admin).get(&format!("sessions/info?sessionId={ended}")).await;
        assert_eq!(info.status, 404, "{info:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_did_meanwhile_holds() {
    let (_directory, data) = data_dir();
    let admin = left_behind(&data).await;
    let mut reset = on(&data, &["user", "reset-password", "bob", "--random"]);
    let (code, _, err) = said(&mut reset);
    assert_eq!(code, 0, "{err}");
    let server = Process::start(serve(&data));
    assert_eq!(began_from(&server), ("checkpoint".into(), 0));
    assert_eq!(listed(&again(&server, &admin)).await, ["ann", ADMIN, "cat"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_is_named_in_one_line_and_the_store_is_read() {
    let (_directory, data) = data_dir();
    let admin = left_behind(&data).await;
    let (_other_directory, other) = data_dir();
    left_behind(&other).await;
    let (path, foreign) = (data.join("checkpoint"), read(other.join("checkpoint")).unwrap());
    let with = |edit: fn(&mut Vec<u8>)| -> Spoil<'_> {
        let path = &path;
        Box::new(move |_| {
            let mut bytes = read(path).unwrap();
            edit(&mut bytes);
            write(path, bytes).unwrap();
        })
    };
    let spoils: [(&str, Spoil<'_>); 8] = [
        ("torn", with(|bytes| bytes.truncate(bytes.len() - 1))),
        ("torn in its head", with(|bytes| bytes.truncate(40))),
        ("empty", with(Vec::clear)),
        ("damaged", with(|bytes| bytes[300] ^= 1)),
        ("something else", with(|bytes| *bytes = b"no checkpoint".repeat(50))),
        ("another store's", Box::new(|_| write(&path, &foreign).unwrap())),
        ("readable by others", Box::new(|_| set_permissions(&path, Permissions::from_mode(0o644)).unwrap())),
        ("of another idle limit", Box::new(|command| _ = command.env("ROLLCALL__SESSIONS__IDLE", "10m"))),
    ];
    for (what, spoil) in spoils {
        let mut command = serve(&data);
        spoil(&mut command);
        let server = Process::start(command);
        assert_eq!(began_from(&server), ("store".into(), 1), "{what}: {}", server.log());
        assert_eq!(listed(&again(&server, &admin)).await, ["ann", "bob", ADMIN, "cat"], "{what}");
        assert!(server.terminate().0.success());
        // The end left a good one; with the settings of before, it has to be theirs.
        if what == "of another idle limit" {
            assert!(Process::start(serve(&data)).terminate().0.success());
        }
        let server = Process::start(serve(&data));
        assert_eq!(began_from(&server), ("checkpoint".into(), 0), "after one that was {what}");
        assert!(server.terminate().0.success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_was_put_back_does_not_use_a_later_checkpoint() {
    let (_directory, data) = data_dir();
    let admin = left_behind(&data).await;
    let earlier = read(data.join("rollcall.db")).unwrap();
    let server = Process::start(serve(&data));
    let _ = server.caller().sign_in("ann", PASSWORD).await;
    assert!(server.terminate().0.success());
    write(data.join("rollcall.db"), earlier).unwrap();
    let server = Process::start(serve(&data));
    assert_eq!(began_from(&server), ("store".into(), 1));
    assert_eq!(listed(&again(&server, &admin)).await, ["ann", "bob", ADMIN, "cat"]);
}
