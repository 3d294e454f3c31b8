//! Cases about what is not kept.
#![expect(missing_docs, reason = "the names are sentences")]
#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "these are tests")]

use super::Fixture;
use crate::{Forgotten, Keeping, Loading, NamedUser};
use rollcall_model::event::{Observation, Observed};
use rollcall_model::{Actor, Command, EndReason, Role, Seq, SessionNo, Timestamp, UserNo};

fn end(session: SessionNo) -> Command {
    Command::EndSession { session, reason: EndReason::SignedOut, by: Actor::System }
}

/// Keeps everything from this instant on.
fn since(ms: i64, after: SessionNo, limit: usize) -> Keeping {
    let since = Timestamp::from_ms(ms);
    Keeping { details_since: since, ended_since: since, after, limit }
}

/// The events that have details.
async fn with_details(fixture: &Fixture) -> Vec<u64> {
    let rows = fixture.ledger().await;
    rows.iter().filter(|row| row.detail.is_some()).map(|row| row.envelope.seq.0).collect()
}

pub async fn what_is_old_is_forgotten_in_steps_and_the_chain_holds(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let mut sessions = Vec::new();
    for _ in 0..5 {
        sessions.push(fixture.open(user).await);
    }
    // The second is the last to end.
    for (at, of) in [(1_000_010, 0), (1_000_020, 2), (1_000_030, 3), (1_000_040, 1)] {
        fixture.set_now(at);
        fixture.run(end(sessions[of])).await.unwrap();
    }
    fixture.store.sweep(fixture.now(), fixture.now(), 10).await.unwrap();
    let end = fixture.store.end().await.unwrap();
    let step = |after, limit| fixture.store.forget(since(1_000_030, after, limit));

    let nothing = Forgotten { details: 0, sessions: 0, after: SessionNo(0) };
    let everything = since(i64::MIN, SessionNo(0), 10);
    assert_eq!(fixture.store.forget(everything).await.unwrap(), nothing);
    // The user and five sessions are of 1_000_000, the endings later.
    let first = step(SessionNo(0), 2).await.unwrap();
    assert_eq!(first, Forgotten { details: 2, sessions: 1, after: sessions[1] });
    let second = step(first.after, 2).await.unwrap();
    assert_eq!((second.details, second.sessions), (2, 1));
    let third = step(second.after, 100).await.unwrap();
    assert_eq!(third, Forgotten { details: 4, sessions: 0, after: SessionNo(0) });
    assert_eq!(step(SessionNo(0), 100).await.unwrap(), nothing);
    assert_eq!(with_details(&fixture).await, [9, 10], "the endings of 1_000_030 and of 1_000_040");

    assert_eq!(fixture.store.verify().await.unwrap(), Ok(end));
    assert_eq!(fixture.loaded_sessions().await, [sessions[4]], "who is signed in stays so");
    // Of the others two are remembered, by their addresses.
    let pieces = fixture.loaded(Timestamp::from_ms(0)).await;
    assert_eq!(pieces.iter().filter(|piece| matches!(piece, Loading::Address { .. })).count(), 2);
}

fn asked(by: UserNo) -> Command {
    let what = Observed::Read { filter: "what ann looked for".into(), as_of: None };
    let endpoint = "sessions/list";
    Command::Observe(vec![Observation { by: Actor::User(by), from: None, endpoint, what, times: 1 }])
}

pub async fn an_erased_user_leaves_numbers_and_the_others_everything(fixture: Fixture) {
    let boss = fixture.user("boss", &[Role::Admin]).await;
    let (ann, bob) = (fixture.user("Ann", &[]).await, fixture.user("bob", &[]).await);
    let (old, standing) = (fixture.open(ann).await, fixture.open(ann).await);
    let of_bob = fixture.open(bob).await;
    fixture.commit(vec![end(old), asked(ann), asked(bob)]).await;
    let grant = Command::GrantRole { user: bob, role: Role::Guest, by: Actor::User(ann) };
    fixture.run(grant).await.unwrap();
    let last_before = fixture.store.end().await.unwrap().seq;

    let erase = Command::EraseUser { user: ann, by: Actor::Operator };
    let committed = fixture.commit(vec![erase.clone()]).await;
    let kinds: Vec<_> = committed.events.iter().map(rollcall_model::Event::kind).collect();
    assert_eq!(kinds, ["session.ended", "user.deleted", "user.erased"]);
    fixture.store.sweep(fixture.now(), fixture.now(), 10).await.unwrap();
    let mut after = Some(Seq(0));
    let mut steps = 0;
    while let Some(from) = after {
        after = fixture.store.erase(ann, from, 4).await.unwrap();
        steps += 1;
    }
    assert!(steps > 3);

    let end = fixture.store.end().await.unwrap();
    assert_eq!(fixture.store.verify().await.unwrap(), Ok(end));
    for row in fixture.ledger().await {
        let of_ann = row.envelope.subject == Some(ann)
            || (row.envelope.actor == Actor::User(ann) && row.envelope.subject.is_none());
        assert_eq!(row.detail.is_none(), of_ann, "{:?}", row.envelope);
    }
    assert_eq!(fixture.loaded_sessions().await, [of_bob]);
    let pieces = fixture.loaded(Timestamp::from_ms(0)).await;
    let addresses = pieces.iter().filter_map(|piece| match piece {
        Loading::Address { user, from, .. } => Some((*user, *from)),
        _ => None,
    });
    let nowhere = rollcall_model::AddressKey::of(std::net::Ipv6Addr::UNSPECIFIED.into());
    assert!(
        addresses.clone().all(|(user, from)| user == ann && from == nowhere),
        "of {old:?} and {standing:?}"
    );
    assert_eq!(addresses.count(), 2);
    // Other nodes hear of it, and whoever starts from a checkpoint.
    let told = fixture.caught_up(last_before, None).await;
    assert!(told.iter().any(|piece| matches!(piece, Loading::Erased(user) if *user == ann)));

    let named = fixture.store.named("bob").await.unwrap();
    assert_eq!(named.iter().map(|user| (user.no, user.is_deleted)).collect::<Vec<_>>(), [(bob, false)]);
    assert_eq!(fixture.store.named("Ann").await.unwrap(), []);
    assert_eq!(fixture.store.named("ann@example.test").await.unwrap(), []);
    assert!(fixture.user("Ann", &[]).await > boss, "the name is free");
}

pub async fn a_user_is_found_by_its_names_and_after_its_deletion_too(fixture: Fixture) {
    let ann = fixture.user("Ann", &[]).await;
    let by = async |name: &str| fixture.store.named(name).await.unwrap();
    let [NamedUser { id, .. }] = by("aNN").await.try_into().unwrap();
    fixture.run(Command::DeleteUser { user: ann, by: Actor::System }).await.unwrap();
    assert_eq!(by("aNN").await, []);
    let deleted = NamedUser { no: ann, id, username: "Ann".into(), is_deleted: true };
    assert_eq!(by("Ann").await, std::slice::from_ref(&deleted));
    let second = fixture.user("Ann", &[]).await;
    assert_eq!(by("Ann").await.len(), 2);
    assert_eq!(by(id.as_str()).await, [deleted]);
    assert_eq!(by("ann@example.test").await.iter().map(|user| user.no).collect::<Vec<_>>(), [second]);
    fixture.run(Command::EraseUser { user: ann, by: Actor::Operator }).await.unwrap();
    assert_eq!(by("Ann").await.len(), 1);
    let [erased] = by(id.as_str()).await.try_into().unwrap();
    assert_eq!((erased.no, &*erased.username), (ann, ""));
}
