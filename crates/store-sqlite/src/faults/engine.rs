//! Reads, writes and syncs that fail: what whoever commits is told, and what is there afterwards.

use super::load::{Load, Way};
use super::{FEW, MANY, goes_on, has, open, shown};
use crate::SqliteStore;
use crate::write_back::checkpoint;
use rollcall_faulty_vfs::{Disk, Kept};
use rollcall_model::{Command, EndReason, SessionNo, UserNo};
use rollcall_store::{ChainEnd, Hindrance, LiveSets, Store, StoreError};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

type Fault = fn(&Disk);

/// A store with some past, on a disk where all goes well.
async fn with_past(directory: &Path, disk: &Disk) -> (Arc<SqliteStore>, Load) {
    let store = open(directory, MANY).unwrap();
    let mut load = Load::on(store.clone(), disk);
    load.run(disk, 30).await.unwrap();
    (store, load)
}

fn is_unavailable<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Unavailable(_)))
}

#[tokio::test]
async fn a_disk_that_takes_no_writes_costs_the_commits_that_were_asked_meanwhile_and_nothing_else() {
    let faults: [(&str, Fault); 3] =
        [("read-only", Disk::protect), ("failing writes", Disk::fail_writes), ("stopped", Disk::stop)];
    for (what, fault) in faults {
        let directory = TempDir::new().unwrap();
        let disk = Disk::without_past(directory.path());
        let (store, mut load) = with_past(directory.path(), &disk).await;
        let before = shown(&store).await.unwrap();
        assert_eq!(store.hindrance(), None);
        fault(&disk);
        for _ in 0..3 {
            let told = load.run(&disk, 1).await;
            assert!(is_unavailable(&told), "{what}: {told:?}");
            assert!(matches!(store.hindrance(), Some(Hindrance::Failing(_))), "{what}");
            // Reads go on, and show nothing of it.
            assert_eq!(shown(&store).await.as_ref(), Ok(&before), "{what}");
        }
        disk.heal();
        load.run(&disk, 8).await.unwrap();
        assert_eq!(store.hindrance(), None, "{what}");
        assert_eq!(shown(&store).await.as_ref(), Ok(load.now()), "{what}");
        // And a fault that never ends, until somebody pulls the plug.
        fault(&disk);
        load.run(&disk, 1).await.unwrap_err();
        store.close().await.unwrap();
        disk.heal();
        drop(load.fixture);
        let store = open(directory.path(), MANY).unwrap();
        assert_eq!(shown(&store).await.unwrap().end, load.answered.last().unwrap().1.end, "{what}");
        goes_on(&store).await.unwrap();
    }
}

#[tokio::test]
async fn reads_that_fail_are_told_and_good_again_afterwards() {
    let directory = TempDir::new().unwrap();
    let disk = Disk::without_past(directory.path());
    let (store, mut load) = with_past(directory.path(), &disk).await;
    disk.fail_reads();
    let verified = store.verify().await;
    assert!(is_unavailable(&verified), "{verified:?}");
    disk.heal();
    assert_eq!(shown(&store).await.as_ref(), Ok(load.now()));
    load.run(&disk, 8).await.unwrap();
    assert_eq!(shown(&store).await.as_ref(), Ok(load.now()));
}

#[tokio::test]
async fn a_store_on_a_disk_that_can_only_be_read_is_not_opened_and_not_changed() {
    let directory = TempDir::new().unwrap();
    let disk = Disk::without_past(directory.path());
    let (store, load) = with_past(directory.path(), &disk).await;
    store.close().await.unwrap();
    disk.protect();
    assert!(is_unavailable(&open(directory.path(), MANY)));
    disk.heal();
    assert_eq!(shown(&open(directory.path(), MANY).unwrap()).await.as_ref(), Ok(load.now()));
}

/// What comes after a sync that failed: the process is ended, or killed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Clean,
    Kill,
}

/// Whichever sync fails, of the log or of the database, on whichever thread: nothing is answered afterwards that a
/// power cut could take.
#[tokio::test]
async fn after_a_failed_sync_nothing_is_answered_that_is_not_on_the_disk() {
    let mut on_the_way = 0;
    for which in (0..).step_by(5).take(26) {
        for (end, way) in [
            (End::Clean, Way::Synced),
            (End::Kill, Way::Synced),
            (End::Clean, Way::Ahead),
            (End::Kill, Way::Ahead),
        ] {
            on_the_way += usize::from(fails_at(which, end, way).await);
        }
    }
    assert!(on_the_way > 52, "{on_the_way} syncs failed while commits were made");
}

/// Whether the sync failed at all before the load was over.
async fn fails_at(which: usize, end: End, way: Way) -> bool {
    let directory = TempDir::new().unwrap();
    let disk = Disk::under(directory.path());
    let store = open(directory.path(), FEW).unwrap();
    let mut load = Load::by(way, store.clone(), &disk);
    load.run(&disk, 10).await.unwrap();
    disk.fail_syncs(which, 1);
    let what = format!("sync {which}, {end:?}, {way:?}");
    let mut failed = None;
    for _ in 0..60 {
        match load.run(&disk, 1).await {
            Ok(()) => {}
            Err(error) => failed = Some(error),
        }
        if failed.is_some() {
            break;
        }
    }
    let Some(error) = failed else { return false };
    assert!(matches!(error, StoreError::SyncFailed(_)), "{what}: {error:?}");
    assert_eq!(store.hindrance(), Some(Hindrance::SyncFailed), "{what}");
    // Reads go on; nothing more is written, not an ending either.
    let answered = load.answered.last().unwrap().1.end;
    assert!(has(&store, answered).await, "{what}");
    let session = load.now().live.first().copied().unwrap_or(SessionNo(1));
    let by = rollcall_model::Actor::System;
    let ending = Command::EndSession { session, reason: EndReason::SignedOut, by };
    let refused = load.fixture.try_commit(vec![ending]).await;
    assert!(matches!(refused, Err(StoreError::SyncFailed(_))), "{what}: {refused:?}");
    if end == End::Kill {
        disk.stop();
    }
    store.close().await.unwrap();
    drop((store, load));
    let after = started_again(directory.path(), &disk, answered, &what).await;
    for kept in [Kept::Nothing, Kept::Everything] {
        let left = TempDir::new().unwrap();
        disk.after_power_cut(disk.now(), kept, left.path());
        let store = open(left.path(), FEW).unwrap_or_else(|error| panic!("{what}: {error}"));
        let shown = shown(&store).await.unwrap_or_else(|why| panic!("{what}, {kept:?}: {why}"));
        let has_all = has(&store, answered).await && has(&store, after).await;
        assert!(has_all, "{what}, {kept:?}: the ledger ends with {:?}", shown.end);
    }
    true
}

/// The next process, on the same system: it goes on from there, and answers. Gives how far it came.
async fn started_again(directory: &Path, disk: &Disk, answered: ChainEnd, what: &str) -> ChainEnd {
    disk.next_process();
    let store = open(directory, FEW).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(has(&store, answered).await, "{what}");
    assert_eq!(store.hindrance(), None, "{what}");
    goes_on(&store).await.unwrap_or_else(|why| panic!("{what}: {why}"));
    let end = store.end().await.unwrap();
    disk.stop();
    store.close().await.unwrap();
    disk.heal();
    end
}

/// The end of a process writes the log back, but not then: SQLite takes pages for written that a sync did not bring to
/// the disk, when it had written them before the others, beside somebody who still read.
#[tokio::test]
async fn a_log_whose_writing_back_failed_is_left_to_the_next_process() {
    let directory = TempDir::new().unwrap();
    let disk = Disk::under(directory.path());
    let (store, mut load) = with_past(directory.path(), &disk).await;
    let beside = crate::open::reader(directory.path()).unwrap();
    beside.execute_batch("BEGIN; SELECT seq FROM ledger_head").unwrap();
    load.run(&disk, 20).await.unwrap();
    let write_back = || store.write(|connection| checkpoint(connection));
    write_back().await.unwrap();
    beside.close().unwrap();
    // The log's goes well, and then the database's does not.
    disk.fail_syncs(1, 1);
    assert!(matches!(write_back().await, Err(StoreError::SyncFailed(_))));
    assert!(disk.has_failed_syncs());
    store.close().await.unwrap();
    for kept in [Kept::Nothing, Kept::Everything] {
        let left = TempDir::new().unwrap();
        disk.after_power_cut(disk.now(), kept, left.path());
        assert_eq!(shown(&open(left.path(), MANY).unwrap()).await.as_ref(), Ok(load.now()), "{kept:?}");
    }
}

/// Whoever asks it which sessions a user has, has the log synced first.
struct SettlesMeanwhile(Arc<SqliteStore>);

impl LiveSets for SettlesMeanwhile {
    fn sessions_of(&self, _user: UserNo) -> Vec<SessionNo> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert!(runtime.block_on(self.0.settle()).is_err());
        Vec::new()
    }
}

/// Else whoever committed would take it for not done, and find it in the ledger.
#[tokio::test]
async fn a_commit_ahead_beside_which_a_sync_fails_is_given_and_not_settled() {
    let directory = TempDir::new().unwrap();
    let disk = Disk::under(directory.path());
    let (store, load) = with_past(directory.path(), &disk).await;
    disk.fail_syncs(0, 1);
    let user = UserNo(*load.now().users.keys().next().unwrap());
    let end = Command::EndSessionsOf { user, but: None, by: rollcall_model::Actor::System };
    let sets = Arc::new(SettlesMeanwhile(store.clone()));
    let begun = store.commit_ahead([opening(&load, user), end].into(), sets, load.fixture.now());
    let committed = begun.await.unwrap();
    assert_eq!(store.end().await.unwrap(), committed.end);
    assert!(committed.end.seq > load.now().end.seq);
    assert!(matches!(store.settle().await, Err(StoreError::SyncFailed(_))));
}

fn opening(load: &Load, user: UserNo) -> Command {
    Command::OpenSession(Box::new(load.fixture.opening(user)))
}
