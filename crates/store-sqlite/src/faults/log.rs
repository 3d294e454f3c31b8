//! The write-ahead log, cut and spoiled at any byte: what is there afterwards is what some commits left, in order.
//!
//! By default at the bytes that say what follows, and at some others; with `ROLLCALL_TEST_CUTS` at all.

use super::load::Load;
use super::{MANY, goes_on, open, shown};
use crate::open::{LOG, reader};
use rollcall_faulty_vfs::Disk;
use rollcall_store::ChainEnd;
use rollcall_store::chain::BEFORE_THE_FIRST;
use std::fs::{self, File};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use tempfile::TempDir;

/// Bytes before the first page in the log, before each page, and of a page with those.
const HEAD: usize = 32;
const BEFORE_PAGE: usize = 24;
const FRAME: usize = BEFORE_PAGE + 4_096;

/// What a process that was killed left, and how long the log was when each commit was answered.
struct Left {
    directory: TempDir,
    log: Vec<u8>,
    commits: Vec<(usize, ChainEnd)>,
}

async fn left() -> Left {
    let directory = TempDir::new().unwrap();
    let disk = Disk::without_past(directory.path());
    let store = open(directory.path(), MANY).unwrap();
    let length = || usize::try_from(fs::metadata(directory.path().join(LOG)).unwrap().len()).unwrap();
    let mut commits = vec![(length(), BEFORE_THE_FIRST)];
    let mut load = Load::on(store, &disk);
    for _ in 0..23 {
        load.commit(&disk).await.unwrap();
        commits.push((length(), load.now().end));
        load.between().await.unwrap();
    }
    disk.stop();
    load.fixture.store.close().await.unwrap();
    let log = fs::read(directory.path().join(LOG)).unwrap();
    Left { directory, log, commits }
}

impl Left {
    /// The bytes that are tried: of the last two commits all that tell of pages, and of the pages some; of the rest
    /// few.
    fn places(&self) -> Vec<usize> {
        let all = std::env::var("ROLLCALL_TEST_CUTS").is_ok();
        let tells = |at: &usize| (at - HEAD) % FRAME < BEFORE_PAGE;
        let last_two = self.last_two();
        // Of what opening wrote, nobody was answered, and a reader has nothing to read.
        let before = (self.commits[0].0..last_two.start).step_by(1_999);
        before.chain(last_two.filter(|at| all || tells(at) || at % 257 == 0)).collect()
    }

    fn last_two(&self) -> Range<usize> {
        let changing: Vec<_> = self.commits.windows(2).filter(|pair| pair[0].0 < pair[1].0).collect();
        changing[changing.len() - 2][0].0..self.log.len()
    }

    fn file(&self) -> File {
        File::options().write(true).open(self.directory.path().join(LOG)).unwrap()
    }

    /// Where the ledger ends with the log as it is, for one that only reads and so leaves it as it is.
    fn end(&self, what: &str) -> ChainEnd {
        let reader = reader(self.directory.path()).unwrap();
        let verified = crate::read::verify(&reader, BEFORE_THE_FIRST, &mut |_| ());
        verified.unwrap_or_else(|why| panic!("{what}: {why}")).unwrap_or_else(|bad| panic!("{what}: {bad:?}"))
    }

    /// The last commit that is whole within so many bytes of the log.
    fn last_within(&self, bytes: usize) -> ChainEnd {
        self.commits.iter().rfind(|(length, _)| *length <= bytes).map_or(BEFORE_THE_FIRST, |(_, end)| *end)
    }
}

#[tokio::test]
async fn of_a_log_that_is_cut_anywhere_the_whole_commits_are_there() {
    let left = left().await;
    assert_eq!(left.end("whole"), left.commits.last().unwrap().1);
    let (cuts, log) = (left.places(), left.file());
    for &cut in cuts.iter().rev() {
        log.set_len(cut as u64).unwrap();
        assert_eq!(left.end(&format!("cut at {cut}")), left.last_within(cut), "cut at {cut}");
    }
    assert!(cuts.len() > 100, "{} cuts", cuts.len());
}

/// What was answered is lost then: the disk did not keep what it said to have. No commit is there by halves.
#[tokio::test]
async fn of_a_log_that_is_spoiled_anywhere_the_commits_before_are_there() {
    let left = left().await;
    let (places, log) = (left.places(), left.file());
    for &at in &places {
        log.write_all_at(&[left.log[at] ^ 0x10], at as u64).unwrap();
        assert_eq!(left.end(&format!("spoiled at {at}")), left.last_within(at), "spoiled at {at}");
        log.write_all_at(&left.log[at..=at], at as u64).unwrap();
    }
    assert!(places.len() > 100, "{} places", places.len());
    assert_eq!(left.end("whole"), left.commits.last().unwrap().1);
}

#[tokio::test]
async fn a_store_with_a_torn_log_shows_what_its_ledger_says_and_goes_on() {
    let left = left().await;
    left.file().set_len(left.log.len() as u64 - 1).unwrap();
    let store = open(left.directory.path(), MANY).unwrap();
    assert_eq!(shown(&store).await.unwrap().end, left.last_within(left.log.len() - 1));
    goes_on(&store).await.unwrap();
}
