//! The cases. Each gets a new, empty store.
#![expect(missing_docs, reason = "the names are sentences")]
#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "these are tests")]

pub use super::catching_up::*;
pub use super::changes::*;
pub use super::forgetting::*;
pub use super::hashes::*;
pub use super::last_seen::*;
pub use super::mail::*;
pub use super::past::*;
pub use super::personal_tokens::*;
pub use super::revocations::*;
pub use super::service_tokens::*;
pub use super::users::*;

use super::Fixture;
use super::fixture::PASSWORD;
use crate::chain::{BEFORE_THE_FIRST, follow};
use crate::{Loading, WhichUser};
use rollcall_model::command::Passing;
use rollcall_model::event::{Observation, Observed, PasswordHash};
use rollcall_model::factor::Proof;
use rollcall_model::failure::{FailureKey, FailureLimit};
use rollcall_model::step_up::AgentDigest;
use rollcall_model::user::NameKey;
use rollcall_model::{
    Actor, AddressKey, Command, EndReason, Refused, Role, SessionNo, Timestamp, TokenHash, UserNo, limits,
};
use std::sync::Arc;
use std::time::Duration;

pub(super) const LIMIT: FailureLimit =
    FailureLimit { max: 3, window: Duration::from_mins(5), block: Duration::from_mins(5) };

fn end(session: SessionNo) -> Command {
    Command::EndSession { session, reason: EndReason::EndedByAdministrator, by: Actor::System }
}

fn expire(sessions: Vec<SessionNo>) -> Command {
    Command::ExpireSessions { sessions, idle: None }
}

pub(super) fn passing(user: UserNo, session: SessionNo) -> Passing {
    let agent = AgentDigest([7; 16]);
    Passing {
        user,
        token: session.into(),
        proof: Proof::Password,
        agent,
        ip: [192, 0, 2, 7].into(),
        window: Some(Duration::from_mins(30)),
    }
}

pub async fn events_are_dense_and_chained(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let session = fixture.open(user).await;
    let committed = fixture.commit(vec![end(session), fixture.creation("bob", &[])]).await;
    let rows = fixture.ledger().await;
    assert_eq!(rows.iter().map(|row| row.envelope.seq.0).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let end = rows.iter().try_fold(BEFORE_THE_FIRST, follow).unwrap();
    assert_eq!(end, committed.end);
    assert_eq!(fixture.store.verify().await.unwrap(), Ok(end));
    assert_eq!(fixture.store.end().await.unwrap(), end);
}

pub async fn events_are_dense_under_concurrent_commits(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let fixture = Arc::new(fixture);
    let committing: Vec<_> = (0..8)
        .map(|_| {
            let fixture = fixture.clone();
            tokio::spawn(async move {
                let opening = || Command::OpenSession(Box::new(fixture.opening(user)));
                fixture.commit((0..5).map(|_| opening()).collect()).await
            })
        })
        .collect();
    for committed in committing {
        assert!(committed.await.unwrap().answers.iter().all(Result::is_ok));
    }
    assert_eq!(fixture.ledger().await.last().unwrap().envelope.seq.0, 41);
    assert!(fixture.store.verify().await.unwrap().is_ok());
}

pub async fn a_refused_command_leaves_its_neighbours(fixture: Fixture) {
    let answers = fixture
        .commit(vec![fixture.creation("ann", &[]), end(SessionNo(99)), fixture.creation("bob", &[])])
        .await
        .answers;
    assert!(answers[0].is_ok());
    assert_eq!(answers[1], Err(Refused::SessionNotLive));
    assert_eq!(answers[2].unwrap().last.0, 2);
}

pub async fn each_command_sees_what_those_before_it_did(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let session = fixture.open(user).await;
    let delete = Command::DeleteUser { user, by: Actor::System };
    let open = Command::OpenSession(Box::new(fixture.opening(user)));
    let answers = fixture
        .commit(vec![
            end(session),
            end(session),
            fixture.creation("bob", &[]),
            fixture.creation("BOB", &[]),
            open.clone(),
            delete.clone(),
            delete,
            open,
            fixture.creation("ann", &[]),
        ])
        .await
        .answers;
    let refusals: Vec<_> = answers.into_iter().map(Result::err).collect();
    assert_eq!(
        refusals,
        [
            None,
            Some(Refused::SessionNotLive),
            None,
            Some(Refused::UsernameInUse),
            None,
            None,
            Some(Refused::NoSuchUser),
            Some(Refused::NoSuchUser),
            None
        ]
    );
    assert_eq!(fixture.loaded_sessions().await, []);
    assert_eq!(fixture.ledger().await.last().unwrap().envelope.live, 0);
}

pub async fn time_never_falls_along_the_ledger(fixture: Fixture) {
    fixture.user("ann", &[]).await;
    fixture.set_now(5);
    let created = fixture.run(fixture.creation("bob", &[])).await.unwrap();
    assert_eq!(created.at, Timestamp::from_ms(1_000_000));
}

pub async fn an_opened_session_is_loaded_with_its_owner(fixture: Fixture) {
    let user = fixture.user("ann", &[Role::Bot]).await;
    let opening = fixture.opening(user);
    let opened = fixture.run(Command::OpenSession(Box::new(opening.clone()))).await.unwrap();
    let loaded = fixture.loaded(Timestamp::from_ms(0)).await;
    let Some(Loading::Sessions(sessions)) = loaded.first() else { panic!("{loaded:?}") };
    let (session, seen_at) = &sessions[0];
    assert_eq!((session.no.0, session.id, session.token), (opened.last.0, opening.id, opening.token));
    assert_eq!((session.ip, &*session.agent, &*session.host), (opening.ip, &*opening.agent, &*opening.host));
    assert_eq!(session.opened_at, opened.at);
    assert_eq!(session.expires_at, opened.at + opening.lifetime);
    assert_eq!(*seen_at, opened.at);
    assert_eq!((session.owner.no, &*session.owner.username), (user, "ann"));
    assert_eq!(session.owner.name.as_deref(), Some("Name of ann"));
    assert!(session.owner.roles.contains(Role::Bot));
}

pub async fn an_ended_session_cannot_be_ended_again(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let session = fixture.open(user).await;
    assert!(fixture.run(end(session)).await.is_ok());
    assert_eq!(fixture.run(end(session)).await, Err(Refused::SessionNotLive));
    fixture.store.sweep(fixture.now(), fixture.now() - LIMIT.window, 10).await.unwrap();
    assert_eq!(fixture.run(end(session)).await, Err(Refused::SessionNotLive));
}

pub async fn an_ended_session_is_not_loaded_before_or_after_the_sweep(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let mut sessions = Vec::new();
    for _ in 0..6 {
        sessions.push(fixture.open(user).await);
    }
    for ended in [4, 0, 3] {
        fixture.run(end(sessions[ended])).await.unwrap();
    }
    let left = [sessions[1], sessions[2], sessions[5]];
    assert_eq!(fixture.loaded_sessions().await, left);
    let mut moved = Vec::new();
    for _ in 0..3 {
        moved.push(fixture.store.sweep(fixture.now(), fixture.now() - LIMIT.window, 2).await.unwrap());
        assert_eq!(fixture.loaded_sessions().await, left);
    }
    assert_eq!(moved, [2, 1, 0]);
}

pub async fn a_session_that_is_due_can_only_expire(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let session = fixture.open(user).await;
    let expires_at = 1_000_000 + 3_600_000;
    fixture.set_now(expires_at - 1);
    fixture.run(expire(vec![session])).await.unwrap();
    assert_eq!(fixture.loaded_sessions().await, [session], "it is not due yet");
    fixture.set_now(expires_at + 5_000);
    assert_eq!(fixture.run(end(session)).await, Err(Refused::SessionNotLive));
    fixture.run(expire(vec![session, session])).await.unwrap();
    assert_eq!(fixture.loaded_sessions().await, []);
    let detail = fixture.last_detail().await;
    assert_eq!((detail["reason"].as_str(), detail["due"].as_i64()), (Some("expired"), Some(expires_at)));
    assert_eq!(fixture.ledger().await.len(), 3, "it is ended once");
}

pub async fn the_cap_ends_the_session_not_seen_for_longest(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let mut sessions = Vec::new();
    for _ in 0..4 {
        let mut opening = fixture.opening(user);
        opening.per_user_max = 3;
        let opened = fixture.run(Command::OpenSession(Box::new(opening))).await.unwrap();
        sessions.push(SessionNo(opened.last.0));
    }
    assert_eq!(fixture.loaded_sessions().await, sessions[1..]);
    let ledger = fixture.ledger().await;
    let ending = &ledger[ledger.len() - 2].envelope;
    assert_eq!((ending.session, ending.live), (Some(sessions[0]), 2));
    // Two sign-ins in one batch see each other.
    let opening = || {
        let mut opening = fixture.opening(user);
        opening.per_user_max = 1;
        Command::OpenSession(Box::new(opening))
    };
    let last = fixture.commit(vec![opening(), opening()]).await.answers[1].unwrap();
    assert_eq!(fixture.loaded_sessions().await, [SessionNo(last.last.0)]);
}

pub async fn deleting_a_user_ends_its_sessions_and_frees_its_names(fixture: Fixture) {
    let (ann, bob) = (fixture.user("ann", &[]).await, fixture.user("bob", &[]).await);
    fixture.open(ann).await;
    let stays = fixture.open(bob).await;
    fixture.open(ann).await;
    fixture.run(Command::DeleteUser { user: ann, by: Actor::User(bob) }).await.unwrap();
    assert_eq!(fixture.loaded_sessions().await, [stays]);
    for which in [WhichUser::No(ann), WhichUser::Username(NameKey::of("ann"))] {
        assert!(fixture.store.credential(which).await.unwrap().is_none());
    }
    let email = WhichUser::Email(NameKey::of("ANN@example.test"));
    assert!(fixture.store.credential(email.clone()).await.unwrap().is_none());
    let again = fixture.user("ann", &[]).await;
    assert_ne!(again, ann);
    assert_eq!(fixture.store.credential(email).await.unwrap().unwrap().user.owner.no, again);
}

pub async fn the_last_active_administrator_stays(fixture: Fixture) {
    let ann = fixture.user("ann", &[Role::Admin]).await;
    let bob = fixture.user("bob", &[Role::Admin, Role::User]).await;
    let delete = |user| Command::DeleteUser { user, by: Actor::System };
    let answers = fixture.commit(vec![delete(ann), delete(bob)]).await.answers;
    assert!(answers[0].is_ok());
    assert_eq!(answers[1], Err(Refused::LastAdministrator));
    assert_eq!(fixture.run(delete(bob)).await, Err(Refused::LastAdministrator));
}

pub async fn the_first_administrator_is_made_once(fixture: Fixture) {
    let first = |name: &str| Command::CreateFirstAdministrator {
        user: Box::new(fixture.new_user(name, &[Role::Admin])),
        password: PasswordHash(PASSWORD.into()),
    };
    fixture.run(Command::CreateWorkspace { test: false }).await.unwrap();
    assert!(!fixture.store.workspace().await.unwrap().unwrap().had_administrator);
    fixture.user("plain", &[Role::User]).await;
    let answers = fixture.commit(vec![first("ann"), first("bob")]).await.answers;
    assert!(answers[0].is_ok());
    assert_eq!(answers[1], Err(Refused::AdministratorExisted));
    let row = fixture.store.workspace().await.unwrap().unwrap();
    assert!(row.had_administrator && row.had_users && !row.test);
    assert_eq!(fixture.run(first("eve")).await, Err(Refused::AdministratorExisted));
    assert_eq!(fixture.run(Command::CreateWorkspace { test: true }).await, Err(Refused::WorkspaceExists));
}

pub async fn names_are_unique_ignoring_case(fixture: Fixture) {
    fixture.user("Ann", &[]).await;
    assert_eq!(fixture.run(fixture.creation("aNN", &[])).await, Err(Refused::UsernameInUse));
    let mut other = fixture.new_user("other", &[]);
    other.emails[0].address = "ANN@Example.test".into();
    let password = PasswordHash(PASSWORD.into());
    let command = Command::CreateUser { user: Box::new(other), password, welcome: None, by: Actor::System };
    assert_eq!(fixture.run(command).await, Err(Refused::EmailInUse));
    let found = fixture.store.credential(WhichUser::Username(NameKey::of("ANN"))).await.unwrap().unwrap();
    assert_eq!((&*found.user.owner.username, &*found.password.0), ("Ann", PASSWORD));
    assert_eq!(found.user.emails[0].address, "Ann@example.test");
}

pub async fn failures_block_after_the_last_allowed_one(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let (of_user, of_address) =
        (FailureKey::User(user), FailureKey::Address(AddressKey::of([10, 0, 0, 1].into())));
    let count = || Command::CountFailure(vec![(of_user, LIMIT), (of_address, LIMIT)]);
    let answers = fixture.commit((0..5).map(|_| count()).collect()).await.answers;
    assert!(answers[..3].iter().all(Result::is_ok));
    let blocked = Err(Refused::Blocked(of_user, fixture.now() + LIMIT.block));
    assert_eq!(answers[3..], [blocked, blocked]);
    let failures = fixture.store.failures(vec![of_user, of_address, FailureKey::Code(user)]).await.unwrap();
    assert_eq!(failures.len(), 2);
    assert_eq!(failures[&of_user].count, 3);
    let open = Command::OpenSession(Box::new(fixture.opening(user)));
    assert_eq!(fixture.run(open.clone()).await, blocked);
    fixture.set_now(1_000_000 + 300_000);
    assert!(fixture.run(open).await.is_ok());
}

pub async fn a_success_resets_its_counter_and_not_the_address(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let (of_user, of_address) =
        (FailureKey::User(user), FailureKey::Address(AddressKey::of([10, 0, 0, 1].into())));
    fixture.run(Command::CountFailure(vec![(of_user, LIMIT), (of_address, LIMIT)])).await.unwrap();
    fixture.open(user).await;
    let failures = fixture.store.failures(vec![of_user, of_address]).await.unwrap();
    assert_eq!(failures.keys().collect::<Vec<_>>(), [&of_address]);
}

pub async fn a_step_up_is_remembered_until_its_session_ends(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let session = fixture.open(user).await;
    let pass = Command::PassStepUp(passing(user, session));
    fixture.run(Command::CountFailure(vec![(FailureKey::Code(user), LIMIT)])).await.unwrap();
    fixture.run(pass.clone()).await.unwrap();
    assert!(fixture.store.failures(vec![FailureKey::Code(user)]).await.unwrap().is_empty());
    let windows = |loaded: Vec<Loading>| {
        loaded
            .into_iter()
            .filter_map(|piece| if let Loading::Window(window) = piece { Some(window) } else { None })
            .collect::<Vec<_>>()
    };
    let remembered = windows(fixture.loaded(Timestamp::from_ms(0)).await);
    assert_eq!(remembered.len(), 1);
    assert!(remembered[0].covers(AgentDigest([7; 16]), [192, 0, 2, 7].into(), fixture.now()));
    assert_eq!(remembered[0].until, fixture.now() + Duration::from_mins(30));
    fixture.run(end(session)).await.unwrap();
    assert!(windows(fixture.loaded(Timestamp::from_ms(0)).await).is_empty());
    assert_eq!(fixture.run(pass).await, Err(Refused::SessionNotLive));
}

pub async fn live_counts_follow_the_events(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let (one, _two) = (fixture.open(user).await, fixture.open(user).await);
    fixture.run(end(one)).await.unwrap();
    fixture.run(Command::DeleteUser { user, by: Actor::System }).await.unwrap();
    let live: Vec<_> = fixture.ledger().await.iter().map(|row| row.envelope.live).collect();
    assert_eq!(live, [0, 1, 2, 1, 0, 0]);
}

pub async fn addresses_of_ended_sessions_are_loaded_for_a_while(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let old = fixture.open(user).await;
    fixture.set_now(2_000_000);
    let (swept, unswept) = (fixture.open(user).await, fixture.open(user).await);
    fixture.run(end(old)).await.unwrap();
    fixture.run(end(swept)).await.unwrap();
    fixture.store.sweep(fixture.now(), fixture.now() - LIMIT.window, 10).await.unwrap();
    fixture.run(end(unswept)).await.unwrap();
    let addresses: Vec<_> = fixture
        .loaded(Timestamp::from_ms(1_500_000))
        .await
        .into_iter()
        .filter_map(|piece| match piece {
            Loading::Address { user, opened_at, .. } => Some((user, opened_at)),
            _ => None,
        })
        .collect();
    assert_eq!(addresses, [(user, Timestamp::from_ms(2_000_000)); 2]);
}

pub async fn counters_that_are_over_are_forgotten(fixture: Fixture) {
    let key = FailureKey::Name([1; 16]);
    fixture.run(Command::CountFailure(vec![(key, LIMIT)])).await.unwrap();
    fixture.store.sweep(fixture.now(), fixture.now() - LIMIT.window, 1).await.unwrap();
    assert_eq!(fixture.store.failures(vec![key]).await.unwrap().len(), 1);
    fixture.set_now(1_000_000 + i64::try_from(limits::USER_FAILURES.window.as_millis()).unwrap());
    fixture.store.sweep(fixture.now(), fixture.now() - LIMIT.window, 1).await.unwrap();
    assert!(fixture.store.failures(vec![key]).await.unwrap().is_empty());
}

pub async fn no_detail_holds_a_secret(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let mut opening = fixture.opening(user);
    opening.token = TokenHash(*b"0123456789abcdef0123456789abcdef");
    let opened = fixture.run(Command::OpenSession(Box::new(opening))).await.unwrap();
    fixture.run(Command::PassStepUp(passing(user, SessionNo(opened.last.0)))).await.unwrap();
    for row in fixture.ledger().await {
        let detail = row.detail.unwrap();
        for secret in [&b"0123456789abcdef0123456789abcdef"[..], PASSWORD.as_bytes(), &[7; 16]] {
            assert!(!detail.windows(secret.len()).any(|part| part == secret), "{}", row.envelope.seq);
        }
    }
}

pub async fn observations_are_written(fixture: Fixture) {
    let read = Observation {
        by: Actor::Anyone,
        from: Some(AddressKey::of([192, 0, 2, 7].into())),
        endpoint: "sessions/list.all",
        what: Observed::Read { filter: "chrome".into(), as_of: None },
        times: 3,
    };
    let refused = Observation { what: Observed::Refused { reason: "totp-required" }, ..read.clone() };
    fixture.run(Command::Observe(vec![read, refused])).await.unwrap();
    let rows = fixture.ledger().await;
    assert_eq!(rows.iter().map(|row| row.envelope.outcome).collect::<Vec<_>>(), [1, 2]);
    let detail = fixture.last_detail().await;
    assert_eq!(detail["reason"], "totp-required");
    assert_eq!(detail["from"], "192.0.2.7");
}
