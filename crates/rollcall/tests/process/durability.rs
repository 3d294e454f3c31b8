//! The plug is pulled in the middle, again and again: nothing that was answered is lost, and nothing is
//! there that nobody asked for.

use crate::observer::Observer;
use crate::process::{Process, serve};
use rollcall_auth::SystemRandomness;
use rollcall_model::Randomness;
use rollcall_model::ids::Seq;
use rollcall_store::{ChainEnd, Store};
use rollcall_store_sqlite::SqliteStore;
use rollcall_testkit::Caller;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const USERS: usize = 12;
/// Who ask at the same time.
const TASKS: usize = 6;

/// `ROLLCALL_TEST_KILLS` says how many; each of about a second of load.
#[tokio::test(flavor = "multi_thread")]
async fn every_answer_survives_ten_kills() {
    let rounds = std::env::var("ROLLCALL_TEST_KILLS").map_or(10, |rounds| rounds.parse().unwrap());
    let directory = TempDir::new().unwrap();
    let data_dir = directory.path().join("data");
    let mut server = Process::start(serve(&data_dir));
    let mut admin = server.admin().await;
    let observer = Arc::new(Observer::with_users(&admin, USERS).await);
    // It leaves a checkpoint: from now on starts read that, and what came after it.
    assert!(server.terminate().0.success());
    server = Process::start(serve(&data_dir));
    admin = server.caller().with_credentials(&admin.user_id, &admin.token);
    let mut before: Option<ChainEnd> = None;
    for round in 1..=rounds {
        let earlier = observer.figures();
        let killed_after = kill_under_load(&mut server, &admin, &observer).await;
        let asked = observer.figures();
        let end = chain_as_left(&data_dir, before).await;
        before = Some(end);
        let starting = Instant::now();
        server = Process::start(serve(&data_dir));
        let started_in = starting.elapsed();
        // Its session and its second factor were answered, so they survive as well.
        admin = server.caller().with_credentials(&admin.user_id, &admin.token);
        let (broken, done) = observer.compare(&server, &admin).await;
        println!(
            "kill {round} after {killed_after:?}: {} sign-ins and {} endings answered; unknown {} sign-ins, of \
             which {} had taken place, and {} endings, of which {} had; {} events; up again in {started_in:?}",
            asked.sign_ins - earlier.sign_ins,
            asked.endings - earlier.endings,
            asked.unknown_sign_ins,
            done.unknown_sign_ins,
            asked.unknown_endings,
            done.unknown_endings,
            end.seq.0,
        );
        assert!(broken.is_empty(), "after kill {round}: {broken:#?}");
    }
    let all = observer.figures();
    assert!(all.sign_ins > rounds && all.endings > rounds, "the load did too little: {all:?}");
    let (status, log) = server.terminate();
    assert!(status.success(), "{log:?}");
    chain_of(&data_dir, before).await;
}

/// An observer that cannot find a broken promise proves nothing.
#[tokio::test(flavor = "multi_thread")]
async fn an_ending_that_was_not_kept_is_found() {
    let directory = TempDir::new().unwrap();
    let data_dir = directory.path().join("data");
    let mut server = Process::start(serve(&data_dir));
    let admin = server.admin().await;
    let observer = Arc::new(Observer::with_users(&admin, USERS).await);
    kill_under_load(&mut server, &admin, &observer).await;
    server = Process::start(serve(&data_dir));
    let admin = server.caller().with_credentials(&admin.user_id, &admin.token);
    observer.invent_an_ending();
    let (broken, _) = observer.compare(&server, &admin).await;
    assert!(broken.len() == 1 && broken[0].starts_with("token works: true, listed: true"), "{broken:?}");
}

/// Kills it at a random moment of a load, and waits until every task has seen that it is gone.
async fn kill_under_load(server: &mut Process, admin: &Caller, observer: &Arc<Observer>) -> Duration {
    let first = random(1_000);
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (observer, anyone, admin) = (observer.clone(), server.caller(), admin.clone());
            tokio::spawn(async move { observer.load(anyone, admin, first + task * 2).await })
        })
        .collect();
    let moment = Duration::from_millis(700 + random(800) as u64);
    tokio::time::sleep(moment).await;
    server.kill();
    for task in tasks {
        task.await.unwrap();
    }
    moment
}

fn random(below: usize) -> usize {
    let mut bytes = [0; 4];
    SystemRandomness.fill(&mut bytes);
    u32::from_le_bytes(bytes) as usize % below
}

/// Verifies a copy of the store as the kill left it: to recover the original is the server's part.
async fn chain_as_left(data_dir: &Path, before: Option<ChainEnd>) -> ChainEnd {
    let copy = TempDir::new().unwrap();
    for file in std::fs::read_dir(data_dir).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    chain_of(copy.path(), before).await
}

/// Verifies the chain, and that it goes on where it ended before.
async fn chain_of(directory: &Path, before: Option<ChainEnd>) -> ChainEnd {
    let store = SqliteStore::open(directory, Arc::new(SystemRandomness)).unwrap();
    let end = store.verify().await.unwrap().unwrap();
    if let Some(before) = before {
        let then = store.ledger(Seq(before.seq.0 - 1), 1).await.unwrap().remove(0);
        assert_eq!((then.envelope.seq, then.hash), (before.seq, before.hash), "the past is another one");
    }
    store.close().await.unwrap();
    end
}
