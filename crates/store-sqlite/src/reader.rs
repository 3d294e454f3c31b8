//! The store opened to be read and nothing else: beside a running server, or with none.
//!
//! **Invariants:** it takes no lock, changes no schema and writes no row; what it cannot read as it is, it
//! refuses.

use crate::rows::unavailable;
use crate::{migrate, open, read, write};
use rollcall_model::{Seq, Timestamp};
use rollcall_store::chain::BEFORE_THE_FIRST;
use rollcall_store::{BadEvent, ChainEnd, StoreError, WorkspaceRow};
use rusqlite::Connection;
use std::path::Path;

/// The store in a data directory, to be read. Its calls block.
pub struct SqliteReader {
    connection: Connection,
    schema: usize,
}

impl SqliteReader {
    /// Opens the store that is in a directory.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        if !open::exists(directory)? {
            return Err(StoreError::NotOurs(format!("there is no store in {}", directory.display())));
        }
        let connection = open::reader(directory)?;
        let schema = migrate::version(&connection)?;
        Ok(Self { connection, schema })
    }

    /// The version of its schema.
    pub const fn schema(&self) -> usize {
        self.schema
    }

    /// Where the ledger ends.
    pub fn end(&self) -> Result<ChainEnd, StoreError> {
        write::head(&self.connection).map(|(_, end)| end).map_err(unavailable)
    }

    /// When the last event was committed; `None` before the first.
    pub fn last_event_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let (head, _) = write::head(&self.connection).map_err(unavailable)?;
        Ok((head.seq > Seq(0)).then_some(head.at))
    }

    /// Where the chain stands at an event, as its row says; `None` when there is no such event.
    pub fn end_at(&self, seq: Seq) -> Result<Option<ChainEnd>, StoreError> {
        read::end_at(&self.connection, seq).map_err(unavailable)
    }

    /// The workspace itself: `None` before its ledger has begun.
    pub fn workspace(&self) -> Result<Option<WorkspaceRow>, StoreError> {
        read::workspace(&self.connection).map_err(unavailable)
    }

    /// As [`Store::verify`](rollcall_store::Store::verify); `seen` is told how far it came, now and then.
    pub fn verify(&self, seen: &mut dyn FnMut(Seq)) -> Result<Result<ChainEnd, BadEvent>, StoreError> {
        read::verify(&self.connection, BEFORE_THE_FIRST, seen).map_err(unavailable)
    }

    /// The same for the last `events` only: what stands before them is taken as it is.
    pub fn verify_last(&self, events: u64) -> Result<Result<ChainEnd, BadEvent>, StoreError> {
        let from = Seq(self.end()?.seq.0.saturating_sub(events));
        let Some(from) = self.end_at(from)? else {
            return Ok(Err(BadEvent { seq: from, what: "it is missing".into() }));
        };
        read::verify(&self.connection, from, &mut |_| ()).map_err(unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SqliteStore;
    use crate::tamper::Edit;
    use crate::tests::{Zeros, begin, observed};
    use rollcall_store::Store;
    use rollcall_store::directory::is_held;
    use std::sync::Arc;
    use tempfile::TempDir;

    /// A running store whose ledger has this many events.
    async fn store(events: usize) -> (TempDir, SqliteStore) {
        let directory = TempDir::new().unwrap();
        let store = SqliteStore::open(directory.path(), Arc::new(Zeros)).unwrap();
        begin(&store).await.unwrap();
        observed(&store, events - 1).await;
        (directory, store)
    }

    fn edit(directory: &TempDir, sql: &str) {
        open::writer(directory.path()).unwrap().execute_batch(sql).unwrap();
    }

    #[tokio::test]
    async fn it_reads_beside_the_one_that_writes_and_follows_it() {
        let (directory, store) = store(6).await;
        let reader = SqliteReader::open(directory.path()).unwrap();
        let mut seen = Vec::new();
        let end = reader.verify(&mut |seq| seen.push(seq.0)).unwrap().unwrap();
        assert_eq!((end, seen), (store.end().await.unwrap(), vec![6]));
        observed(&store, 1).await;
        assert_eq!(reader.end().unwrap(), store.end().await.unwrap());
        assert_eq!(reader.end_at(Seq(6)).unwrap(), Some(end));
        assert_eq!(reader.end_at(Seq(8)).unwrap(), None);
        assert_eq!(reader.last_event_at().unwrap(), Some(Timestamp::from_ms(2)));
        assert!(!reader.workspace().unwrap().unwrap().test);
        assert!(is_held(directory.path()).unwrap());
        drop(store);
        assert!(!is_held(directory.path()).unwrap());
        assert!(reader.verify(&mut |_| ()).unwrap().is_ok(), "without a server too");
    }

    #[tokio::test]
    async fn what_is_no_store_is_neither_made_nor_read() {
        let directory = TempDir::new().unwrap();
        let missing = directory.path().join("data");
        let Err(StoreError::NotOurs(why)) = SqliteReader::open(&missing) else { panic!("it was opened") };
        assert!(why.contains("there is no store in") && !missing.exists(), "{why}");
        assert!(!is_held(&missing).unwrap() && !missing.exists());
        std::fs::write(directory.path().join(open::DATABASE), "anything but a database, at some length")
            .unwrap();
        assert!(matches!(SqliteReader::open(directory.path()), Err(StoreError::Corrupt(_))));
    }

    #[tokio::test]
    async fn what_was_done_to_the_fourth_of_six_events_is_named() {
        for (made, bad) in [
            (Edit::Time, Some(4)),
            (Edit::Detail, Some(4)),
            (Edit::Hash, Some(4)),
            (Edit::Deleted, Some(4)),
            // The chain alone does not show these.
            (Edit::CutOff, None),
            (Edit::Rewritten, None),
        ] {
            let (directory, store) = store(6).await;
            let before = store.end().await.unwrap();
            made.make(directory.path(), Seq(4)).unwrap();
            let reader = SqliteReader::open(directory.path()).unwrap();
            let verified = reader.verify(&mut |_| ()).unwrap();
            assert_eq!(verified.clone().err().map(|bad| bad.seq.0), bad, "{made:?}");
            assert_ne!(verified.ok(), Some(before), "{made:?}");
        }
    }

    #[tokio::test]
    async fn a_value_that_no_event_has_is_named_with_its_event() {
        for sql in [
            "UPDATE ledger SET hash = x'00' WHERE seq = 4",
            "UPDATE ledger SET kind = 70000 WHERE seq = 4",
            "UPDATE ledger SET subject = -7 WHERE seq = 4",
        ] {
            let (directory, _store) = store(6).await;
            edit(&directory, sql);
            let bad = SqliteReader::open(directory.path()).unwrap().verify(&mut |_| ()).unwrap().unwrap_err();
            assert_eq!(bad.seq, Seq(4), "{sql}");
            assert!(bad.what.starts_with("it cannot be read"), "{}", bad.what);
        }
    }

    #[tokio::test]
    async fn a_head_that_does_not_reach_the_last_event_is_named() {
        let (directory, _store) = store(6).await;
        edit(&directory, "UPDATE ledger_head SET (seq, hash) = (SELECT seq, hash FROM ledger WHERE seq = 4)");
        let bad = SqliteReader::open(directory.path()).unwrap().verify(&mut |_| ()).unwrap().unwrap_err();
        assert_eq!(bad.seq, Seq(5), "{bad:?}");
    }

    #[tokio::test]
    async fn the_last_events_are_verified_without_those_before() {
        let (directory, _store) = store(9).await;
        let reader = SqliteReader::open(directory.path()).unwrap();
        let first_bad = |events| reader.verify_last(events).unwrap().err().map(|bad| bad.seq.0);
        edit(&directory, "UPDATE ledger SET at = at + 1 WHERE seq = 5");
        assert_eq!([3, 4, 5, 9, 10_000].map(first_bad), [None, None, Some(5), Some(5), Some(5)]);
        edit(&directory, "DELETE FROM ledger WHERE seq = 6");
        assert_eq!([3, 2].map(first_bad), [Some(6), None]);
    }
}
