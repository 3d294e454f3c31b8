//! Cases about what came after an event.
#![expect(missing_docs, reason = "the names are sentences")]
#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "these are tests")]

use super::Fixture;
use super::cases::passing;
use crate::Loading;
use rollcall_model::change::UserChange;
use rollcall_model::{
    Actor, Command, EndReason, Owner, Role, RoleSet, Seq, Session, SessionNo, Timestamp, UserNo, limits,
};

/// What came after an event, sorted out.
#[derive(Debug, Default, PartialEq)]
struct Came {
    ended: Vec<SessionNo>,
    opened: Vec<(SessionNo, Owner)>,
    from: Vec<UserNo>,
    owners: Vec<Owner>,
    seen: Vec<(SessionNo, Timestamp)>,
    windows: usize,
}

async fn after(fixture: &Fixture, seq: Seq, seen_since: Option<Timestamp>) -> Came {
    let mut came = Came::default();
    for piece in fixture.caught_up(seq, seen_since).await {
        match piece {
            Loading::Ended(sessions) => came.ended.extend(sessions),
            Loading::Sessions(sessions) => {
                let of = |(session, _): (Session, _)| (session.no, (*session.owner).clone());
                came.opened.extend(sessions.into_iter().map(of));
            }
            Loading::Address { user, .. } => came.from.push(user),
            Loading::Owner(owner) => came.owners.push(owner),
            Loading::Seen(seen) => came.seen.extend(seen),
            Loading::Window(_) => came.windows += 1,
            Loading::Erased(_)
            | Loading::Personal(_)
            | Loading::PersonalOf(..)
            | Loading::ServiceTokens(_)
            | Loading::Factors(..)
            | Loading::Permission(_) => {}
        }
    }
    came
}

fn end(session: SessionNo) -> Command {
    Command::EndSession { session, reason: EndReason::SignedOut, by: Actor::System }
}

fn change(user: UserNo, change: UserChange) -> Command {
    Command::change_user(user, change, Actor::System)
}

async fn last(fixture: &Fixture) -> Seq {
    fixture.store.end().await.unwrap().seq
}

pub async fn what_came_after_an_event_is_given_and_nothing_else(fixture: Fixture) {
    let [ann, bob, cat, dan] = [
        fixture.user("ann", &[]).await,
        fixture.user("bob", &[]).await,
        fixture.user("cat", &[]).await,
        fixture.user("dan", &[]).await,
    ];
    let (stays, goes) = (fixture.open(ann).await, fixture.open(bob).await);
    let (gone, renamed_before) =
        (fixture.open(cat).await, UserChange { name: Some("Cat".into()), ..UserChange::default() });
    fixture.commit(vec![end(gone), change(cat, renamed_before)]).await;
    let then = last(&fixture).await;
    assert_eq!(after(&fixture, then, None).await, Came::default());

    let renamed = UserChange { username: Some("anna".into()), ..UserChange::default() };
    let promoted =
        UserChange { roles: Some([Role::Admin].into_iter().collect::<RoleSet>()), ..UserChange::default() };
    fixture.commit(vec![end(goes), change(ann, renamed), change(bob, promoted)]).await;
    let (opened, ended) = (fixture.open(dan).await, fixture.open(cat).await);
    fixture.commit(vec![end(ended), Command::PassStepUp(passing(ann, stays))]).await;
    for swept in [0, 10] {
        // Rows that have been moved to history count as they did.
        fixture.store.sweep(fixture.now(), fixture.now(), swept).await.unwrap();
        let mut came = after(&fixture, then, None).await;
        assert_eq!(came.ended, [goes, ended]);
        let opened_by: Vec<_> = came.opened.iter().map(|(no, owner)| (*no, &*owner.username)).collect();
        assert_eq!(opened_by, [(opened, "dan")]);
        assert_eq!((came.from, came.windows), (vec![cat], 1));
        came.owners.sort_by_key(|owner| owner.no);
        let owners: Vec<_> =
            came.owners.iter().map(|owner| (owner.no, &*owner.username, owner.roles)).collect();
        let admin = [Role::Admin].into_iter().collect();
        assert_eq!(owners, [(ann, "anna", RoleSet::EMPTY), (bob, "bob", admin)]);
        assert!(came.seen.is_empty());
    }
    fixture.run(Command::DeleteUser { user: ann, by: Actor::System }).await.unwrap();
    let came = after(&fixture, then, None).await;
    assert_eq!(came.ended, [goes, ended, stays]);
    assert_eq!(came.owners.len(), 1, "who is deleted has no sessions");
}

pub async fn when_sessions_were_last_seen_is_given_from_an_instant_on(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let (one, two) = (fixture.open(user).await, fixture.open(user).await);
    let then = last(&fixture).await;
    let at = fixture.now() + limits::SEEN_PERIOD;
    fixture.store.note_seen(vec![(one, at)]).await.unwrap();
    assert_eq!(after(&fixture, then, Some(at)).await.seen, [(one, at)]);
    assert_eq!(after(&fixture, then, Some(at + limits::SEEN_PERIOD)).await.seen, []);
    assert_eq!(after(&fixture, then, Some(fixture.now())).await.seen, [(one, at), (two, fixture.now())]);
}
