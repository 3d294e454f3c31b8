//! What the disk promises to tests that stand on it.

use crate::{Disk, Kept};
use rusqlite::{Connection, ErrorCode};
use std::path::Path;
use tempfile::TempDir;

type Fault = fn(&Disk);

fn open(directory: &Path, synchronous: &str) -> Connection {
    let connection = Connection::open(directory.join("a.db")).unwrap();
    let pragmas = format!("PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous};");
    connection.execute_batch(&pragmas).unwrap();
    connection.execute_batch("CREATE TABLE IF NOT EXISTS rows (text TEXT)").unwrap();
    connection
}

fn insert(connection: &Connection) -> Result<(), Option<ErrorCode>> {
    let inserted = connection.execute("INSERT INTO rows VALUES (hex(randomblob(300)))", []);
    inserted.map(|_| ()).map_err(|error| error.sqlite_error_code())
}

fn rows(directory: &Path) -> Result<i64, rusqlite::Error> {
    let connection = Connection::open(directory.join("a.db"))?;
    connection.query_row("SELECT COUNT(*) FROM rows", [], |row| row.get(0))
}

/// The rows that a power cut leaves at this moment.
fn left(disk: &Disk, kept: Kept) -> Option<i64> {
    let directory = TempDir::new().unwrap();
    disk.after_power_cut(disk.now(), kept, directory.path());
    rows(directory.path()).ok()
}

#[test]
fn what_was_synced_outlives_a_power_cut_and_nothing_else_needs_to() {
    for (synchronous, at_the_least) in [("FULL", Some(5)), ("OFF", None)] {
        let directory = TempDir::new().unwrap();
        let disk = Disk::under(directory.path());
        let connection = open(directory.path(), synchronous);
        for _ in 0..5 {
            insert(&connection).unwrap();
        }
        assert_eq!(left(&disk, Kept::Nothing), at_the_least, "{synchronous}");
        assert_eq!(left(&disk, Kept::Everything), Some(5), "{synchronous}");
        assert_eq!(rows(directory.path()).unwrap(), 5, "the system shows what it holds");
        let some: Vec<_> = (0..20).map(|seed| left(&disk, Kept::Some(seed))).collect();
        assert_eq!(some.iter().all(|left| *left == Some(5)), synchronous == "FULL", "{some:?}");
    }
}

#[test]
fn it_fails_as_it_is_told_and_goes_well_again() {
    let directory = TempDir::new().unwrap();
    let disk = Disk::under(directory.path());
    let connection = open(directory.path(), "FULL");
    insert(&connection).unwrap();
    let faults: [(Fault, ErrorCode); 5] = [
        (|disk| disk.hold_at_most(disk.held() + 100), ErrorCode::DiskFull),
        (Disk::protect, ErrorCode::SystemIoFailure),
        (Disk::fail_writes, ErrorCode::SystemIoFailure),
        (Disk::stop, ErrorCode::SystemIoFailure),
        (|disk| disk.fail_syncs(0, 1), ErrorCode::SystemIoFailure),
    ];
    for (made, seen) in faults {
        made(&disk);
        assert_eq!(insert(&connection), Err(Some(seen)));
        disk.heal();
    }
    insert(&connection).unwrap();
    assert_eq!(left(&disk, Kept::Nothing), Some(2));
}

#[test]
fn what_a_failed_sync_lost_is_shown_until_the_power_is_cut() {
    let directory = TempDir::new().unwrap();
    let disk = Disk::under(directory.path());
    let connection = open(directory.path(), "FULL");
    insert(&connection).unwrap();
    disk.fail_syncs(0, 1);
    insert(&connection).unwrap_err();
    assert!(disk.has_failed_syncs());
    assert_eq!(rows(directory.path()).unwrap(), 1);
    // A process that is killed, and the next, which finds the whole commit in the log and goes on behind it.
    disk.stop();
    drop(connection);
    disk.next_process();
    let connection = open(directory.path(), "FULL");
    insert(&connection).unwrap();
    assert_eq!(rows(directory.path()).unwrap(), 3);
    assert_eq!(left(&disk, Kept::Nothing), Some(1), "the last one was synced, and cannot be reached");
}

#[test]
fn other_directories_are_the_systems() {
    let (directory, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let disk = Disk::under(directory.path());
    disk.stop();
    insert(&open(other.path(), "FULL")).unwrap();
    assert!(
        Connection::open(directory.path().join("a.db")).is_ok_and(|connection| insert(&connection).is_err())
    );
    drop(disk);
    insert(&open(directory.path(), "FULL")).unwrap();
}
