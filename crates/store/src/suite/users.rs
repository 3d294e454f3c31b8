//! The cases about users: their factors, roles, permissions and pages.
#![expect(missing_docs, reason = "the names are sentences")]
#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "these are tests")]

use super::Fixture;
use super::cases::{LIMIT, passing};
use crate::{Loading, UserSortKey, UsersQuery, WhichUser};
use rollcall_model::command::{Enrolment, Passing, Shown};
use rollcall_model::event::PasswordHash;
use rollcall_model::factor::{Factors, KeyFingerprint, Proof, RecoveryHash, SealedSeed, Step};
use rollcall_model::failure::FailureKey;
use rollcall_model::user::NameKey;
use rollcall_model::{
    Actor, AddressKey, Command, Permission, Refused, Role, RoleSet, Seq, SessionNo, Timestamp, UserChange,
    UserNo,
};

/// Begins and enrols an authenticator at step 100, with two recovery codes.
pub(super) async fn enrolled(fixture: &Fixture, user: UserNo, session: SessionNo) -> Seq {
    let seed = SealedSeed(b"a sealed seed".to_vec());
    let begun = fixture.run(Command::BeginAuthenticator { user, seed }).await.unwrap().last;
    let codes = vec![RecoveryHash([1; 32]), RecoveryHash([2; 32])];
    let enrolment = Enrolment { user, token: session.into(), begun, step: Step(100), codes };
    fixture.run(Command::EnrolAuthenticator(Box::new(enrolment))).await.unwrap();
    begun
}

fn shown(user: UserNo, session: SessionNo, proof: Proof) -> Command {
    Command::PassStepUp(Passing { proof, ..passing(user, session) })
}

pub async fn a_code_is_good_once_and_the_step_never_falls(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let session = fixture.open(user).await;
    let begun = enrolled(&fixture, user, session).await;
    let code = |step| shown(user, session, Proof::Authenticator { begun, step: Step(step) });
    assert_eq!(fixture.run(code(100)).await, Err(Refused::CodeNotGood), "the code that enrolled is used");
    let answers = fixture.commit(vec![code(102), code(102), code(101), code(103)]).await.answers;
    assert!(answers[0].is_ok() && answers[3].is_ok());
    assert_eq!((answers[1], answers[2]), (Err(Refused::CodeNotGood), Err(Refused::CodeNotGood)));
    let other = shown(user, session, Proof::Authenticator { begun: Seq(1), step: Step(200) });
    assert_eq!(fixture.run(other).await, Err(Refused::CodeNotGood), "of a seed that was given out before");
    let stored = fixture.store.credential(WhichUser::No(user)).await.unwrap().unwrap();
    assert_eq!(stored.enrolled().unwrap().0.last_step, Some(Step(103)));
}

pub async fn a_recovery_code_is_good_once_and_goes_when_replaced(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let session = fixture.open(user).await;
    enrolled(&fixture, user, session).await;
    let proof = |n| Proof::Recovery(RecoveryHash([n; 32]));
    let left = async || fixture.store.credential(WhichUser::No(user)).await.unwrap().unwrap().recovery_left;
    assert_eq!(left().await, 2);
    let answers =
        fixture.commit(vec![shown(user, session, proof(1)), shown(user, session, proof(1))]).await.answers;
    assert!(answers[0].is_ok());
    assert_eq!((answers[1], left().await), (Err(Refused::CodeNotGood), 1));
    let replace = Command::ReplaceRecovery {
        user,
        shown: Shown { token: session.into(), proof: proof(2) },
        codes: (3..8).map(|n| RecoveryHash([n; 32])).collect(),
    };
    assert!(fixture.run(replace).await.is_ok());
    assert_eq!(left().await, 5);
    assert_eq!(fixture.run(shown(user, session, proof(2))).await, Err(Refused::CodeNotGood));
    let other = fixture.user("bob", &[]).await;
    let others = fixture.open(other).await;
    enrolled(&fixture, other, others).await;
    assert_eq!(fixture.run(shown(other, others, proof(3))).await, Err(Refused::CodeNotGood), "ann's");
}

pub async fn a_password_is_no_factor_once_one_is_enrolled(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let session = fixture.open(user).await;
    assert!(fixture.run(shown(user, session, Proof::Password)).await.is_ok());
    enrolled(&fixture, user, session).await;
    assert_eq!(fixture.run(shown(user, session, Proof::Password)).await, Err(Refused::FactorRequired));
    let opening = || Command::OpenSession(Box::new(fixture.opening(user)));
    assert_eq!(fixture.run(opening()).await, Err(Refused::FactorRequired), "nor for a sign-in");
}

pub async fn enrolling_ends_the_other_sessions_and_takes_the_begun_seed_only(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let (session, other) = (fixture.open(user).await, fixture.open(user).await);
    let enrolment = |begun| {
        let codes = Vec::new();
        Command::EnrolAuthenticator(Box::new(Enrolment {
            user,
            token: session.into(),
            begun,
            step: Step(1),
            codes,
        }))
    };
    assert_eq!(fixture.run(enrolment(Seq(9))).await, Err(Refused::NoSuchFactor));
    let begin = |seed: &[u8]| Command::BeginAuthenticator { user, seed: SealedSeed(seed.to_vec()) };
    let first = fixture.run(begin(b"first")).await.unwrap().last;
    let second = fixture.run(begin(b"second")).await.unwrap().last;
    assert_eq!(fixture.run(enrolment(first)).await, Err(Refused::NoSuchFactor));
    assert_eq!(fixture.loaded_sessions().await, [session, other]);
    assert!(fixture.run(enrolment(second)).await.is_ok());
    assert_eq!(fixture.loaded_sessions().await, [session]);
    assert_eq!(fixture.run(enrolment(second)).await, Err(Refused::FactorEnrolled));
    assert_eq!(fixture.run(begin(b"third")).await, Err(Refused::FactorEnrolled));
    let loaded = fixture.loaded(Timestamp::from_ms(0)).await;
    assert!(
        loaded
            .iter()
            .any(|piece| matches!(piece, Loading::Factors(of, Factors::AUTHENTICATOR) if *of == user))
    );
}

pub async fn factors_go_with_their_removal_and_with_their_user(fixture: Fixture) {
    let factors = async |user| fixture.store.credential(WhichUser::No(user)).await.unwrap();
    let user = fixture.user("ann", &[]).await;
    let session = fixture.open(user).await;
    let begun = enrolled(&fixture, user, session).await;
    let proof = Proof::Authenticator { begun, step: Step(101) };
    let by_user = Command::RemoveFactors {
        user,
        shown: Some(Shown { token: session.into(), proof }),
        by: Actor::User(user),
    };
    assert!(fixture.run(by_user.clone()).await.is_ok());
    let left = factors(user).await.unwrap();
    assert!(left.authenticator.is_none() && left.recovery_left == 0);
    assert_eq!(fixture.run(by_user).await, Err(Refused::NoSuchFactor));
    assert_eq!(fixture.loaded_sessions().await, [session]);
    enrolled(&fixture, user, session).await;
    let by_operator = Command::RemoveFactors { user, shown: None, by: Actor::Operator };
    assert!(fixture.run(by_operator).await.is_ok());
    assert!(fixture.loaded_sessions().await.is_empty(), "the operator's hand ends the user's sessions");
    let session = fixture.open(user).await;
    enrolled(&fixture, user, session).await;
    assert!(fixture.run(Command::DeleteUser { user, by: Actor::System }).await.is_ok());
    assert!(factors(user).await.is_none());
    let loaded = fixture.loaded(Timestamp::from_ms(0)).await;
    assert!(!loaded.iter().any(|piece| matches!(piece, Loading::Factors(..))));
}

pub async fn a_deactivated_user_signs_in_no_more_and_one_administrator_stays(fixture: Fixture) {
    let set = |user, active| Command::change_user(user, UserChange::of_active(active), Actor::System);
    let (ann, bob) = (fixture.user("ann", &[Role::Admin]).await, fixture.user("bob", &[Role::Admin]).await);
    let session = fixture.open(ann).await;
    let answers = fixture.commit(vec![set(ann, false), set(bob, false)]).await.answers;
    assert!(answers[0].is_ok());
    assert_eq!(answers[1], Err(Refused::LastAdministrator));
    assert!(!fixture.loaded_sessions().await.contains(&session));
    let opening = || Command::OpenSession(Box::new(fixture.opening(ann)));
    assert_eq!(fixture.run(opening()).await, Err(Refused::UserNotActive));
    let before = fixture.ledger().await.len();
    assert!(fixture.run(set(ann, false)).await.is_ok());
    assert_eq!(fixture.ledger().await.len(), before, "what is so already is no event");
    let answers = fixture.commit(vec![set(ann, true), set(bob, false)]).await.answers;
    assert!(answers.iter().all(Result::is_ok), "the batch sees that ann is back");
    assert!(fixture.run(opening()).await.is_ok());
    assert_eq!(fixture.run(set(UserNo(99), true)).await, Err(Refused::NoSuchUser));
}

pub async fn a_new_password_and_an_unlocking_end_all_sessions(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    fixture.open(user).await;
    let password = PasswordHash("another hash".into());
    let set = Command::change_user(user, UserChange::of_password(password.clone()), Actor::Operator);
    assert!(fixture.run(set).await.is_ok());
    assert!(fixture.loaded_sessions().await.is_empty());
    assert_eq!(fixture.store.credential(WhichUser::No(user)).await.unwrap().unwrap().password, password);

    fixture.open(user).await;
    let from = |n: u8| FailureKey::UserFrom(user, AddressKey::of([10, 0, 0, n].into()));
    let v6 = FailureKey::UserFrom(user, AddressKey::of("2001:db8::1".parse().unwrap()));
    let others = [
        FailureKey::UserFrom(UserNo(user.0 + 1), AddressKey::of([10, 0, 0, 1].into())),
        FailureKey::Address(AddressKey::of([10, 0, 0, 1].into())),
    ];
    let own = [FailureKey::User(user), FailureKey::Code(user), from(1), from(2), v6];
    let counted = own.iter().chain(&others).map(|key| (*key, LIMIT)).collect();
    assert!(fixture.run(Command::CountFailure(counted)).await.is_ok());
    assert!(fixture.run(Command::Unlock { user, by: Actor::Operator }).await.is_ok());
    assert!(fixture.loaded_sessions().await.is_empty());
    let left = fixture.store.failures(own.into_iter().chain(others).collect()).await.unwrap();
    assert_eq!(left.len(), others.len(), "{left:?}");
}

pub async fn another_cluster_key_is_refused(fixture: Fixture) {
    assert!(fixture.run(Command::CreateWorkspace { test: false }).await.is_ok());
    let (ours, other) = (KeyFingerprint([1; 32]), KeyFingerprint([2; 32]));
    let answers = fixture.commit(vec![Command::AdoptKey(ours), Command::AdoptKey(other)]).await.answers;
    assert!(answers[0].is_ok());
    assert_eq!(answers[1], Err(Refused::OtherKey(ours)), "of two starts at once one is refused");
    assert_eq!(fixture.store.workspace().await.unwrap().unwrap().key, Some(ours));
    let before = fixture.ledger().await.len();
    assert!(fixture.run(Command::AdoptKey(ours)).await.is_ok());
    assert_eq!(fixture.ledger().await.len(), before);
}

pub async fn users_are_paged_in_every_order(fixture: Fixture) {
    let mut nos = Vec::new();
    for name in ["carl", "Anna", "bob", "dora"] {
        nos.push(fixture.user(name, &[]).await);
        fixture.set_now(fixture.now().as_ms() + 1_000);
    }
    let [carl, anna, bob, dora] = nos[..] else { unreachable!() };
    fixture.open(bob).await;
    let deactivate = Command::change_user(carl, UserChange::of_active(false), Actor::System);
    fixture.run(deactivate).await.unwrap();
    fixture.run(Command::DeleteUser { user: dora, by: Actor::System }).await.unwrap();
    let page = async |sort: &[(UserSortKey, bool)], offset, count| {
        let query = UsersQuery { email: None, sort: sort.to_vec(), offset, count };
        let page = fixture.store.users(query).await.unwrap();
        assert_eq!(page.total, 3);
        page.users.into_iter().map(|(user, _)| user.owner.no).collect::<Vec<_>>()
    };
    assert_eq!(page(&[(UserSortKey::Username, false)], 0, 9).await, [anna, bob, carl]);
    assert_eq!(page(&[(UserSortKey::Name, true)], 0, 9).await, [carl, bob, anna]);
    assert_eq!(page(&[(UserSortKey::CreatedAt, false)], 1, 1).await, [anna]);
    assert_eq!(page(&[(UserSortKey::LastLogin, true)], 0, 1).await, [bob]);
    assert_eq!(
        page(&[(UserSortKey::Active, false), (UserSortKey::Username, false)], 0, 9).await,
        [carl, anna, bob]
    );
    assert_eq!(page(&[], 5, 9).await, []);
    let email = Some(NameKey::of("BOB@example.test"));
    let found =
        fixture.store.users(UsersQuery { email, sort: Vec::new(), offset: 0, count: 9 }).await.unwrap();
    assert_eq!((found.total, found.users[0].0.emails.len()), (1, 1));
}

pub async fn a_role_comes_and_goes_and_one_administrator_stays(fixture: Fixture) {
    let (ann, bob) = (fixture.user("ann", &[Role::Admin]).await, fixture.user("bob", &[Role::User]).await);
    let grant = |user, role| Command::GrantRole { user, role, by: Actor::System };
    let revoke = |user, role| Command::RevokeRole { user, role, by: Actor::System };
    let roles = async |user| {
        let found = fixture.store.credential(WhichUser::No(user)).await.unwrap().unwrap();
        found.user.owner.roles.iter().collect::<Vec<_>>()
    };
    assert_eq!(fixture.run(revoke(ann, Role::Admin)).await, Err(Refused::LastAdministrator));
    let answers = fixture.commit(vec![grant(bob, Role::Admin), revoke(ann, Role::Admin)]).await.answers;
    assert!(answers.iter().all(Result::is_ok), "the batch sees that bob is one: {answers:?}");
    assert_eq!((roles(ann).await, roles(bob).await), (vec![], vec![Role::Admin, Role::User]));
    assert_eq!(fixture.run(grant(bob, Role::User)).await, Err(Refused::HasRole));
    assert_eq!(fixture.run(revoke(ann, Role::Bot)).await, Err(Refused::HasNotRole));
    assert_eq!(fixture.run(grant(UserNo(99), Role::Bot)).await, Err(Refused::NoSuchUser));
    fixture.run(grant(ann, Role::Admin)).await.unwrap();
    let answers = fixture.commit(vec![revoke(ann, Role::Admin), revoke(bob, Role::Admin)]).await.answers;
    assert!(answers[0].is_ok());
    assert_eq!(answers[1], Err(Refused::LastAdministrator));
    assert_eq!(fixture.last_detail().await["role"], "admin");
}

pub async fn permissions_change_together(fixture: Fixture) {
    fixture.run(Command::CreateWorkspace { test: false }).await.unwrap();
    let before = fixture.store.permissions().await.unwrap();
    assert_eq!(before.len(), Permission::ALL.len());
    fixture.set_now(fixture.now().as_ms() + 1_000);
    let roles: RoleSet = [Role::Guest].into_iter().collect();
    let grants = vec![(Permission::ViewAudit, roles), (Permission::CreateUser, roles)];
    fixture.run(Command::SetGrants { grants, by: Actor::System }).await.unwrap();
    let changed: Vec<_> =
        fixture.store.permissions().await.unwrap().into_iter().filter(|row| !before.contains(row)).collect();
    assert_eq!(changed.len(), 2);
    assert!(changed.iter().all(|row| row.roles == roles && row.updated_at == fixture.now()));
}

pub async fn all_sessions_of_a_user_end_but_one(fixture: Fixture) {
    let (ann, bob) = (fixture.user("ann", &[]).await, fixture.user("bob", &[]).await);
    fixture.open(ann).await;
    let (second, others) = (fixture.open(ann).await, fixture.open(bob).await);
    let end = |but| Command::EndSessionsOf { user: ann, but, by: Actor::User(ann) };
    fixture.run(end(Some(second.into()))).await.unwrap();
    assert_eq!(fixture.loaded_sessions().await, [second, others]);
    fixture.run(end(None)).await.unwrap();
    assert_eq!(fixture.loaded_sessions().await, [others]);
}
