//! Cases of hashes of passwords: how one is replaced, and which kinds there are.
#![expect(missing_docs, reason = "the names are sentences")]
#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "these are tests")]

use super::Fixture;
use super::fixture::PASSWORD;
use crate::WhichUser;
use rollcall_model::event::PasswordHash;
use rollcall_model::{Actor, Command, Event, UserChange, UserNo};

pub async fn another_hash_of_the_same_password_ends_nothing_and_replaces_no_other(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let session = fixture.open(user).await;
    let hash = |text: &str| PasswordHash(text.into());
    let rehash = |user, from, to| Command::Rehash { user, from: hash(from), to: hash(to) };
    let before = fixture.store.credential(WhichUser::No(user)).await.unwrap().unwrap();
    // Two sign-ins at once, and one whose password was changed since it was looked at.
    let committed = fixture
        .commit(vec![
            rehash(user, PASSWORD, "new"),
            rehash(user, PASSWORD, "newer"),
            rehash(user, "an old one", "x"),
            rehash(UserNo(99), PASSWORD, "y"),
        ])
        .await;
    assert!(committed.answers.iter().all(Result::is_ok));
    assert_eq!(committed.events.iter().map(Event::kind).collect::<Vec<_>>(), ["password.rehashed"]);
    assert_eq!(fixture.last_detail().await, serde_json::json!({}));
    let found = fixture.store.credential(WhichUser::No(user)).await.unwrap().unwrap();
    assert_eq!((found.password, found.user), (hash("new"), before.user), "nothing else of the user changed");
    assert_eq!(fixture.loaded_sessions().await, [session]);
    let set = Command::change_user(user, UserChange::of_password(hash("set")), Actor::Operator);
    fixture.commit(vec![set, rehash(user, "new", "late")]).await;
    let found = fixture.store.credential(WhichUser::No(user)).await.unwrap().unwrap();
    assert_eq!(found.password, hash("set"), "a password that was changed stays so");
    fixture.commit(vec![Command::DeleteUser { user, by: Actor::System }, rehash(user, "set", "z")]).await;
    assert_eq!(fixture.ledger().await.last().unwrap().envelope.kind, 3);
}

pub async fn one_hash_of_each_kind_and_cost_is_given(fixture: Fixture) {
    assert_eq!(fixture.store.password_samples().await.unwrap(), []);
    let phc = |params: &str, salt: &str| format!("$argon2id$v=19${params}${salt}$MTIzNDU2Nzg5/+EyMzQ1Ng");
    let bcrypt = |cost: &str, salt: &str| format!("$2b${cost}${salt}IjZAgcfl7p92ldGxad68LJZdL17lhWy");
    let (one, two) = ("N9qo8uLOickgx2ZMRZoMye", "abcdefghijklmnopqrstu.");
    let hashes = [
        phc("m=19456,t=2,p=1", "c29tZXNhbHRzb21lc2FsdA"),
        phc("m=19456,t=2,p=1", "b3RoZXI/+2FsdHNvbWVzYQ"),
        phc("m=65536,t=10,p=4", "c29tZXNhbHRzb21lc2FsdA"),
        phc("m=4096,t=1,p=1", "c29tZXNhbHRzb21lc2FsdA"),
        bcrypt("10", one),
        bcrypt("10", two),
        bcrypt("12", two),
    ];
    for (number, hash) in hashes.iter().enumerate() {
        let user = fixture.user(&format!("user-{number}"), &[]).await;
        let change = UserChange::of_password(PasswordHash(hash.clone()));
        let set = Command::change_user(user, change, Actor::System);
        fixture.run(set).await.unwrap();
    }
    let samples = fixture.store.password_samples().await.unwrap();
    assert!(samples.iter().all(|sample| hashes.contains(&sample.0)));
    let mut kinds: Vec<&str> = samples
        .iter()
        .map(|sample| if sample.0.starts_with("$2") { &sample.0[..7] } else { &sample.0[..30] })
        .collect();
    kinds.sort_unstable();
    let expected = [
        "$2b$10$",
        "$2b$12$",
        "$argon2id$v=19$m=19456,t=2,p=1",
        "$argon2id$v=19$m=4096,t=1,p=1$",
        "$argon2id$v=19$m=65536,t=10,p=",
    ];
    assert_eq!(kinds, expected);
}
