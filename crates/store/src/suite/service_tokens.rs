//! The cases about service tokens.
#![expect(missing_docs, reason = "the names are sentences")]
#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "these are tests")]

use super::Fixture;
use crate::{KeptServiceToken, Loading};
use rollcall_model::command::{Asker, NewServiceToken, Rotation};
use rollcall_model::event::KINDS;
use rollcall_model::service_token::SecretBefore;
use rollcall_model::{
    Actor, Command, EndReason, Permission, Refused, Scopes, ServiceNo, ServiceToken, SessionNo, Timestamp,
    TokenHash, UserNo, limits,
};
use std::time::Duration;

const SECRET: [u8; 32] = *b"0123456789abcdef0123456789abcdef";
const NEXT: [u8; 32] = *b"fedcba9876543210fedcba9876543210";
const HOUR: Duration = Duration::from_hours(1);

/// A token for an hour and some.
pub(super) fn new(user: UserNo, session: SessionNo, name: &str) -> Command {
    Command::MakeServiceToken(Box::new(NewServiceToken {
        by: Asker { user, token: session.into() },
        secret: TokenHash(SECRET),
        name: name.into(),
        scopes: [Permission::ViewAudit, Permission::ViewDeviceManagement].into_iter().collect(),
        networks: "192.0.2.0/24 2001:db8::/32".parse().unwrap(),
        expires_at: Timestamp::from_ms(5_000_000),
    }))
}

pub(super) fn rotation(user: UserNo, session: SessionNo, no: ServiceNo) -> Command {
    rotation_with(user, session, no, HOUR, None)
}

fn rotation_with(
    user: UserNo,
    session: SessionNo,
    no: ServiceNo,
    overlap: Duration,
    expires_at: Option<Timestamp>,
) -> Command {
    let by = Asker { user, token: session.into() };
    Command::RotateServiceToken(Rotation { no, by, secret: TokenHash(NEXT), overlap, expires_at })
}

/// The service tokens that an index would start with.
async fn loaded(fixture: &Fixture) -> Vec<ServiceToken> {
    let pieces = fixture.loaded(Timestamp::from_ms(0)).await;
    let tokens = |piece| if let Loading::ServiceTokens(tokens) = piece { Some(tokens) } else { None };
    pieces.into_iter().filter_map(tokens).flatten().collect()
}

async fn kept(fixture: &Fixture) -> KeptServiceToken {
    fixture.store.service_tokens().await.unwrap().pop().unwrap()
}

pub async fn a_service_token_is_kept_rotated_and_revoked(fixture: Fixture) {
    let ann = fixture.user("ann", &[]).await;
    let session = fixture.open(ann).await;
    let made = fixture.run(new(ann, session, "siem")).await.unwrap();
    let no = ServiceNo(made.last.0);
    let token = ServiceToken {
        no,
        name: "siem".into(),
        secret: TokenHash(SECRET),
        before: None,
        scopes: Scopes::parse("view-device-management view-audit"),
        networks: "192.0.2.0/24 2001:db8::/32".parse().unwrap(),
        expires_at: Timestamp::from_ms(5_000_000),
        made_at: made.at,
        made_by: ann,
    };
    let is = |token: &ServiceToken| KeptServiceToken {
        token: token.clone(),
        last_used_at: None,
        revoked_at: None,
    };
    assert_eq!(kept(&fixture).await, is(&token));
    assert_eq!(loaded(&fixture).await, std::slice::from_ref(&token));
    assert_eq!(fixture.last_detail().await["scopes"].as_array().unwrap().len(), 2);

    // The overlap of the first rotation is over with the second, and ends with the token at the latest.
    fixture.run(rotation(ann, session, no)).await.unwrap();
    let before = SecretBefore { secret: TokenHash(SECRET), until: fixture.now() + HOUR };
    let rotated = ServiceToken { secret: TokenHash(NEXT), before: Some(before), ..token.clone() };
    assert_eq!(kept(&fixture).await, is(&rotated));
    let later = Timestamp::from_ms(9_000_000);
    fixture.run(rotation_with(ann, session, no, HOUR * 9, Some(later))).await.unwrap();
    let before = SecretBefore { secret: TokenHash(NEXT), until: token.expires_at };
    let rotated = ServiceToken { before: Some(before), expires_at: later, ..rotated };
    assert_eq!(kept(&fixture).await, is(&rotated));
    fixture.run(rotation_with(ann, session, no, Duration::ZERO, None)).await.unwrap();
    let rotated = ServiceToken { before: None, ..rotated };
    assert_eq!(loaded(&fixture).await, std::slice::from_ref(&rotated), "no overlap was asked for");

    let revoke = |no| Command::RevokeServiceToken { no, by: Actor::User(ann) };
    let answers = fixture.commit(vec![revoke(no), revoke(no), rotation(ann, session, no)]).await.answers;
    assert!(answers[0].is_ok());
    assert_eq!(answers[1..], [Err(Refused::NoSuchServiceToken), Err(Refused::NoSuchServiceToken)]);
    let revoked = KeptServiceToken { revoked_at: Some(fixture.now()), ..is(&rotated) };
    assert_eq!(kept(&fixture).await, revoked, "its row stays, and tells its name");
    assert_eq!(loaded(&fixture).await, []);
    for row in fixture.ledger().await {
        let detail = row.detail.unwrap();
        assert!(!detail.windows(32).any(|part| part == SECRET || part == NEXT), "{}", row.envelope.seq);
    }
    let kinds: Vec<_> = fixture.ledger().await.iter().map(|row| row.envelope.kind).collect();
    let kinds: Vec<_> = kinds[2..].iter().map(|kind| KINDS[usize::from(*kind) - 1]).collect();
    let rotated = "service-token.rotated";
    assert_eq!(kinds, ["service-token.made", rotated, rotated, rotated, "service-token.revoked"]);
}

pub async fn service_tokens_have_names_of_their_own_and_a_bound(fixture: Fixture) {
    let (ann, bob) = (fixture.user("ann", &[]).await, fixture.user("bob", &[]).await);
    let (session, others) = (fixture.open(ann).await, fixture.open(bob).await);
    let mut batch: Vec<_> =
        (0..limits::SERVICE_TOKENS).map(|n| new(ann, session, &format!("token {n}"))).collect();
    batch.extend([new(bob, others, "token 7"), new(bob, others, "one more")]);
    let mut answers = fixture.commit(batch).await.answers;
    assert_eq!(answers.pop().unwrap(), Err(Refused::TooManyServiceTokens));
    assert_eq!(answers.pop().unwrap(), Err(Refused::ServiceNameInUse), "whoever made the other");
    let first = ServiceNo(answers[7].as_ref().unwrap().last.0);
    assert!(answers.iter().all(Result::is_ok));
    fixture.run(Command::RevokeServiceToken { no: first, by: Actor::Operator }).await.unwrap();
    fixture.run(new(bob, others, "token 7")).await.unwrap();
}

pub async fn service_tokens_are_made_by_whoever_still_stands_and_outlive_it(fixture: Fixture) {
    let ann = fixture.user("ann", &[]).await;
    let session = fixture.open(ann).await;
    let no = ServiceNo(fixture.run(new(ann, session, "siem")).await.unwrap().last.0);
    let (reason, by) = (EndReason::SignedOut, Actor::User(ann));
    fixture.run(Command::EndSession { session, reason, by }).await.unwrap();
    for too_late in [new(ann, session, "more"), rotation(ann, session, no)] {
        assert_eq!(fixture.run(too_late).await, Err(Refused::SessionNotLive));
    }
    fixture.set_now(5_000_000);
    let session = fixture.open(ann).await;
    assert_eq!(fixture.run(rotation(ann, session, no)).await, Err(Refused::ServiceTokenExpired));
    let longer = Some(Timestamp::from_ms(5_000_001));
    fixture.run(rotation_with(ann, session, no, HOUR, longer)).await.unwrap();
    assert_eq!(kept(&fixture).await.token.before, None, "what had expired is not good again");
    fixture.run(Command::DeleteUser { user: ann, by: Actor::Operator }).await.unwrap();
    assert_eq!(loaded(&fixture).await.len(), 1, "it is the workspace's");
}

pub async fn a_service_token_keeps_its_latest_use(fixture: Fixture) {
    let ann = fixture.user("ann", &[]).await;
    let session = fixture.open(ann).await;
    let no = ServiceNo(fixture.run(new(ann, session, "siem")).await.unwrap().last.0);
    for (used, latest) in [(500, 500), (400, 500), (600, 600)] {
        let used = vec![(no, Timestamp::from_ms(used)), (ServiceNo(99), Timestamp::from_ms(1))];
        fixture.store.note_service_use(used).await.unwrap();
        assert_eq!(kept(&fixture).await.last_used_at, Some(Timestamp::from_ms(latest)));
    }
}
