//! Copies from directory to directory, to a backup and out of it; and what is none.

use super::*;
use crate::tests::Zeros;
use crate::{DATABASE, SqliteBackup, SqliteReader, SqliteStore};
use rollcall_model::{Actor, Seq};
use rollcall_store::copy::{Copied, Ended, Step, contents, copy, end_all, verify};
use rollcall_store::suite::Fixture;
use rollcall_store::suite::everything::{KEY, all_of, everything, someone};
use std::fs::{read, write};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use tempfile::TempDir;

/// A store with everything in it, which is open.
async fn store() -> (TempDir, Fixture) {
    let directory = TempDir::new().unwrap();
    let fixture = Fixture::new(Arc::new(SqliteStore::open(directory.path(), Arc::new(Zeros)).unwrap()));
    everything(&fixture).await;
    (directory, fixture)
}

fn to_directory(directory: &Path) -> Result<SqliteDestination, StoreError> {
    SqliteDestination::store(directory, Arc::new(Zeros))
}

async fn copied(from: &mut dyn Source, mut to: SqliteDestination) -> Result<Copied, StoreError> {
    let copied = copy(from, &mut to, &mut |_, _, _| ()).await?;
    Box::new(to).finish().await?;
    Ok(copied)
}

/// A backup of the store in a directory.
async fn backup(directory: &Path, path: &Path) -> Copied {
    let mut from = SqliteSource::open(directory).unwrap();
    let mut to = SqliteDestination::backup(path, Arc::new(Zeros)).unwrap();
    let copied = copy(&mut from, &mut to, &mut |_, _, _| ()).await.unwrap();
    to.seal(Timestamp::from_ms(7), &copied.contents).await.unwrap();
    Box::new(to).finish().await.unwrap();
    copied
}

fn opened(path: &Path) -> Result<SqliteBackup, StoreError> {
    SqliteBackup::open(path, &mut |_, _| ())
}

/// Why it is none.
fn refusal<T>(result: Result<T, StoreError>) -> String {
    result.map(drop).unwrap_err().to_string()
}

fn edit(database: &Path, sql: &str) {
    Connection::open(database).unwrap().execute_batch(sql).unwrap();
}

fn files(directory: &Path) -> Vec<String> {
    let names = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.to_str().unwrap().to_owned()).collect();
    names.sort_unstable();
    names
}

#[test]
fn the_tables_of_copies_are_those_of_the_schema() {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate::run(&mut connection).unwrap();
    let names: Vec<_> = TABLES.iter().map(|table| table.name).collect();
    assert_eq!(crate::backup::tables_of(&connection).unwrap(), names);
    for table in TABLES {
        assert_eq!(columns_of(&connection, table.name).unwrap(), table.columns, "{}", table.name);
        let key: Vec<String> = connection
            .prepare("SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk")
            .unwrap()
            .query_map([table.name], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(key, table.columns[..table.key], "{}", table.name);
    }
}

#[tokio::test]
async fn a_backup_holds_everything_and_so_does_what_is_restored_of_it() {
    let (directory, fixture) = store().await;
    let all = all_of(&mut SqliteSource::open(directory.path()).unwrap()).await;
    let path = directory.path().join("backup.db");
    let taken = backup(directory.path(), &path).await;
    assert_eq!((&taken.contents, taken.end), (&all, fixture.store.end().await.unwrap()));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(files(directory.path()).iter().all(|name| !name.contains("unfinished")));

    let mut found = opened(&path).unwrap();
    assert_eq!((&found.contents, found.taken_at), (&all, Timestamp::from_ms(7)), "by tables as by schema");
    assert_eq!(found.source.workspace().await.unwrap().unwrap().key, Some(KEY));
    let restored = TempDir::new().unwrap();
    let to = to_directory(restored.path()).unwrap();
    assert_eq!(copied(&mut found.source, to).await.unwrap(), taken);
    assert_eq!(all_of(&mut SqliteSource::open(restored.path()).unwrap()).await, all);
    assert_eq!(files(restored.path()), ["lock", DATABASE]);

    let again = Fixture::new(Arc::new(SqliteStore::open(restored.path(), Arc::new(Zeros)).unwrap()));
    again.set_now(2_000_000);
    assert_eq!(again.loaded_seen().await, fixture.loaded_seen().await);
    again.open(someone(&again).await).await;
    assert_eq!(again.store.verify().await.unwrap().unwrap().seq, taken.end.seq.next(), "it goes on");
}

#[tokio::test]
async fn a_copy_is_of_the_instant_at_which_it_began() {
    let (directory, fixture) = store().await;
    let before = fixture.store.end().await.unwrap();
    let mut from = SqliteSource::open(directory.path()).unwrap();
    fixture.user("later", &[]).await;
    let copy = TempDir::new().unwrap();
    let made = copied(&mut from, to_directory(copy.path()).unwrap()).await.unwrap();
    assert_eq!(made.end, before);
    assert_ne!(fixture.store.end().await.unwrap(), before);
}

#[tokio::test]
async fn how_far_it_is_is_told_to_the_end() {
    let (directory, fixture) = store().await;
    let (copy_of, mut told) = (TempDir::new().unwrap(), Vec::new());
    let mut to = to_directory(copy_of.path()).unwrap();
    let mut from = SqliteSource::open(directory.path()).unwrap();
    let copied = copy(&mut from, &mut to, &mut |step, done, of| told.push((step, done, of))).await.unwrap();
    let (rows, events) = (copied.contents.rows(), fixture.store.end().await.unwrap().seq.0);
    for (step, all) in [(Step::Written, rows), (Step::ReadBack, rows), (Step::Followed, events)] {
        assert!(told.contains(&(step, all, all)), "{step:?} of {all}: {told:?}");
    }
}

#[tokio::test]
async fn what_is_not_finished_is_no_store_and_gives_way_to_the_next() {
    let (directory, _fixture) = store().await;
    let copy_of = TempDir::new().unwrap();
    let mut from = SqliteSource::open(directory.path()).unwrap();
    let mut to = to_directory(copy_of.path()).unwrap();
    copy(&mut from, &mut to, &mut |_, _, _| ()).await.unwrap();
    assert_eq!(files(copy_of.path()), ["lock", UNFINISHED]);
    assert!(refusal(SqliteReader::open(copy_of.path())).contains("there is no store"));
    drop(to);
    assert_eq!(files(copy_of.path()), ["lock"]);
    // As after a kill.
    write(copy_of.path().join(UNFINISHED), "half of a page").unwrap();
    copied(&mut from, to_directory(copy_of.path()).unwrap()).await.unwrap();
    assert_eq!(files(copy_of.path()), ["lock", DATABASE]);

    let path = directory.path().join("backup.db");
    write(directory.path().join("backup.db.unfinished"), "half of a page").unwrap();
    backup(directory.path(), &path).await;
    assert!(opened(&path).is_ok());
}

#[tokio::test]
async fn of_two_backups_at_once_the_one_that_was_begun_later_is_taken() {
    let (directory, _fixture) = store().await;
    let path = directory.path().join("backup.db");
    let begun = || SqliteDestination::backup(&path, Arc::new(Zeros)).unwrap();
    let (first, later) = (begun(), begun());
    assert!(refusal(Box::new(first).finish().await).contains("another one was begun in the place of"));
    assert!(directory.path().join("backup.db.unfinished").exists(), "it is the other's");
    Box::new(later).finish().await.unwrap();
    assert!(path.exists());
}

#[tokio::test]
async fn a_place_that_is_not_empty_is_refused_and_not_touched() {
    let (directory, fixture) = store().await;
    let end = fixture.store.end().await.unwrap();
    assert!(refusal(to_directory(directory.path())).contains("another rollcall holds"));
    fixture.store.close().await.unwrap();
    let why = refusal(to_directory(directory.path()));
    assert!(why.contains("there is a store in") && why.contains("nothing was changed"), "{why}");
    assert_eq!(SqliteReader::open(directory.path()).unwrap().end().unwrap(), end);
    let path = directory.path().join("backup.db");
    write(&path, "mine").unwrap();
    let why = refusal(SqliteDestination::backup(&path, Arc::new(Zeros)));
    assert!(why.contains("is there already") && why.contains("name another file"), "{why}");
    assert_eq!(read(&path).unwrap(), b"mine");
    let left = TempDir::new().unwrap();
    write(left.path().join("rollcall.db-wal"), "a log of a store that was removed").unwrap();
    let why = refusal(to_directory(left.path()));
    assert!(why.contains("rollcall.db-wal is what is left of a store: move it away"), "{why}");
    assert_eq!(files(left.path()), ["lock", "rollcall.db-wal"]);
}

#[tokio::test]
async fn all_that_stands_in_a_copy_can_be_ended_before_it_is_a_store() {
    let (directory, fixture) = store().await;
    // They live an hour: later their time is up, whoever ends them.
    for (later, by) in [(0, Actor::Operator), (2, Actor::System)] {
        let copy_of = TempDir::new().unwrap();
        let mut from = SqliteSource::open(directory.path()).unwrap();
        let mut to = to_directory(copy_of.path()).unwrap();
        let copied = copy(&mut from, &mut to, &mut |_, _, _| ()).await.unwrap();
        let ended =
            end_all(&mut to, fixture.now() + Duration::from_hours(later), &mut |_, _, _| ()).await.unwrap();
        assert_eq!(ended, Ended { sessions: 3, personal_tokens: 1, service_tokens: 1 });
        let end = verify(&mut to, &mut |_, _, _| ()).await.unwrap();
        assert_eq!(end.seq.0, copied.end.seq.0 + 5, "each is an event");
        Box::new(to).finish().await.unwrap();
        let store = Fixture::new(Arc::new(SqliteStore::open(copy_of.path(), Arc::new(Zeros)).unwrap()));
        assert!(store.loaded_sessions().await.is_empty());
        let events = store.ledger().await.split_off(usize::try_from(copied.end.seq.0).unwrap());
        let actors: Vec<_> = events.iter().map(|row| row.envelope.actor).collect();
        assert_eq!(actors, [by, by, by, Actor::Operator, Actor::Operator]);
    }
    assert_eq!(fixture.loaded_sessions().await.len(), 3, "those of the source go on");
}

#[tokio::test]
async fn rows_that_were_edited_by_hand_are_refused() {
    for (sql, what) in [
        ("UPDATE ledger SET at = at + 1 WHERE seq = 4", "event 4 of the ledger is not as it was written"),
        ("UPDATE ledger_detail SET detail = zeroblob(20) WHERE seq = 3", "event 3 of the ledger"),
        ("UPDATE ledger_head SET hash = zeroblob(32)", "of the ledger is not as it was written"),
        (
            "DELETE FROM sessions WHERE opened_seq = (SELECT MIN(opened_seq) FROM sessions)",
            "2 sessions stand",
        ),
        ("ALTER TABLE users RENAME COLUMN bio TO biography", "its table `users` is not the one"),
        ("DROP TABLE mails", "its table `mails` is not the one"),
        ("UPDATE migrations SET checksum = x'00' WHERE no = 2", "schema version 2 is not the one released"),
        ("DELETE FROM migrations WHERE no > 2", "schema version 2, and"),
        ("INSERT INTO migrations VALUES (99, x'00')", "start a newer rollcall"),
        ("DROP TABLE migrations", "is no store of rollcall"),
    ] {
        let (directory, fixture) = store().await;
        fixture.store.close().await.unwrap();
        edit(&directory.path().join(DATABASE), sql);
        let copy_of = TempDir::new().unwrap();
        let why = match SqliteSource::open(directory.path()) {
            Ok(mut from) => refusal(copied(&mut from, to_directory(copy_of.path()).unwrap()).await),
            Err(error) => error.to_string(),
        };
        assert!(why.contains(what), "{sql}: {why}");
        assert!(files(copy_of.path()).iter().all(|name| name == "lock"), "{sql}");
    }
    let empty = TempDir::new().unwrap();
    drop(SqliteStore::open(empty.path(), Arc::new(Zeros)).unwrap());
    let mut from = SqliteSource::open(empty.path()).unwrap();
    let copy_of = TempDir::new().unwrap();
    let why = refusal(copied(&mut from, to_directory(copy_of.path()).unwrap()).await);
    assert!(why.contains("there is nothing in the store yet"), "{why}");
}

#[tokio::test]
async fn a_backup_of_which_any_byte_is_another_is_refused_or_holds_the_same() {
    let (directory, _fixture) = store().await;
    let path = directory.path().join("backup.db");
    let all = backup(directory.path(), &path).await.contents;
    let bytes = read(&path).unwrap();
    let (mut refused, spoiled) = (0, directory.path().join("spoiled.db"));
    // Most are of pages that are nearly empty. A prime, so that it comes by all places of pages.
    let places = (0..bytes.len()).step_by(509);
    let tried = places.len();
    for place in places {
        let mut bytes = bytes.clone();
        bytes[place] ^= 0x41;
        write(&spoiled, &bytes).unwrap();
        match opened(&spoiled) {
            Err(_) => refused += 1,
            Ok(mut backup) => {
                // What was not used, or says how it is to be read, as before.
                let held = contents(&mut backup.source, |_| ()).await.unwrap();
                assert_eq!((&held, &backup.contents), (&all, &all), "byte {place}");
            }
        }
    }
    assert!(refused > tried / 20, "{refused} of {tried}");
    for length in [0, 1, 100, 4_096, bytes.len() / 2, bytes.len() - 4_096, bytes.len() - 1] {
        write(&spoiled, &bytes[..length]).unwrap();
        let why = refusal(opened(&spoiled));
        assert!(why.contains("spoiled") || why.contains("is no backup"), "{length}: {why}");
    }
}

#[tokio::test]
async fn a_backup_whose_rows_are_others_says_so() {
    let (directory, fixture) = store().await;
    let path = directory.path().join("backup.db");
    for sql in [
        "UPDATE users SET roles = 3 WHERE user_no = (SELECT MAX(user_no) FROM users)",
        "UPDATE users SET name = NULL",
        "DELETE FROM step_ups",
        "UPDATE backup SET taken_at = 8",
        "UPDATE backup SET digest = zeroblob(32)",
        "CREATE TABLE more (one INTEGER PRIMARY KEY); INSERT INTO more VALUES (1)",
    ] {
        let _ = std::fs::remove_file(&path);
        backup(directory.path(), &path).await;
        edit(&path, sql);
        let why = refusal(opened(&path));
        assert!(why.contains("is spoiled") && why.contains("take another one"), "{sql}: {why}");
    }
    std::fs::remove_file(&path).unwrap();
    backup(directory.path(), &path).await;
    edit(&path, "INSERT INTO migrations VALUES (99, x'00')");
    assert!(refusal(opened(&path)).contains("start a newer rollcall"));
    fixture.store.close().await.unwrap();
    for (what, why) in [
        (directory.path().join(DATABASE), "is no backup of rollcall"),
        (directory.path().to_owned(), "moved by `rollcall copy`"),
        (directory.path().join("nothing"), "cannot read"),
    ] {
        assert!(refusal(opened(&what)).contains(why), "{}", what.display());
    }
}

#[tokio::test]
async fn a_backup_of_an_older_schema_is_brought_up_to_date_and_its_file_is_not_touched() {
    let (directory, fixture) = store().await;
    let path = directory.path().join("backup.db");
    let end = backup(directory.path(), &path).await.end;
    // As the version before made it.
    edit(&path, "DROP INDEX ledger_by_session; DROP INDEX session_history_by_id; DROP TABLE views");
    edit(&path, "DROP TABLE service_tokens; DELETE FROM permissions WHERE id = 'introspect-tokens'");
    edit(&path, "DROP TABLE revocations; DROP TABLE frozen_sets");
    edit(&path, "DROP INDEX users_by_mail_factor; DELETE FROM migrations WHERE no > 5; DROP TABLE backup");
    edit(&path, "ALTER TABLE workspace RENAME COLUMN test TO demo; DELETE FROM migrations WHERE no = 5");
    let connection = Connection::open(&path).unwrap();
    let held = crate::backup::contents(&connection, &mut |_, _| ()).unwrap();
    Seal::of(Timestamp::from_ms(9), &held).write(&connection).unwrap();
    drop(connection);
    let before = read(&path).unwrap();
    let mut found = opened(&path).unwrap();
    let restored = TempDir::new().unwrap();
    let made = copied(&mut found.source, to_directory(restored.path()).unwrap()).await.unwrap();
    assert_eq!((made.end, read(&path).unwrap()), (end, before));
    let store = Fixture::new(Arc::new(SqliteStore::open(restored.path(), Arc::new(Zeros)).unwrap()));
    assert_eq!(store.loaded_seen().await, fixture.loaded_seen().await);
    assert_eq!(store.store.end().await.unwrap().seq, end.seq);
    assert_ne!(end.seq, Seq(0));
    edit(&path, "UPDATE users SET roles = 3");
    assert!(refusal(opened(&path)).contains("is spoiled"));
}

#[tokio::test]
async fn a_copy_that_is_not_read_back_as_it_was_written_is_none() {
    let (directory, _fixture) = store().await;
    let copy_of = TempDir::new().unwrap();
    let mut from = SqliteSource::open(directory.path()).unwrap();
    let to = to_directory(copy_of.path()).unwrap();
    let worse = "CREATE TEMP TRIGGER worse AFTER INSERT ON users BEGIN UPDATE users SET bio = 'x'; END";
    to.filled.read(|connection| connection.execute_batch(worse)).await.unwrap();
    let why = refusal(copied(&mut from, to).await);
    assert!(why.contains("is not read back as it was written"), "{why}");
    assert_eq!(files(copy_of.path()), ["lock"]);
}
