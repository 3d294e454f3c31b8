//! The power is cut at each sync of a mixed load: what was answered is there, and nothing is there by halves.
//!
//! By default with a few futures of each cut; `ROLLCALL_TEST_CUTS` says how many seeds.

use super::load::{Load, Way};
use super::{Expected, FEW, goes_on, open, seeds, shown};
use crate::SqliteStore;
use rollcall_faulty_vfs::{Disk, Kept, Moment};
use rollcall_store::Store;
use std::sync::Arc;
use tempfile::TempDir;

/// Commits of the load.
const TURNS: usize = 60;

/// A load that ran to its end on a disk that remembers all of it.
async fn loaded(way: Way, before: impl AsyncFnOnce(&SqliteStore)) -> (Disk, Load) {
    let directory = TempDir::new().unwrap();
    let disk = Disk::under(directory.path());
    let store = open(directory.path(), FEW).unwrap();
    before(&store).await;
    let mut load = Load::by(way, store, &disk);
    load.run(&disk, TURNS).await.unwrap();
    load.fixture.store.close().await.unwrap();
    (disk, load)
}

/// What is wrong with the store that a power cut left, if anything.
async fn judge(disk: &Disk, at: Moment, kept: Kept, answered: &[(Moment, Expected)]) -> Result<(), String> {
    let left = TempDir::new().unwrap();
    disk.after_power_cut(at, kept, left.path());
    let _disk = Disk::without_past(left.path());
    let store: Arc<SqliteStore> = open(left.path(), FEW).map_err(|error| error.to_string())?;
    let shown = shown(&store).await?;
    // The last: one in which all was refused ends where the one before it does.
    let commit = answered.iter().rposition(|(_, expected)| expected.end == shown.end);
    let commit = commit.ok_or("the ledger ends where no commit ended")?;
    let lost = answered[commit + 1..].iter().filter(|(answered_at, _)| *answered_at <= at).count();
    if lost > 0 {
        return Err(format!("{lost} commits were answered and are lost"));
    }
    if shown != answered[commit].1 {
        return Err(format!("the rows are not those of the ledger: {shown:?} and {:?}", answered[commit].1));
    }
    goes_on(&store).await?;
    store.close().await.map_err(|error| error.to_string())
}

/// Every cut: at each sync, with everything that was written since, with nothing of it, and with some by each seed.
fn cuts(disk: &Disk, seeds: u64) -> Vec<(usize, Moment, Kept)> {
    let of = |(place, at)| {
        let seeds = (0..seeds).map(move |seed| Kept::Some(seed << 32 | place as u64));
        [Kept::Nothing, Kept::Everything].into_iter().chain(seeds).map(move |kept| (place, at, kept))
    };
    disk.syncs().into_iter().enumerate().flat_map(of).collect()
}

/// What is wrong after the first of the cuts that shows something.
async fn first_wrong(disk: &Disk, load: &Load, cuts: Vec<(usize, Moment, Kept)>) -> Option<String> {
    for (place, at, kept) in cuts {
        if let Err(why) = judge(disk, at, kept, &load.answered).await {
            return Some(format!("cut at sync {place}, {kept:?}: {why}"));
        }
    }
    None
}

#[tokio::test]
async fn what_was_answered_outlives_a_power_cut_at_any_sync() {
    for way in [Way::Synced, Way::Ahead] {
        let (disk, load) = loaded(way, async |_| {}).await;
        let cuts = cuts(&disk, seeds(1));
        println!("{way:?}: {} cuts of {} commits", cuts.len(), load.answered.len() - 1);
        // One sync for the commit, or for some, and one more when the log begins anew or goes back.
        assert!(disk.syncs().len() > TURNS, "{} syncs", disk.syncs().len());
        assert_eq!(first_wrong(&disk, &load, cuts).await, None, "{way:?}");
    }
}

/// Nothing is told of a commit ahead before it is settled: it may be lost.
#[tokio::test]
async fn what_is_answered_before_it_is_settled_is_found_to_be_lost() {
    let (disk, load) = loaded(Way::AnsweredTooEarly, async |_| {}).await;
    let wrong = first_wrong(&disk, &load, cuts(&disk, 0)).await;
    assert!(wrong.as_ref().is_some_and(|why| why.ends_with("were answered and are lost")), "{wrong:?}");
}

/// A test that cannot find a broken promise proves nothing.
#[tokio::test]
async fn with_syncing_switched_off_the_same_cuts_find_what_is_lost() {
    let off = async |store: &SqliteStore| {
        store.write(|connection| connection.execute_batch("PRAGMA synchronous = OFF")).await.unwrap();
    };
    let (disk, load) = loaded(Way::Synced, off).await;
    let wrong = first_wrong(&disk, &load, cuts(&disk, 0)).await;
    assert!(wrong.as_ref().is_some_and(|why| why.ends_with("were answered and are lost")), "{wrong:?}");
}

#[tokio::test]
async fn a_directory_whose_store_was_never_answered_opens() {
    let directory = TempDir::new().unwrap();
    let disk = Disk::under(directory.path());
    let store = open(directory.path(), FEW).unwrap();
    store.close().await.unwrap();
    let load = Load::on(store, &disk);
    assert_eq!(first_wrong(&disk, &load, cuts(&disk, seeds(9))).await, None);
}
