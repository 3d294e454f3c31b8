//! What cannot be backed up, restored or copied is refused with what to do, and nothing is changed.

use super::{Place, take};
use crate::process::{on, rollcall, said};
use rollcall_model::Seq;
use rollcall_store_sqlite::tamper::Edit;
use rollcall_store_sqlite::{UNFINISHED, exists};
use rollcall_testkit::{Database, Postgres, WithTls};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs it to its refusal.
fn refused(command: &mut Command) -> String {
    let (code, out, err) = said(command);
    assert_eq!((code, &*out), (1, ""), "{err}");
    err
}

fn restore(to: &Path, file: &Path) -> Command {
    let mut command = on(to, &["restore"]);
    command.arg(file);
    command
}

/// What is in a directory, and all bytes of it.
fn all_of(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> =
        entries.map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect();
    all.sort_unstable();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_spoiled_or_none_is_not_restored() {
    let place = Place::backed_up().await;
    let bytes = std::fs::read(place.backup()).unwrap();
    // A row's or an index's: wherever it stands.
    let mut renamed = bytes.clone();
    while let Some(name) = renamed.windows(4).position(|part| part == b"boss") {
        renamed[name] = b'B';
    }
    let spoiled = place.at("spoiled.db");
    let empty = Database::new().await;
    for (what, bytes, why) in [
        ("a byte", &*renamed, "its rows are not those that were backed up"),
        ("cut off", &bytes[..bytes.len() / 2], "is spoiled"),
        ("empty", b"", "is no backup of rollcall"),
        ("a text", b"anything but a database, at some length", "is spoiled, or no backup at all"),
    ] {
        std::fs::write(&spoiled, bytes).unwrap();
        let (nowhere, named) = (place.at("nowhere"), spoiled.display().to_string());
        let mut to_database = rollcall(&["restore", "--store", &empty.url()]);
        for said in [refused(&mut restore(&nowhere, &spoiled)), refused(to_database.arg(&spoiled))] {
            assert!(said.contains(why) && said.contains(&named), "{what}: {said}");
        }
        assert!(!nowhere.exists(), "{what}");
        assert!(refused(rollcall(&["backup", "--verify"]).arg(&spoiled)).contains(why), "{what}");
    }
    assert_eq!(empty.contents().await, "");
    let store = refused(&mut restore(&place.at("nowhere"), &place.data().join("rollcall.db")));
    assert!(store.contains("is no backup of rollcall: `rollcall backup` makes them"), "{store}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_cluster_key_is_refused_before_anything_is_written() {
    let place = Place::backed_up().await;
    let (wrong, missing, nowhere) = (place.at("wrong-key"), place.at("no-key"), place.at("nowhere"));
    std::fs::write(&wrong, "11".repeat(32)).unwrap();
    std::fs::set_permissions(&wrong, std::fs::Permissions::from_mode(0o600)).unwrap();
    let with = |key: &Path| {
        let mut command = restore(&nowhere, &place.backup());
        refused(command.arg("--key-file").arg(key))
    };
    let said = with(&wrong);
    assert!(said.contains("nothing was restored") && said.contains("put the right file there"), "{said}");
    let said = with(&missing);
    assert!(said.contains("is not there, and the backup needs the cluster key"), "{said}");
    assert!(!nowhere.exists());
    // One that lies where the store would look for it.
    let to = place.at("to");
    std::fs::create_dir(&to).unwrap();
    std::fs::copy(&wrong, to.join("cluster-key")).unwrap();
    let before = all_of(&to);
    assert!(refused(&mut restore(&to, &place.backup())).contains("put the right file there"));
    assert_eq!(all_of(&to), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_holds_something_is_refused_and_not_touched() {
    let place = Place::backed_up().await;
    let before = all_of(&place.data());
    let said = refused(&mut restore(&place.data(), &place.backup()));
    assert!(said.contains("there is a store in") && said.contains("nothing was changed"), "{said}");
    let said = refused(rollcall(&["copy", "--from"]).arg(place.data()).arg("--to").arg(place.data()));
    assert!(said.contains("cannot be copied to") && said.contains("there is a store in"), "{said}");
    let bytes = std::fs::read(place.backup()).unwrap();
    let said = refused(on(&place.data(), &["backup"]).arg(place.backup()));
    assert!(said.contains("is there already") && said.contains("name another file"), "{said}");
    assert_eq!((all_of(&place.data()), std::fs::read(place.backup()).unwrap()), (before, bytes));

    let database = Database::new().await;
    take(&mut rollcall(&["restore", "--store", &database.url()]), place.backup());
    let before = database.contents().await;
    let said = refused(rollcall(&["restore", "--store", &database.url()]).arg(place.backup()));
    assert!(said.contains("there is a store in the database already"), "{said}");
    assert_eq!(database.contents().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_not_as_it_was_written_is_not_backed_up() {
    for (edit, why) in [
        (Edit::NewerSchema, "start a newer rollcall"),
        (Edit::Time, "event 4 of the ledger is not as it was written"),
    ] {
        let place = Place::backed_up().await;
        edit.make(&place.data(), Seq(4)).unwrap();
        let (file, to) = (place.at("of-edited.db"), place.at("to"));
        let said = refused(on(&place.data(), &["backup"]).arg(&file));
        assert!(said.contains(why), "{edit:?}: {said}");
        let said = refused(rollcall(&["copy", "--from"]).arg(place.data()).arg("--to").arg(&to));
        assert!(said.contains(why) && !exists(&to).unwrap(), "{edit:?}: {said}");
        assert!(!file.exists() && !place.at("of-edited.db.unfinished").exists());
    }
    let place = Place::new();
    let file = place.at("of-nothing.db");
    let said = refused(on(&place.data(), &["backup"]).arg(&file));
    assert!(said.contains("there is no store in") && !place.data().exists(), "{said}");
    let empty = Database::new().await;
    let said = refused(rollcall(&["backup", "--store", &empty.url()]).arg(&file));
    assert!(said.contains("there is no store in the database") && !file.exists(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_or_url_is_said_and_never_shown() {
    let place = Place::backed_up().await;
    let WithTls { server: _server, port, .. } = Postgres::start_with_tls("right").await.unwrap();
    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres?sslmode=require");
    let copy = || {
        let mut command = rollcall(&["copy", "--to", &url, "--from"]);
        command.arg(place.data());
        command
    };
    let said_of = refused(copy().env("ROLLCALL_STORE_PASSWORD", "wrong-secret"));
    assert!(
        said_of.contains("password authentication failed") && !said_of.contains("wrong-secret"),
        "{said_of}"
    );
    let file = place.at("password");
    std::fs::write(&file, "right\n").unwrap();
    let (code, out, err) =
        said(copy().env("ROLLCALL_STORE_PASSWORD", "wrong").arg("--to-password-file").arg(&file));
    assert!(code == 0 && out.starts_with(&url), "{err}");
    for (arguments, why) in [
        (&["copy", "--from", "data", "--to", "postgres://a:secret@h/d"][..], "it holds a password"),
        (&["copy", "--from", "mysql://secret@h/d", "--to", "data"], "--from"),
        (&["copy", "--from", "data"], "--to"),
        (
            &["copy", "--from", "data", "--to", "postgres://a@h/d", "--to-password-file", "/nowhere"],
            "/nowhere",
        ),
        (&["backup"], "FILE"),
        (&["backup", "file"], "--data-dir"),
        (&["backup", "--verify", "file", "--data-dir", "data"], "cannot be used with"),
        (&["restore", "file"], "--data-dir"),
    ] {
        let (code, _, err) = said(&mut rollcall(arguments));
        assert!(code == 2 && err.contains(why) && !err.contains("secret"), "{arguments:?}: {err}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restoring_that_is_killed_leaves_no_store_and_the_next_begins_anew() {
    let place = Place::new();
    let size = ["generate", "--users", "1000", "--sessions", "20000", "--json"];
    assert_eq!(said(&mut on(&place.data(), &size)).0, 0);
    take(&mut on(&place.data(), &["backup"]), place.backup());
    let (to, unfinished) = (place.at("to"), place.at("to").join(UNFINISHED));
    let mut command = restore(&to, &place.backup());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !unfinished.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it was not long enough to be killed");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!exists(&to).unwrap() && unfinished.exists());
    assert!(refused(on(&to, &["backup"]).arg(place.at("other.db"))).contains("there is no store in"));
    take(&mut on(&to, &["restore"]), place.backup());
    assert!(exists(&to).unwrap() && !unfinished.exists());
}
