//! Cases about what is read of the past.
#![expect(missing_docs, reason = "the names are sentences")]
#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "these are tests")]

use super::Fixture;
use crate::reading::{StoodSession, UsersSearch};
use crate::views::View;
use rollcall_model::command::Passing;
use rollcall_model::factor::Proof;
use rollcall_model::step_up::AgentDigest;
use rollcall_model::user::NameKey;
use rollcall_model::{Actor, Command, EndReason, Seq, SessionId, SessionNo, Timestamp, UserNo};
use std::time::Duration;

fn end(session: SessionNo) -> Command {
    Command::EndSession { session, reason: EndReason::EndedByAdministrator, by: Actor::Operator }
}

/// The id of a session, by the detail of its opening.
async fn id_of(fixture: &Fixture, session: SessionNo) -> SessionId {
    let row = fixture.store.ledger(Seq(session.0 - 1), 1).await.unwrap().remove(0);
    let detail = row.detail.unwrap();
    let detail: serde_json::Value = serde_json::from_slice(&detail[crate::chain::SALT_BYTES..]).unwrap();
    detail["id"].as_str().unwrap().parse().unwrap()
}

pub async fn the_ledger_is_read_backwards_in_stretches(fixture: Fixture) {
    for name in ["ann", "bob", "cat"] {
        fixture.user(name, &[]).await;
    }
    let all = fixture.ledger().await;
    let (mut read, mut before) = (Vec::new(), Seq(u64::MAX >> 1));
    loop {
        let stretch = fixture.store.ledger_before(before, 2).await.unwrap();
        let Some(last) = stretch.last() else { break };
        before = last.envelope.seq;
        read.extend(stretch);
    }
    assert_eq!(read.len(), 3);
    for (read, row) in read.iter().rev().zip(&all) {
        assert_eq!((read.envelope, read.hash, &read.detail), (row.envelope, row.hash, &row.detail));
    }
    let moments = fixture.store.moments(vec![Seq(1), Seq(3), Seq(9)]).await.unwrap();
    let told: Vec<_> = moments.iter().map(|moment| (moment.seq.0, moment.at, moment.live)).collect();
    assert_eq!(told, [(1, fixture.now(), 0), (3, fixture.now(), 0)]);
}

pub async fn an_ended_session_is_found_by_its_id_before_and_after_the_sweep(fixture: Fixture) {
    let ann = fixture.user("ann", &[]).await;
    let (session, other) = (fixture.open(ann).await, fixture.open(ann).await);
    let id = id_of(&fixture, session).await;
    assert_eq!(fixture.store.ended_session(id).await.unwrap(), None, "it is live");
    fixture.set_now(1_000_500);
    let ending = fixture.run(end(session)).await.unwrap();
    let found = fixture.store.ended_session(id).await.unwrap().unwrap();
    assert_eq!((found.no, found.id, found.owner.no), (session, id, ann));
    assert_eq!((&*found.agent, &*found.host), ("curl/8.5.0", "chat.example.test"));
    assert_eq!((found.ended_seq, found.ended_at), (ending.last, Timestamp::from_ms(1_000_500)));
    assert_eq!(found.reason, EndReason::EndedByAdministrator);
    fixture.store.sweep(fixture.now(), fixture.now(), 10).await.unwrap();
    assert_eq!(fixture.store.ended_session(id).await.unwrap(), Some(found));
    let sessions = vec![session, other, SessionNo(900)];
    let names = fixture.store.names(vec![ann, UserNo(900)], sessions).await.unwrap();
    assert_eq!(names.users.len(), 1);
    assert_eq!((names.users[0].no, &*names.users[0].username), (ann, "ann"));
    let mut ids = names.sessions;
    ids.sort_unstable();
    assert_eq!(ids, [(session, id), (other, id_of(&fixture, other).await)]);
    // Nothing of an erased one is found.
    fixture.run(Command::EraseUser { user: ann, by: Actor::Operator }).await.unwrap();
    fixture.store.sweep(fixture.now(), fixture.now(), 10).await.unwrap();
    while fixture.store.erase(ann, Seq(0), 100).await.unwrap().is_some_and(|seq| seq < Seq(6)) {}
    assert_eq!(fixture.store.ended_session(id).await.unwrap(), None);
    assert_eq!(fixture.store.names(vec![ann], vec![session]).await.unwrap().sessions, []);
}

pub async fn a_session_has_its_events_from_opening_to_ending(fixture: Fixture) {
    let ann = fixture.user("ann", &[]).await;
    let (session, _other) = (fixture.open(ann).await, fixture.open(ann).await);
    let passing = Passing {
        user: ann,
        token: session.into(),
        proof: Proof::Password,
        agent: AgentDigest([7; 16]),
        ip: [192, 0, 2, 7].into(),
        window: Some(Duration::from_mins(5)),
    };
    let passed = fixture.run(Command::PassStepUp(passing)).await.unwrap();
    let ended = fixture.run(end(session)).await.unwrap();
    let events = |ended, limit| fixture.store.session_events(session, ended, limit);
    let told = |rows: Vec<crate::LedgerRow>| -> Vec<_> {
        rows.iter().map(|row| (row.envelope.seq, row.envelope.kind)).collect()
    };
    let opened = (Seq(session.0), 4);
    assert_eq!(told(events(None, 9).await.unwrap()), [opened, (passed.last, 6)]);
    let all = [opened, (passed.last, 6), (ended.last, 5)];
    assert_eq!(told(events(Some(ended.last), 9).await.unwrap()), all);
    assert_eq!(told(events(Some(ended.last), 0).await.unwrap()), [opened, (ended.last, 5)]);
}

pub async fn sign_ins_are_given_of_live_and_ended_sessions_once_each(fixture: Fixture) {
    let ann = fixture.user("ann", &[]).await;
    let mut sessions = Vec::new();
    for at in 0..5 {
        fixture.set_now(1_000_000 + at);
        sessions.push(fixture.open(ann).await);
    }
    fixture.run(end(sessions[1])).await.unwrap();
    fixture.store.sweep(fixture.now(), fixture.now(), 10).await.unwrap();
    fixture.run(end(sessions[3])).await.unwrap();
    let newest = fixture.store.sign_ins_before(SessionNo(u64::MAX >> 1), 3).await.unwrap();
    let numbers: Vec<_> = newest.iter().map(|row| row.no).collect();
    assert_eq!(numbers, [sessions[4], sessions[3], sessions[2]]);
    assert_eq!((newest[0].at, &*newest[0].agent), (Timestamp::from_ms(1_000_004), "curl/8.5.0"));
    let rest = fixture.store.sign_ins_before(sessions[2], 3).await.unwrap();
    assert_eq!(rest.iter().map(|row| row.no).collect::<Vec<_>>(), [sessions[1], sessions[0]]);
}

/// The sessions that stood after an event, looked at a few at a time.
async fn stood(fixture: &Fixture, then: Seq, limit: usize) -> Vec<StoodSession> {
    let (mut all, mut after) = (Vec::new(), SessionNo(0));
    loop {
        let stood = fixture.store.stood(then, after, limit).await.unwrap();
        assert!(stood.sessions.len() <= limit);
        all.extend(stood.sessions);
        let Some(up_to) = stood.up_to else { return all };
        assert!(up_to > after);
        after = up_to;
    }
}

pub async fn what_stood_after_an_event_is_given_in_stretches_before_and_after_the_sweep(fixture: Fixture) {
    let ann = fixture.user("ann", &[]).await;
    let mut sessions = Vec::new();
    for at in 0..5 {
        fixture.set_now(1_000_000 + at);
        sessions.push(fixture.open(ann).await);
    }
    fixture.set_now(1_000_100);
    let first = fixture.run(end(sessions[1])).await.unwrap().last;
    fixture.store.sweep(fixture.now(), fixture.now(), 10).await.unwrap();
    fixture.set_now(1_000_200);
    let second = fixture.run(end(sessions[3])).await.unwrap().last;
    let numbers = async |then, limit| -> Vec<_> {
        stood(&fixture, then, limit).await.iter().map(|session| session.no).collect()
    };
    let all = sessions.clone();
    for _ in ["waiting to be moved", "in history"] {
        for limit in [1, 2, 100] {
            assert_eq!(numbers(Seq(0), limit).await, []);
            assert_eq!(numbers(Seq(sessions[2].0), limit).await, all[..3]);
            assert_eq!(numbers(Seq(first.0 - 1), limit).await, all);
            assert_eq!(numbers(first, limit).await, [all[0], all[2], all[3], all[4]]);
            assert_eq!(numbers(second, limit).await, [all[0], all[2], all[4]]);
        }
        fixture.store.sweep(fixture.now(), fixture.now(), 10).await.unwrap();
    }
    let before = stood(&fixture, Seq(first.0 - 1), 100).await;
    let ends: Vec<_> = before.iter().map(|session| session.ended_at.map(Timestamp::as_ms)).collect();
    assert_eq!(ends, [None, Some(1_000_100), None, Some(1_000_200), None]);
    for (session, at) in before.iter().zip(1_000_000..) {
        let expected = StoodSession {
            no: session.no,
            id: Some(id_of(&fixture, session.no).await),
            user: ann,
            opened_at: Timestamp::from_ms(at),
            expires_at: Timestamp::from_ms(at) + Duration::from_hours(1),
            ended_at: session.ended_at,
            ip: [192, 0, 2, 7].into(),
            agent: "curl/8.5.0".into(),
            host: "chat.example.test".into(),
        };
        assert_eq!(*session, expected);
    }
}

pub async fn who_had_sessions_is_told_of_deleted_and_erased_users_too(fixture: Fixture) {
    let (ann, bob) = (fixture.user("ann", &[]).await, fixture.user("bob", &[]).await);
    let (of_ann, of_bob) = (fixture.open(ann).await, fixture.open(bob).await);
    let then = fixture.store.end().await.unwrap().seq;
    fixture.run(Command::DeleteUser { user: ann, by: Actor::System }).await.unwrap();
    fixture.run(Command::EraseUser { user: bob, by: Actor::Operator }).await.unwrap();
    fixture.store.sweep(fixture.now(), fixture.now(), 10).await.unwrap();
    let mut after = Some(Seq(0));
    while let Some(seq) = after {
        after = fixture.store.erase(bob, seq, 100).await.unwrap();
    }
    let mut owners = fixture.store.owners(vec![ann, bob, UserNo(900)]).await.unwrap();
    owners.sort_unstable_by_key(|owner| owner.no);
    let told: Vec<_> =
        owners.iter().map(|owner| (owner.no, &*owner.username, owner.name.as_deref())).collect();
    assert_eq!(told, [(ann, "ann", Some("Name of ann")), (bob, "", None)]);
    let stood = stood(&fixture, then, 100).await;
    let whose: Vec<_> =
        stood.iter().map(|session| (session.no, session.user, session.id.is_some())).collect();
    assert_eq!(whose, [(of_ann, ann, true), (of_bob, bob, false)]);
}

pub async fn users_are_found_by_what_their_names_and_addresses_contain(fixture: Fixture) {
    for name in ["zoe", "Ann", "joanna", "bob"] {
        fixture.user(name, &[]).await;
    }
    let gone = fixture.user("anna", &[]).await;
    fixture.run(Command::DeleteUser { user: gone, by: Actor::System }).await.unwrap();
    let found = async |text: &str, after: Option<&str>, limit| {
        let search = UsersSearch { text: text.into(), after: after.map(NameKey::of), limit };
        let found = fixture.store.find_users(search).await.unwrap();
        found.into_iter().map(|(user, _)| user.owner.username).collect::<Vec<_>>()
    };
    assert_eq!(found("", None, 9).await, ["Ann", "bob", "joanna", "zoe"]);
    assert_eq!(found("aNN", None, 9).await, ["Ann", "joanna"]);
    assert_eq!(found("name of BOB", None, 9).await, ["bob"]);
    assert_eq!(found("zoe@example", None, 9).await, ["zoe"]);
    assert_eq!(found("", Some("ANN"), 2).await, ["bob", "joanna"]);
    assert_eq!(found("%", None, 9).await, [""; 0]);
}

pub async fn views_are_kept_by_user_and_name_within_a_bound_and_go_with_their_user(fixture: Fixture) {
    let (ann, bob) = (fixture.user("ann", &[]).await, fixture.user("bob", &[]).await);
    let view = |name: &str, q: &str, shared| View {
        name: name.into(),
        q: q.into(),
        sort: "seen".into(),
        shared,
        updated_at: Timestamp::from_ms(7),
    };
    let seen_by = async |user| {
        let views = fixture.store.views(user, 9).await.unwrap();
        views.into_iter().map(|view| (view.username, view.view.name, view.view.q)).collect::<Vec<_>>()
    };
    let seen = |user: &str, name: &str, q: &str| (user.to_owned(), name.to_owned(), q.to_owned());
    let put = async |user, view| fixture.store.put_view(user, view, 2).await.unwrap();
    assert!(put(ann, view("old", "seen>30d", false)).await);
    assert!(put(ann, view("bots", "user:*bot", true)).await);
    assert!(!put(ann, view("third", "x", false)).await);
    assert!(put(ann, view("old", "seen>90d", false)).await, "it is in the place of one");
    assert!(put(bob, view("old", "y", false)).await);
    assert_eq!(seen_by(ann).await, [seen("ann", "bots", "user:*bot"), seen("ann", "old", "seen>90d")]);
    assert_eq!(seen_by(bob).await, [seen("ann", "bots", "user:*bot"), seen("bob", "old", "y")]);
    let all = fixture.store.views(bob, 9).await.unwrap();
    assert_eq!((all[1].user, &all[1].view), (bob, &view("old", "y", false)));
    let drop = async |user, name: &str| fixture.store.drop_view(user, name.into()).await.unwrap();
    assert!(!drop(bob, "bots").await, "it is not bob's");
    assert!(drop(ann, "old").await && !drop(ann, "old").await);
    fixture.run(Command::DeleteUser { user: ann, by: Actor::System }).await.unwrap();
    assert_eq!(seen_by(ann).await, [seen("bob", "old", "y")][1..]);
    assert_eq!(seen_by(bob).await, [seen("bob", "old", "y")]);
}
