//! The plug is pulled in the middle, again and again: nothing that was answered is lost, and nothing is
//! there that nobody asked for.

use crate::changes::Changes;
use crate::observer::Observer;
use crate::place::Place;
use crate::process::Process;
use rollcall_auth::SystemRandomness;
use rollcall_model::Randomness;
use rollcall_store::ChainEnd;
use rollcall_testkit::Caller;
use std::sync::Arc;
use std::time::{Duration, Instant};

const USERS: usize = 12;
/// Users whose roles and factors change.
const CHANGING: usize = 4;
/// Who ask at the same time, beside the one that changes users.
const TASKS: usize = 6;

/// Kills after which a new store is begun: everything that was ever answered is asked for after each.
const KILLS_OF_ONE: usize = 50;

/// Everybody outside who writes down what was answered.
struct Observers {
    sessions: Arc<Observer>,
    changes: Arc<Changes>,
}

impl Observers {
    async fn of(server: &Process, admin: &Caller) -> Self {
        let changes = Changes::of_users(admin, &server.caller(), CHANGING).await;
        let sessions = Observer::with_users(admin, USERS, changes.sessions()).await;
        Self { sessions: Arc::new(sessions), changes: Arc::new(changes) }
    }
}

/// `ROLLCALL_TEST_KILLS` says how many, each of about a second of load, and `ROLLCALL_TEST_STORE` on which engine:
/// `cargo xtask torture`.
#[tokio::test(flavor = "multi_thread")]
async fn every_answer_survives_ten_kills() {
    let mut left: usize = std::env::var("ROLLCALL_TEST_KILLS").map_or(10, |kills| kills.parse().unwrap());
    while left > 0 {
        let kills = left.min(KILLS_OF_ONE);
        survive(kills).await;
        left -= kills;
    }
}

/// Kills a server of its own so often.
async fn survive(rounds: usize) {
    let place = Place::new().await;
    let mut server = Process::start(place.serve());
    let mut admin = server.admin().await;
    let observers = Observers::of(&server, &admin).await;
    let observer = &observers.sessions;
    // It leaves a checkpoint: from now on starts read that, and what came after it.
    assert!(server.terminate().0.success());
    server = Process::start(place.serve());
    admin = server.caller().with_credentials(&admin.user_id, &admin.token);
    let mut before: Option<ChainEnd> = None;
    let mut all_changes = 0;
    for round in 1..=rounds {
        let earlier = observer.figures();
        let (killed_after, changes) = kill_under_load(&mut server, &admin, &observers).await;
        all_changes += changes;
        let asked = observer.figures();
        let kept = place.kept(before).await;
        let end = kept.end;
        before = Some(end);
        let starting = Instant::now();
        server = Process::start(place.serve());
        let started_in = starting.elapsed();
        // Its session and its second factor were answered, so they survive as well.
        admin = server.caller().with_credentials(&admin.user_id, &admin.token);
        let (mut broken, done) = observer.compare(&server, &admin, &kept.live).await;
        broken.extend(observers.changes.compare(&server.caller()).await);
        println!(
            "kill {round} after {killed_after:?}: {} sign-ins, {} endings and {changes} changes answered; unknown {} \
             sign-ins, of which {} had taken place, and {} endings, of which {} had; {} events; up again in \
             {started_in:?}",
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
    println!("{rounds} kills: {all:?}, {all_changes} changes, nothing lost, nothing invented");
    assert!(all.sign_ins > rounds && all.endings > rounds, "the load did too little: {all:?}");
    assert!(all_changes > rounds, "users changed too little: {all_changes}");
    let (status, log) = server.terminate();
    assert!(status.success(), "{log:?}");
    place.kept(before).await;
}

/// An observer that cannot find a broken promise proves nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_kept_is_found() {
    let place = Place::new().await;
    let mut server = Process::start(place.serve());
    let admin = server.admin().await;
    let observers = Observers::of(&server, &admin).await;
    kill_under_load(&mut server, &admin, &observers).await;
    let mut live = place.kept(None).await.live;
    server = Process::start(place.serve());
    let admin = server.caller().with_credentials(&admin.user_id, &admin.token);
    observers.sessions.invent_an_ending();
    live.insert("one-that-is-in-no-index".into());
    let (broken, _) = observers.sessions.compare(&server, &admin, &live).await;
    assert_eq!(broken.len(), 2, "{broken:?}");
    assert!(broken[0].ends_with("in the store: true, in the index: false"), "{broken:?}");
    assert!(broken[1].starts_with("token works: true, listed: true"), "{broken:?}");
    observers.changes.compare(&server.caller()).await;
    observers.changes.invent_a_role();
    let broken = observers.changes.compare(&server.caller()).await;
    assert!(broken.len() == 1 && broken[0].starts_with("changing-0's role is "), "{broken:?}");
}

/// Kills it at a random moment of a load, and waits until every task has seen that it is gone. Gives the moment, and how
/// many changes were answered.
async fn kill_under_load(server: &mut Process, admin: &Caller, observers: &Observers) -> (Duration, usize) {
    let first = random(1_000);
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (observer, anyone, admin) = (observers.sessions.clone(), server.caller(), admin.clone());
            tokio::spawn(async move { observer.load(anyone, admin, first + task * 2).await })
        })
        .collect();
    let (changes, anyone, its_admin) = (observers.changes.clone(), server.caller(), admin.clone());
    let changing = tokio::spawn(async move { changes.load(&anyone, &its_admin).await });
    let moment = Duration::from_millis(700 + random(800) as u64);
    tokio::time::sleep(moment).await;
    server.kill();
    for task in tasks {
        task.await.unwrap();
    }
    (moment, changing.await.unwrap())
}

fn random(below: usize) -> usize {
    let mut bytes = [0; 4];
    SystemRandomness.fill(&mut bytes);
    u32::from_le_bytes(bytes) as usize % below
}
