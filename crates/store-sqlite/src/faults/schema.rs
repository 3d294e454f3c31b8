//! Databases that are not this program's, and migrations that are cut off: nothing is changed, or all is.

use super::{MANY, goes_on, open};
use crate::migrate::{VERSIONS, make_as};
use crate::open::{DATABASE, LOG};
use crate::tamper::Edit;
use rollcall_faulty_vfs::{Disk, Kept};
use rollcall_model::{Actor, Command, Role, Seq};
use rollcall_store::suite::Fixture;
use rollcall_store::{Store, StoreError};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// The files of a directory, but for what tells nothing of the store.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let files =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()));
    files.filter(|(name, _)| !["lock", crate::RESERVE].contains(&&**name)).collect()
}

/// Refuses the database in a directory, and leaves it as it is.
fn refused(directory: &Path) -> StoreError {
    let before = files(directory);
    let error = open(directory, MANY).map(drop).unwrap_err();
    assert_eq!(files(directory).keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "{error}");
    assert!(files(directory) == before, "it was changed: {error}");
    error
}

fn foreign(sql: &str) -> TempDir {
    let directory = TempDir::new().unwrap();
    Connection::open(directory.path().join(DATABASE)).unwrap().execute_batch(sql).unwrap();
    directory
}

#[test]
fn a_database_of_somebody_else_is_refused_and_left_as_it_is() {
    for sql in [
        "CREATE TABLE songs (title TEXT); INSERT INTO songs VALUES ('one')",
        "CREATE TABLE users (name TEXT)",
        "CREATE TABLE migrations (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO migrations VALUES (1, 'first')",
        "CREATE VIEW one AS SELECT 1",
    ] {
        let directory = foreign(sql);
        let error = refused(directory.path());
        assert!(matches!(error, StoreError::NotOurs(_)), "{error:?} of {sql}");
        assert!(error.to_string().contains("is not a store of rollcall"), "{error}");
    }
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    for bytes in
        [&b"not a database, but long enough to be looked at as if it were one ".repeat(100)[..], &[7; 4_096]]
    {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join(DATABASE), bytes).unwrap();
        let error = refused(directory.path());
        assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_store_of_a_newer_rollcall_is_refused_and_left_as_it_is() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path(), MANY).unwrap();
    goes_on(&store).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    Edit::NewerSchema.make(directory.path(), Seq(1)).unwrap();
    let error = refused(directory.path());
    assert!(
        matches!(&error, StoreError::NotOurs(why) if why.contains("start a newer rollcall")),
        "{error:?}"
    );
}

/// Every version that ever was, brought to this one while the power is cut at writes, each third or with
/// `ROLLCALL_TEST_CUTS` all: it is the old one, which is brought to this one then, or this one.
#[tokio::test]
async fn a_migration_that_is_cut_off_anywhere_is_done_at_the_next_start() {
    let mut cuts = 0;
    for version in 1..VERSIONS {
        let directory = TempDir::new().unwrap();
        make_as(&Connection::open(directory.path().join(DATABASE)).unwrap(), version);
        let disk = Disk::under(directory.path());
        let begun = disk.now();
        let store = open(directory.path(), MANY).unwrap();
        store.close().await.unwrap();
        let whole = schema(directory.path());
        let every = if std::env::var("ROLLCALL_TEST_CUTS").is_ok() { 1 } else { 3 };
        for at in disk.writes().into_iter().filter(|at| *at >= begun).step_by(every) {
            for kept in [Kept::Everything, Kept::Some(cuts)] {
                cuts += 1;
                let left = TempDir::new().unwrap();
                disk.after_power_cut(at, kept, left.path());
                let _disk = Disk::without_past(left.path());
                let found = found_version(left.path());
                assert!([version, VERSIONS].contains(&found), "{found} of {version}, {kept:?}");
                let store = open(left.path(), MANY).unwrap();
                assert_eq!(store.end().await.unwrap().seq, Seq(0));
                store.close().await.unwrap();
                assert_eq!(schema(left.path()), whole, "from {version} at {at:?}, {kept:?}");
            }
        }
    }
    println!("{cuts} cuts");
    assert!(cuts > 50, "{cuts} cuts");
}

/// Its objects, as their statements.
fn schema(directory: &Path) -> Vec<String> {
    let connection = crate::open::reader(directory).unwrap();
    let mut statement =
        connection.prepare("SELECT COALESCE(sql, name) FROM sqlite_schema ORDER BY 1").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// The version that a power cut left, of a copy: to look takes what is in the log.
fn found_version(directory: &Path) -> usize {
    let copy = TempDir::new().unwrap();
    for file in [DATABASE, LOG, "rollcall.db-journal"] {
        let _ = fs::copy(directory.join(file), copy.path().join(file));
    }
    let connection = Connection::open(copy.path().join(DATABASE)).unwrap();
    connection
        .query_row("SELECT COUNT(*) FROM migrations", [], |row| row.get::<_, i64>(0))
        .unwrap()
        .try_into()
        .unwrap()
}

/// The engine's own check of a value does not stand in for reading it: what no store writes is named, and stops what
/// would go by it.
#[tokio::test]
async fn rows_that_were_edited_by_hand_are_refused() {
    let edits = [
        "UPDATE sessions SET user_no = -1",
        "UPDATE sessions SET id = 'short'",
        "UPDATE sessions SET token = x'00'",
        "UPDATE sessions SET ip = x'0102'",
    ];
    for edit in edits {
        let directory = TempDir::new().unwrap();
        let store = open(directory.path(), MANY).unwrap();
        let fixture = Fixture::new(store.clone());
        let user = fixture.user("ann", &[Role::Admin]).await;
        let session = fixture.open(user).await;
        crate::open::writer(directory.path()).unwrap().execute_batch(edit).unwrap();
        let loaded = store.load(fixture.now(), Box::new(|_| ())).await;
        assert!(matches!(loaded, Err(StoreError::Corrupt(_))), "{edit}: {loaded:?}");
        // Whoever asks for another thing is answered.
        let by = Actor::System;
        fixture.run(Command::GrantRole { user, role: Role::Bot, by }).await.unwrap();
        assert!(store.verify().await.unwrap().is_ok(), "{session:?}");
    }
}
