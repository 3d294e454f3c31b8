//! The write-ahead log, cut and spoiled at any byte: what is there afterwards is what some commits left, in order.
//!
//! By default at the bytes that say what follows, and at some others; with `ROLLCALL_TEST_CUTS` at all.

use super::load::Load;
use super::{MANY, open, shown};
use crate::open::{DATABASE, LOG};
use rollcall_faulty_vfs::Disk;
use rollcall_store::ChainEnd;
use rollcall_store::chain::BEFORE_THE_FIRST;
use std::fs;
use std::ops::Range;
use std::path::Path;
use tempfile::TempDir;

/// Bytes before the first page in the log, before each page, and of a page with those.
const HEAD: usize = 32;
const BEFORE_PAGE: usize = 24;
const FRAME: usize = BEFORE_PAGE + 4_096;

/// What a process that was killed left, and how long the log was when each commit was answered.
struct Left {
    database: Vec<u8>,
    log: Vec<u8>,
    commits: Vec<(usize, ChainEnd)>,
}

async fn left() -> Left {
    let directory = TempDir::new().unwrap();
    let disk = Disk::without_past(directory.path());
    let store = open(directory.path(), MANY).unwrap();
    let length = || fs::metadata(directory.path().join(LOG)).unwrap().len();
    let mut commits = vec![(usize::try_from(length()).unwrap(), BEFORE_THE_FIRST)];
    let mut load = Load::on(store, &disk);
    for _ in 0..23 {
        load.commit(&disk).await.unwrap();
        commits.push((usize::try_from(length()).unwrap(), load.now().end));
        load.between().await.unwrap();
    }
    disk.stop();
    load.fixture.store.close().await.unwrap();
    let read = |file| fs::read(directory.path().join(file)).unwrap();
    Left { database: read(DATABASE), log: read(LOG), commits }
}

impl Left {
    /// The bytes that are tried of a stretch of the log: all that tell of pages, and of the pages some.
    fn places(stretch: Range<usize>) -> Vec<usize> {
        let all = std::env::var("ROLLCALL_TEST_CUTS").is_ok();
        let tells = |at: &usize| *at < HEAD || (at - HEAD) % FRAME < BEFORE_PAGE;
        stretch.filter(|at| all || tells(at) || at % 257 == 0).collect()
    }

    /// Where the two last commits stand.
    fn last_two(&self) -> Range<usize> {
        let changing: Vec<_> = self.commits.windows(2).filter(|pair| pair[0].0 < pair[1].0).collect();
        changing[changing.len() - 2][0].0..self.log.len()
    }

    /// Where the ledger ends with this log, which is whole: as some commit left it.
    fn end_with(&self, log: &[u8], what: &str) -> ChainEnd {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join(DATABASE), &self.database).unwrap();
        fs::write(directory.path().join(LOG), log).unwrap();
        let end = verified(directory.path()).unwrap_or_else(|why| panic!("{what}: {why}"));
        assert!(
            self.commits.iter().any(|(_, commit)| *commit == end),
            "{what}: no commit ended with {end:?}"
        );
        end
    }

    /// The last commit that is whole within so many bytes of the log.
    fn last_within(&self, bytes: usize) -> ChainEnd {
        self.commits.iter().rfind(|(length, _)| *length <= bytes).map_or(BEFORE_THE_FIRST, |(_, end)| *end)
    }
}

fn verified(directory: &Path) -> Result<ChainEnd, String> {
    let _disk = Disk::without_past(directory);
    let connection = crate::open::writer(directory).map_err(|error| error.to_string())?;
    let verified = crate::read::verify(&connection, BEFORE_THE_FIRST, &mut |_| ());
    verified.map_err(|error| error.to_string())?.map_err(|bad| format!("{bad:?}"))
}

#[tokio::test]
async fn of_a_log_that_is_cut_anywhere_the_whole_commits_are_there() {
    let left = left().await;
    assert_eq!(left.end_with(&left.log, "whole"), left.commits.last().unwrap().1);
    let mut cuts = Left::places(left.last_two());
    cuts.extend((0..left.last_two().start).step_by(9_973));
    for &cut in &cuts {
        assert_eq!(left.end_with(&left.log[..cut], &format!("cut at {cut}")), left.last_within(cut));
    }
    assert!(cuts.len() > 100, "{} cuts", cuts.len());
}

/// What was answered is lost then: the disk did not keep what it said to have. No commit is there by halves.
#[tokio::test]
async fn of_a_log_that_is_spoiled_anywhere_the_commits_before_are_there() {
    let left = left().await;
    let mut places = Left::places(left.last_two());
    places.extend((HEAD..left.last_two().start).step_by(9_973));
    for &at in &places {
        let mut log = left.log.clone();
        log[at] ^= 0x10;
        assert_eq!(left.end_with(&log, &format!("spoiled at {at}")), left.last_within(at), "spoiled at {at}");
    }
    assert!(places.len() > 100, "{} places", places.len());
}

#[tokio::test]
async fn a_store_with_a_torn_log_shows_what_its_ledger_says_and_goes_on() {
    let left = left().await;
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join(DATABASE), &left.database).unwrap();
    fs::write(directory.path().join(LOG), &left.log[..left.log.len() - 1]).unwrap();
    let store = open(directory.path(), MANY).unwrap();
    assert_eq!(shown(&store).await.unwrap().end, left.last_within(left.log.len() - 1));
    super::goes_on(&store).await.unwrap();
}
