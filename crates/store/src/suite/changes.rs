//! The cases about changes of a user.
#![expect(missing_docs, reason = "the names are sentences")]
#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "these are tests")]

use super::Fixture;
use crate::{Loading, UserSortKey, UsersQuery, WhichUser};
use rollcall_model::event::PasswordHash;
use rollcall_model::user::{Email, NameKey};
use rollcall_model::{Actor, Command, Refused, Role, RoleSet, Timestamp, User, UserChange, UserNo};

fn change(user: UserNo, change: UserChange) -> Command {
    Command::change_user(user, change, Actor::System)
}

fn username(username: &str) -> UserChange {
    UserChange { username: Some(username.into()), ..UserChange::default() }
}

fn email(email: &str) -> UserChange {
    UserChange { email: Some(email.into()), ..UserChange::default() }
}

fn roles(roles: &[Role]) -> UserChange {
    let roles: RoleSet = roles.iter().copied().collect();
    UserChange { roles: Some(roles), ..UserChange::default() }
}

async fn found(fixture: &Fixture, which: WhichUser) -> Option<User> {
    fixture.store.credential(which).await.unwrap().map(|credential| credential.user)
}

async fn kinds(fixture: &Fixture) -> Vec<u16> {
    fixture.ledger().await.iter().map(|row| row.envelope.kind).collect()
}

pub async fn a_changed_user_has_its_new_names_everywhere_and_its_old_ones_are_free(fixture: Fixture) {
    let (ann, bob) = (fixture.user("ann", &[Role::User]).await, fixture.user("bob", &[]).await);
    fixture.open(ann).await;
    fixture.set_now(fixture.now().as_ms() + 1_000);
    let all = UserChange {
        username: Some("Zoe".into()),
        name: Some("Émile".into()),
        email: Some("zoe@example.test".into()),
        bio: Some("a bio".into()),
        nickname: Some("z".into()),
        status_text: Some("away".into()),
        require_password_change: Some(true),
        custom_fields: Some("{\"a\":1}".into()),
        ..UserChange::default()
    };
    fixture.run(change(ann, all.clone())).await.unwrap();
    let zoe = found(&fixture, WhichUser::Username(NameKey::of("zoe"))).await.unwrap();
    assert_eq!((zoe.owner.no, zoe.owner.username.as_str()), (ann, "Zoe"));
    assert_eq!(zoe.owner.name.as_deref(), Some("Émile"));
    assert_eq!(zoe.emails, [Email { address: "zoe@example.test".into(), verified: false }]);
    assert_eq!((zoe.profile.bio.as_str(), zoe.profile.nickname.as_str()), ("a bio", "z"));
    assert_eq!((zoe.profile.status_text.as_str(), zoe.profile.require_password_change), ("away", true));
    assert_eq!(zoe.profile.custom_fields, "{\"a\":1}");
    assert_eq!((zoe.updated_at, zoe.owner.roles.contains(Role::User)), (fixture.now(), true));
    assert!(zoe.active && zoe.created_at < zoe.updated_at);
    assert_eq!(found(&fixture, WhichUser::Email(NameKey::of("ZOE@example.test"))).await.unwrap(), zoe);
    assert!(found(&fixture, WhichUser::Username(NameKey::of("ann"))).await.is_none());
    assert!(found(&fixture, WhichUser::Email(NameKey::of("ann@example.test"))).await.is_none());
    for (key, order) in [(UserSortKey::Username, [bob, ann]), (UserSortKey::Name, [bob, ann])] {
        let query = UsersQuery { email: None, sort: vec![(key, false)], offset: 0, count: 9 };
        let page = fixture.store.users(query).await.unwrap();
        assert_eq!(page.users.iter().map(|(user, _)| user.owner.no).collect::<Vec<_>>(), order);
    }
    let owner = fixture.loaded(Timestamp::from_ms(0)).await.into_iter().find_map(|piece| match piece {
        Loading::Sessions(sessions) => Some(sessions[0].0.owner.clone()),
        _ => None,
    });
    assert_eq!(*owner.unwrap(), zoe.owner);
    let detail = fixture.last_detail().await;
    assert_eq!(detail["username"], serde_json::json!({ "from": "ann", "to": "Zoe" }));
    assert_eq!(detail.as_object().unwrap().len(), 8);
    let before = fixture.ledger().await.len();
    fixture.run(change(ann, all)).await.unwrap();
    fixture.run(change(ann, UserChange::default())).await.unwrap();
    assert_eq!(fixture.ledger().await.len(), before, "what is so already is no event");
    assert_eq!(fixture.run(change(UserNo(99), username("x"))).await, Err(Refused::NoSuchUser));
}

pub async fn names_stay_unique_when_users_change(fixture: Fixture) {
    let (ann, bob) = (fixture.user("ann", &[]).await, fixture.user("bob", &[]).await);
    assert_eq!(fixture.run(change(bob, username("ANN"))).await, Err(Refused::UsernameInUse));
    assert_eq!(fixture.run(change(bob, email("ANN@example.test"))).await, Err(Refused::EmailInUse));
    for own in [username("BOB"), email("Bob@example.test")] {
        assert!(fixture.run(change(bob, own)).await.is_ok(), "one's own in other letters");
    }
    let batch = vec![
        change(bob, username("ann")),
        change(ann, username("carl")),
        change(bob, username("ann")),
        fixture.creation("BOB", &[]),
        fixture.creation("carl", &[]),
        change(ann, email("x@example.test")),
        change(bob, email("ann@example.test")),
    ];
    let answers: Vec<_> = fixture.commit(batch).await.answers.into_iter().map(Result::err).collect();
    let username = Some(Refused::UsernameInUse);
    // Bob's address is still his when somebody else is made with it.
    assert_eq!(answers, [username, None, None, Some(Refused::EmailInUse), username, None, None]);
    fixture.run(change(ann, email(""))).await.unwrap();
    assert!(found(&fixture, WhichUser::No(ann)).await.unwrap().emails.is_empty());
    fixture.run(change(bob, email("x@example.test"))).await.unwrap();
    let none = found(&fixture, WhichUser::Email(NameKey::of("ann@example.test"))).await;
    assert!(none.is_none(), "the address that bob had is free");
}

pub async fn a_change_that_is_refused_changes_nothing(fixture: Fixture) {
    let ann = fixture.user("ann", &[Role::Admin]).await;
    let session = fixture.open(ann).await;
    let before = (found(&fixture, WhichUser::No(ann)).await, fixture.ledger().await.len());
    for last in [roles(&[Role::User]), UserChange::of_active(false)] {
        let password = Some(PasswordHash("another".into()));
        let asked = UserChange { username: Some("eve".into()), password, ..last };
        assert_eq!(fixture.run(change(ann, asked)).await, Err(Refused::LastAdministrator));
    }
    assert_eq!((found(&fixture, WhichUser::No(ann)).await, fixture.ledger().await.len()), before);
    assert_eq!(fixture.loaded_sessions().await, [session]);
}

pub async fn a_set_of_roles_is_given_and_taken_one_by_one(fixture: Fixture) {
    let (ann, bob) = (fixture.user("ann", &[Role::Admin]).await, fixture.user("bob", &[Role::User]).await);
    let before = fixture.ledger().await.len();
    let asked = UserChange { username: Some("bobby".into()), ..roles(&[Role::Admin, Role::Bot]) };
    let committed = fixture.commit(vec![change(bob, asked), change(ann, roles(&[]))]).await;
    assert!(committed.answers.iter().all(Result::is_ok), "the batch sees that bob is one");
    let (granted, revoked, changed) = (20, 21, 23);
    assert_eq!(kinds(&fixture).await[before..], [changed, granted, revoked, granted, revoked]);
    let bob_is = found(&fixture, WhichUser::No(bob)).await.unwrap().owner;
    assert_eq!(bob_is.roles.iter().collect::<Vec<_>>(), [Role::Admin, Role::Bot]);
    assert_eq!(bob_is.username, "bobby");
    fixture.run(change(ann, roles(&[Role::Admin]))).await.unwrap();
    let demoted = vec![change(ann, roles(&[Role::User])), change(bob, roles(&[Role::User]))];
    let answers = fixture.commit(demoted).await.answers;
    assert!(answers[0].is_ok());
    assert_eq!(answers[1], Err(Refused::LastAdministrator), "of two who demote each other one stays");
}

pub async fn a_password_set_by_its_user_leaves_the_session_that_it_was_set_on(fixture: Fixture) {
    let ann = fixture.user("ann", &[]).await;
    let (one, other) = (fixture.open(ann).await, fixture.open(ann).await);
    let password = || UserChange::of_password(PasswordHash("another".into()));
    let own = Command::ChangeUser {
        user: ann,
        change: password().into(),
        but: Some(one.into()),
        by: Actor::User(ann),
    };
    fixture.run(own).await.unwrap();
    assert_eq!(fixture.loaded_sessions().await, [one], "{other:?} has ended");
    let asked = UserChange { active: Some(false), ..password() };
    fixture.run(change(ann, asked)).await.unwrap();
    assert!(fixture.loaded_sessions().await.is_empty());
    assert_eq!(fixture.ledger().await.last().unwrap().envelope.live, 0, "it ended once");
}
