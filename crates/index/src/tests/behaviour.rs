//! Single promises, one by one.

use super::world::{ADDRESSES, Ask, World};
use crate::{Direction, List, Scope, SortKey, TooCostly};
use rollcall_model::limits::{KNOWN_ADDRESS_FOR, STEP_UP_WINDOWS_PER_SESSION};
use rollcall_model::step_up::{AgentDigest, Window};
use rollcall_model::{
    Actor, AddressKey, Event, Happening, Holder, Seq, SessionNo, Timestamp, UserNo, limits,
};
use std::cell::Cell;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_hours(90 * 24);

#[test]
fn a_session_is_gone_everywhere_at_the_instant_of_its_end() {
    let mut world = World::new();
    let session = world.open(0, 0, 0, 0, Duration::from_secs(10));
    let stays = world.open(1, 0, 0, 0, LONG);
    let standing = &world.standing;
    let before = session.expires_at - MS;
    assert_eq!(Ask::all().of(standing, before), (2, vec![stays.no, session.no]));
    assert!(standing.bearer(&session.token, before).is_some());
    assert_eq!(standing.live(before), 2);
    assert!(standing.due(before, SessionNo(0), 10).is_empty());
    let at = session.expires_at;
    assert!(standing.bearer(&session.token, at).is_none());
    assert_eq!(Ask::all().of(standing, at), (1, vec![stays.no]));
    assert_eq!(Ask::filter("zoe").of(standing, at), (0, vec![]));
    assert_eq!(standing.live(at), 1);
    standing.session(&session.id, at, |row| assert!(row.is_none()));
    assert_eq!(standing.due(at, SessionNo(0), 10), [session.no]);
    assert_eq!(standing.sessions_of(session.owner.no), [session.no], "its ending is not written yet");
    world.end(session.no);
    assert!(world.standing.due(at, SessionNo(0), 10).is_empty());
    assert!(world.standing.sessions_of(session.owner.no).is_empty());
}

#[test]
fn a_session_is_gone_when_it_was_idle_for_its_time_and_each_use_moves_that() {
    let idle = Duration::from_mins(5);
    let mut world = World::with_idle(Some(idle));
    let [used, unused] = [0, 1].map(|user| world.open(user, 0, 0, 0, LONG));
    let told = |world: &World| world.standing.due(world.now, SessionNo(0), 10);
    let due_at = world.now + idle;
    world.now = due_at - MS;
    assert!(world.standing.bearer(&used.token, world.now).is_some(), "the last moment");
    let seen_at = world.now;
    world.wait(MS);
    assert_eq!(world.standing.live(world.now), 1);
    assert!(world.standing.bearer(&unused.token, world.now).is_none(), "a check that is late moves nothing");
    world.now = due_at + limits::IDLE_GRACE - MS;
    assert!(told(&world).is_empty());
    world.wait(MS);
    assert_eq!(told(&world), [unused.no]);
    world.now = seen_at + idle - MS;
    assert_eq!(world.standing.live(world.now), 1);
    world.wait(MS);
    assert!(world.standing.bearer(&used.token, world.now).is_none(), "before the row was looked at");
    assert_eq!(world.standing.live(world.now), 0);
    assert_eq!(world.standing.sessions_of(used.owner.no), [used.no], "until its ending is told");
    world.wait(limits::IDLE_GRACE);
    assert_eq!(told(&world), [used.no, unused.no]);
    world.standing.apply(&[World::ending(&used), World::ending(&unused)]);
    assert!(told(&world).is_empty());
}

#[test]
fn a_token_is_dead_as_soon_as_its_session_has_ended() {
    let mut world = World::new();
    let session = world.open(0, 0, 0, 0, LONG);
    let bearer = world.standing.bearer(&session.token, world.now).unwrap();
    let owner = &session.owner;
    assert_eq!((bearer.user, bearer.user_id, bearer.roles), (owner.no, owner.id, owner.roles));
    assert_eq!(bearer.holder, Holder::Session(session.no));
    assert_eq!(world.standing.owner(owner.no).as_ref(), Some(owner));
    assert_eq!(world.standing.expires_at(session.no), Some(session.expires_at));
    world.end(session.no);
    assert!(world.standing.bearer(&session.token, world.now).is_none());
    assert_eq!(Ask::all().of(&world.standing, world.now), (0, vec![]));
}

#[test]
fn an_event_that_was_applied_already_changes_nothing() {
    let mut world = World::new();
    let session = world.open(0, 0, 0, 0, LONG);
    world.standing.apply(&[World::opened(&session)]);
    assert_eq!(world.standing.live(world.now), 1);
    world.end(session.no);
    let again = world.ended(session.no);
    world.standing.apply(&[again, World::opened(&session)]);
    assert_eq!(world.standing.live(world.now), 0);
}

#[test]
fn sessions_of_a_user_come_in_the_order_of_their_last_use() {
    let mut world = World::new();
    let sessions: Vec<_> = (0..3).map(|device| world.open(0, device, 0, 0, LONG)).collect();
    world.open(1, 0, 0, 0, LONG);
    world.wait(Duration::from_secs(5));
    assert!(world.standing.bearer(&sessions[0].token, world.now).is_some());
    let order = world.standing.sessions_of(sessions[0].owner.no);
    assert_eq!(order, [sessions[1].no, sessions[2].no, sessions[0].no]);
    let seen = world.standing.session(&sessions[0].id, world.now, |row| row.unwrap().seen_at());
    assert_eq!(seen, world.now);
}

#[test]
fn the_store_is_told_once_of_what_moved_and_of_what_ended_since() {
    let mut world = World::new();
    let sessions = [0, 0, 1].map(|user| world.open(user, 0, 0, 0, LONG));
    let told = |world: &World| (world.standing.take_seen(0), world.standing.take_seen_of_ended());
    assert_eq!(told(&world), ((vec![], None), vec![]), "the store knows of what was opened");
    world.wait(Duration::from_secs(2));
    for session in &sessions[..2] {
        world.standing.bearer(&session.token, world.now);
    }
    world.end(sessions[1].no);
    let [live, ended] = [0, 1].map(|at| (sessions[at].no, world.now));
    assert_eq!(told(&world), ((vec![live], None), vec![ended]));
    assert_eq!(told(&world), ((vec![], None), vec![]));
    // What could not be written is told again, as it is by then.
    world.end(sessions[0].no);
    assert_eq!(told(&world), ((vec![], None), vec![]));
    world.standing.put_seen_back(vec![live, ended]);
    assert_eq!(told(&world), ((vec![], None), vec![live, ended]));
    let untold = (sessions[2].no, sessions[2].opened_at);
    world.standing.put_seen_back(vec![untold]);
    world.wait(Duration::from_secs(2));
    world.standing.bearer(&sessions[2].token, world.now);
    assert_eq!(told(&world), ((vec![(untold.0, world.now)], None), vec![]));
}

#[test]
fn a_large_table_is_looked_through_in_steps() {
    let mut world = World::new();
    let sessions: Vec<_> = (0..3_000).map(|i| world.open(i % 12, 0, 0, 0, LONG)).collect();
    world.wait(Duration::from_secs(2));
    for session in &sessions {
        world.standing.bearer(&session.token, world.now);
    }
    let (mut all, mut steps, mut next) = (Vec::new(), 0, Some(0));
    while let Some(from) = next {
        let (seen, rest) = world.standing.take_seen(from);
        assert!(seen.len() < 2 * limits::SEEN_AT_ONCE + 48, "{}", seen.len());
        all.extend(seen);
        (steps, next) = (steps + 1, rest);
    }
    assert_eq!(all.len(), sessions.len());
    assert!(steps > 1);
}

#[test]
fn equal_instants_stay_newest_first_in_both_directions() {
    let mut world = World::new();
    let early = [world.open(0, 0, 0, 0, LONG).no, world.open(1, 0, 0, 0, LONG).no];
    world.wait(MS);
    let late = [world.open(2, 0, 0, 0, LONG).no, world.open(3, 0, 0, 0, LONG).no];
    let by = |direction| Ask { sort: vec![(SortKey::LoginAt, direction)], ..Ask::all() };
    let up = by(Direction::Ascending).of(&world.standing, world.now).1;
    assert_eq!(up, [early[1], early[0], late[1], late[0]]);
    let down = by(Direction::Descending).of(&world.standing, world.now).1;
    assert_eq!(down, [late[1], late[0], early[1], early[0]]);
}

#[test]
fn moving_rows_together_keeps_everything() {
    let mut world = World::new();
    let mut sessions = Vec::new();
    for i in 0..200 {
        world.wait(MS);
        let lifetime = if i % 7 == 0 { Duration::from_secs(1_000) } else { LONG };
        sessions.push(world.open(i % 12, i % 9, i % 4, i % 8, lifetime));
    }
    world.standing.remember_step_up(Window {
        token: sessions[199].no.into(),
        agent: AgentDigest([1; 16]),
        ip: sessions[199].ip,
        until: world.now + LONG,
    });
    world.wait(Duration::from_secs(2_000)); // every seventh is retired
    for session in sessions.iter().filter(|session| !session.no.0.is_multiple_of(5)) {
        world.end(session.no);
        for key in [SortKey::LoginAt, SortKey::Name, SortKey::Username, SortKey::OsVersion] {
            let ask = Ask { sort: vec![(key, Direction::Descending)], ..Ask::all() };
            assert_eq!(ask.of(&world.standing, world.now), world.naive(&ask));
        }
    }
    let due = world.sessions.iter().filter(|known| !known.ended && known.session.expires_at <= world.now);
    assert_eq!(
        world.standing.due(world.now, SessionNo(0), 100),
        due.map(|known| known.session.no).collect::<Vec<_>>()
    );
    let last = &sessions[199];
    let covered = world.standing.step_up_remembered(last.no.into(), AgentDigest([1; 16]), last.ip, world.now);
    assert!(covered, "{last:?}");
    for session in &sessions {
        let from = AddressKey::of(session.ip);
        assert!(world.standing.knows_address(session.owner.no, from, world.now));
    }
}

#[test]
fn a_step_up_holds_for_its_client_and_its_time_and_dies_with_its_session() {
    let mut world = World::new();
    let session = world.open(0, 0, 0, 0, LONG);
    let (now, until) = (world.now, world.now + Duration::from_mins(1));
    let client = |n: u8| (AgentDigest([n; 16]), IpAddr::from([10, 0, 0, n]));
    let pass = |world: &World, n: u8| {
        let (agent, ip) = client(n);
        let window = Window { token: session.no.into(), agent, ip, until };
        world.standing.apply(&[Event {
            seq: Seq(9_999),
            at: now,
            actor: Actor::System,
            subject: None,
            session: Some(session.no),
            live: 0,
            happening: Happening::StepUpPassed(window),
        }]);
    };
    let holds = |world: &World, n: u8, now: Timestamp| {
        world.standing.step_up_remembered(session.no.into(), client(n).0, client(n).1, now)
    };
    pass(&world, 1);
    assert!(holds(&world, 1, until - MS));
    assert!(!holds(&world, 1, until));
    assert!(!holds(&world, 2, now));
    let bound = u8::try_from(STEP_UP_WINDOWS_PER_SESSION).unwrap();
    (2..=bound).for_each(|n| pass(&world, n));
    pass(&world, 1); // now the newest
    assert!((1..=bound).all(|n| holds(&world, n, now)));
    pass(&world, 100);
    assert!(!holds(&world, 2, now) && holds(&world, 1, now) && holds(&world, 3, now));
    world.end(session.no);
    assert!(!holds(&world, 1, now));
}

#[test]
fn an_address_stays_known_for_its_time_after_the_session_has_ended() {
    let mut world = World::new();
    let session = world.open(0, 0, 0, 4, LONG);
    let opened_at = world.now;
    let knows =
        |world: &World, now| world.standing.knows_address(session.owner.no, AddressKey::of(session.ip), now);
    let until = opened_at + KNOWN_ADDRESS_FOR;
    for ended in [false, true] {
        if ended {
            world.end(session.no);
        }
        assert!(knows(&world, until - MS));
        assert!(!knows(&world, until));
    }
    let other: IpAddr = ADDRESSES[0].parse().unwrap();
    assert!(!world.standing.knows_address(session.owner.no, AddressKey::of(other), opened_at));
    assert!(!world.standing.knows_address(UserNo(101), AddressKey::of(session.ip), opened_at));
    let reloaded = world.reloaded();
    reloaded.remember_address(session.owner.no, AddressKey::of(session.ip), opened_at);
    assert!(reloaded.knows_address(session.owner.no, AddressKey::of(session.ip), until - MS));
}

#[test]
fn a_scan_ends_when_it_is_told_to() {
    let mut world = World::new();
    (0..50).for_each(|i| drop(world.open(i % 12, i % 9, i % 4, i % 8, LONG)));
    let list = List {
        scope: Scope::Everyone,
        filter: Some("chrome".into()),
        sort: Vec::new(),
        after: None,
        offset: 0,
        count: 50,
    };
    let asked = Cell::new(0);
    let answer = |patience: u32| {
        asked.set(0);
        let stop = || {
            asked.set(asked.get() + 1);
            asked.get() > patience
        };
        // Of an index that was not asked before: a view would go on where it stands.
        world.reloaded().list(&list, world.now, &stop, |page| (page.total(), page.rows().len()))
    };
    assert!(answer(u32::MAX).is_ok());
    for patience in 0..asked.get() {
        assert_eq!(answer(patience), Err(TooCostly));
    }
}

#[test]
fn a_user_who_came_back_changed_is_shown_as_it_is_now() {
    let mut world = World::new();
    let first = world.open(0, 0, 0, 0, LONG);
    world.end(first.no);
    let renamed = world.rename(0, "zoe", Some("Renamed"));
    world.standing.apply(&[renamed]);
    let second = world.open(0, 0, 0, 0, LONG);
    let name = world.standing.session(&second.id, world.now, |row| row.unwrap().name().map(String::from));
    assert_eq!(name.as_deref(), Some("Renamed"));
    assert_eq!(Ask::filter("kelvin").of(&world.standing, world.now), (0, vec![]));
    assert_eq!(Ask::filter("renamed").of(&world.standing, world.now), (1, vec![second.no]));
    assert_eq!(world.standing.sessions_of(second.owner.no), [second.no]);
}

#[test]
fn readers_see_whole_pages_while_sessions_come_go_and_expire() {
    let mut world = World::new();
    let soon = Duration::from_millis(300);
    let mut sessions = Vec::new();
    for i in 0..600 {
        world.wait(MS);
        let lifetime = if i % 3 == 0 { soon } else { LONG };
        sessions.push(world.make(i % 12, i % 9, i % 4, i % 8, lifetime));
    }
    let (standing, end) = (&world.standing, world.now);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for reader in 0..2 {
            let (done, sessions) = (&done, &sessions);
            scope.spawn(move || {
                let mut pages = 0;
                while !done.load(Ordering::Relaxed) || pages == 0 {
                    let now = sessions[pages * 7 % sessions.len()].opened_at;
                    let sort = vec![(
                        if reader == 0 { SortKey::Name } else { SortKey::LoginAt },
                        Direction::Ascending,
                    )];
                    let (total, rows) = Ask { sort, count: 1_000, ..Ask::all() }.of(standing, now);
                    assert_eq!(rows.len(), total, "one state gives the total and the rows");
                    pages += 1;
                }
            });
        }
        for session in &sessions {
            standing.apply(&[World::opened(session)]);
            if session.no.0.is_multiple_of(2) {
                standing.apply(&[World::ending(session)]);
                assert!(standing.bearer(&session.token, session.opened_at).is_none());
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    let left = sessions.iter().filter(|session| session.no.0 % 2 == 1 && end < session.expires_at).count();
    assert_eq!(standing.live(end), left as u64);
}
