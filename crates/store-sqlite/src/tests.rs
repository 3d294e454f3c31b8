//! The engine's tests: the suite of every engine, and what is SQLite's own.

use super::*;
use rollcall_model::Actor;
use rusqlite::StatementStatus;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

/// Bytes that are good enough for salts of a test.
pub(crate) struct Zeros;

impl Randomness for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

fn open(directory: &TempDir) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(directory.path(), Arc::new(Zeros))
}

fn opened() -> (Arc<dyn Store>, TempDir) {
    let directory = TempDir::new().unwrap();
    (Arc::new(open(&directory).unwrap()), directory)
}

rollcall_store::suite!(opened());

struct Nobody;

impl LiveSets for Nobody {
    fn sessions_of(&self, _user: rollcall_model::UserNo) -> Vec<rollcall_model::SessionNo> {
        Vec::new()
    }
}

pub(crate) fn begin(store: &SqliteStore) -> Answer<'_, Committed> {
    store.commit([Command::CreateWorkspace { test: false }].into(), Arc::new(Nobody), Timestamp::from_ms(1))
}

/// That many events more.
pub(crate) async fn observed(store: &SqliteStore, events: usize) {
    let observe = Command::Observe(vec![rollcall_model::event::Observation {
        by: Actor::Anyone,
        from: None,
        endpoint: "login",
        what: rollcall_model::event::Observed::Refused { reason: "Unauthorized" },
        times: 1,
    }]);
    store.commit(vec![observe; events].into(), Arc::new(Nobody), Timestamp::from_ms(2)).await.unwrap();
}

#[tokio::test]
async fn the_connection_that_commits_syncs_at_each_commit() {
    let (_, directory) = opened();
    let store = open(&TempDir::new_in(directory.path()).unwrap()).unwrap();
    let (mode, synchronous): (String, i64) = store
        .write(|connection| {
            let mode = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            Ok((mode, connection.pragma_query_value(None, "synchronous", |row| row.get(0))?))
        })
        .await
        .unwrap();
    assert_eq!((&*mode, synchronous), ("wal", 2), "2 is FULL: the log is synced before COMMIT returns");
}

#[tokio::test]
async fn a_kept_statement_is_prepared_once_whatever_is_bound() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).unwrap();
    let again = store
        .read(|connection| {
            let mut again = 0;
            for sql in [sql::USER, sql::OWNER, sql::PASSWORD] {
                let mut statement = connection.prepare_cached(sql)?;
                for user in 1..=3 {
                    assert!(statement.query([user])?.next()?.is_none());
                }
                again += statement.get_status(StatementStatus::RePrepare);
            }
            Ok(again)
        })
        .await
        .unwrap();
    assert_eq!(again, 0);
}

#[tokio::test]
async fn a_sweep_looks_at_no_session_but_those_it_moves() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).unwrap();
    for sql in [sql::COPY_TO_HISTORY, sql::KEEP_LAST_LOGINS, sql::DROP_MOVED_SESSIONS] {
        let plan = store
            .read(move |connection| {
                let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                statement.query_map([1], |row| row.get::<_, String>(3))?.collect::<Result<Vec<_>, _>>()
            })
            .await
            .unwrap();
        let sessions: Vec<_> = plan.iter().filter(|step| step.contains(" sessions ")).collect();
        assert_eq!(sessions, ["SEARCH sessions USING INTEGER PRIMARY KEY (rowid=?)"], "{sql}");
    }
}

#[tokio::test]
async fn a_second_server_on_the_directory_is_refused_and_a_reader_is_not() {
    let directory = TempDir::new().unwrap();
    let first = open(&directory).unwrap();
    begin(&first).await.unwrap();
    let Err(StoreError::NotOurs(why)) = open(&directory) else { panic!("a second server was let in") };
    assert!(why.contains("another rollcall holds"), "{why}");
    let beside = open::reader(directory.path()).unwrap();
    assert_eq!(read::ledger(&beside, Seq(0), 9).unwrap().len(), 1);
    first.close().await.unwrap();
    assert!(open(&directory).is_ok(), "the lock goes with its holder");
}

#[tokio::test]
async fn only_the_owner_reads_the_files() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let store = SqliteStore::open(&data, Arc::new(Zeros)).unwrap();
    begin(&store).await.unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    let mut files = 0;
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        files += 1;
    }
    assert!(files >= 4, "the database, its -wal and -shm, and the lock");
}

#[tokio::test]
async fn what_was_committed_is_there_after_opening_again() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).unwrap();
    let end = begin(&store).await.unwrap().end;
    drop(store);
    assert_eq!(open(&directory).unwrap().verify().await.unwrap(), Ok(end));
}

#[tokio::test]
async fn an_edit_by_hand_is_named() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).unwrap();
    begin(&store).await.unwrap();
    observed(&store, 5).await;
    let edits = [
        ("UPDATE ledger SET at = at + 1 WHERE seq = 4", 4),
        ("UPDATE ledger_detail SET detail = zeroblob(20) WHERE seq = 3", 3),
        ("DELETE FROM ledger WHERE seq = 6", 6),
        ("UPDATE ledger_head SET hash = zeroblob(32)", 6),
        ("UPDATE ledger SET seq = 7 WHERE seq = 6", 6),
    ];
    for (edit, bad) in edits {
        let verified = store
            .write(move |connection| {
                let transaction = connection.transaction()?;
                transaction.execute_batch(edit)?;
                read::verify(&transaction, BEFORE_THE_FIRST, &mut |_| ())
            })
            .await
            .unwrap();
        assert_eq!(verified.unwrap_err().seq, Seq(bad), "{edit}");
    }
    let erased = store
        .write(|connection| {
            let transaction = connection.transaction()?;
            transaction.execute_batch("DELETE FROM ledger_detail WHERE seq = 3")?;
            read::verify(&transaction, BEFORE_THE_FIRST, &mut |_| ())
        })
        .await
        .unwrap();
    assert!(erased.is_ok(), "an erased detail breaks nothing");
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let (store, _directory) = opened();
    store.close().await.unwrap();
    assert!(matches!(store.verify().await, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn a_clean_end_leaves_everything_in_the_database() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory).unwrap();
    begin(&store).await.unwrap();
    store.close().await.unwrap();
    let log = directory.path().join("rollcall.db-wal");
    assert!(!log.exists(), "a copy of the one file must be enough");
    assert_eq!(open(&directory).unwrap().end().await.unwrap().seq, Seq(1));
}

#[tokio::test]
async fn the_history_learns_when_a_session_was_last_seen_before_and_after_it_is_moved() {
    let (store, directory) = opened();
    let fixture = rollcall_store::suite::Fixture::new(store);
    let user = fixture.user("ann", &[]).await;
    let session = fixture.open(user).await;
    let by = Actor::System;
    fixture
        .run(Command::EndSession { session, reason: rollcall_model::EndReason::SignedOut, by })
        .await
        .unwrap();
    let beside = open::reader(directory.path()).unwrap();
    let in_history = || -> Option<i64> {
        use rusqlite::OptionalExtension;
        let sql = "SELECT seen_at FROM session_history WHERE opened_seq = ?1";
        beside.query_row(sql, [rows::number(session.0)], |row| row.get(0)).optional().unwrap()
    };
    let note = |ms| fixture.store.note_seen(vec![(session, Timestamp::from_ms(ms))]);
    note(1_002_000).await.unwrap();
    assert_eq!(in_history(), None);
    fixture.store.sweep(fixture.now(), fixture.now(), 10).await.unwrap();
    assert_eq!(in_history(), Some(1_002_000));
    for (noted, kept) in [(1_005_000, 1_005_000), (1_004_000, 1_005_000)] {
        note(noted).await.unwrap();
        assert_eq!(in_history(), Some(kept));
    }
}
