//! The cases about personal access tokens.
#![expect(missing_docs, reason = "the names are sentences")]
#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "these are tests")]

use super::Fixture;
use crate::Loading;
use rollcall_model::command::{NewPersonalToken, Passing};
use rollcall_model::event::{KINDS, PasswordHash};
use rollcall_model::factor::Proof;
use rollcall_model::step_up::AgentDigest;
use rollcall_model::{
    Actor, Command, EndReason, PersonalToken, Refused, Timestamp, TokenHash, TokenNo, UserChange, UserNo,
    limits,
};
use std::time::Duration;

const SECRET: [u8; 32] = *b"fedcba9876543210fedcba9876543210";

pub(super) fn new(user: UserNo, by: impl Into<TokenNo>, name: &str) -> Command {
    Command::MakePersonalToken(Box::new(NewPersonalToken {
        user,
        by: by.into(),
        token: TokenHash(SECRET),
        name: name.into(),
        last_part: "Zx9_-q".into(),
        bypasses_step_up: true,
    }))
}

/// All personal tokens that an index would start with.
async fn loaded(fixture: &Fixture) -> Vec<PersonalToken> {
    let pieces = fixture.loaded(Timestamp::from_ms(0)).await;
    let token = |piece| if let Loading::Personal(token) = piece { Some(token) } else { None };
    pieces.into_iter().filter_map(token).collect()
}

pub async fn a_personal_token_is_kept_with_its_user_and_removed_once(fixture: Fixture) {
    let (ann, bob) = (fixture.user("ann", &[]).await, fixture.user("bob", &[]).await);
    let session = fixture.open(ann).await;
    let made = fixture.run(new(ann, session, "ci")).await.unwrap();
    let no = TokenNo(made.last.0);
    let [token] = &fixture.store.personal_tokens(ann).await.unwrap()[..] else { panic!("one was made") };
    assert_eq!((token.no, token.owner.no, token.made_at), (no, ann, made.at));
    assert_eq!((token.token, token.name.as_str()), (TokenHash(SECRET), "ci"));
    assert_eq!((token.last_part.as_str(), token.bypasses_step_up), ("Zx9_-q", true));
    assert_eq!(loaded(&fixture).await, std::slice::from_ref(token));
    assert!(fixture.store.personal_tokens(bob).await.unwrap().is_empty());
    assert_eq!(fixture.loaded_sessions().await, [session], "it is no session");
    assert_eq!(fixture.ledger().await.last().unwrap().envelope.live, 1);

    let remove = |user, token| {
        let reason = EndReason::EndedByUser;
        Command::RemovePersonalToken { user, token, reason, by: Actor::User(user) }
    };
    assert_eq!(fixture.run(remove(bob, no)).await, Err(Refused::NoSuchToken), "another's");
    let answers =
        fixture.commit(vec![remove(ann, no), remove(ann, no), new(ann, session, "ci")]).await.answers;
    assert_eq!(answers[1], Err(Refused::NoSuchToken));
    assert!(answers[0].is_ok() && answers[2].is_ok(), "the name is free again");
    for row in fixture.ledger().await {
        let detail = row.detail.unwrap();
        for secret in [&SECRET[..], b"Zx9_-q"] {
            assert!(!detail.windows(secret.len()).any(|part| part == secret), "{}", row.envelope.seq);
        }
    }
}

pub async fn personal_tokens_have_names_of_their_own_and_a_bound(fixture: Fixture) {
    let (ann, bob) = (fixture.user("ann", &[]).await, fixture.user("bob", &[]).await);
    let (session, others) = (fixture.open(ann).await, fixture.open(bob).await);
    let mut batch: Vec<_> =
        (0..limits::PERSONAL_TOKENS_PER_USER).map(|n| new(ann, session, &format!("token {n}"))).collect();
    batch.extend([new(ann, session, "token 7"), new(ann, session, "one more"), new(bob, others, "token 7")]);
    let mut answers = fixture.commit(batch).await.answers;
    assert!(answers.pop().unwrap().is_ok(), "names are each user's own");
    assert_eq!(answers.pop().unwrap(), Err(Refused::TooManyTokens));
    assert_eq!(answers.pop().unwrap(), Err(Refused::TokenNameInUse));
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(fixture.run(new(ann, session, "one more")).await, Err(Refused::TooManyTokens));
    assert_eq!(fixture.run(new(UserNo(99), session, "x")).await, Err(Refused::NoSuchUser));
}

pub async fn personal_tokens_end_when_somebody_else_ends_all_that_a_user_has(fixture: Fixture) {
    let password = || UserChange::of_password(PasswordHash("another".into()));
    let ann = fixture.user("ann", &[]).await;
    let by = Actor::Operator;
    for ending in [
        Command::change_user(ann, password(), by),
        Command::RemoveFactors { user: ann, shown: None, by },
        Command::Unlock { user: ann, by },
        Command::change_user(ann, UserChange { active: Some(false), ..password() }, by),
        Command::DeleteUser { user: ann, by },
    ] {
        fixture.run(Command::change_user(ann, UserChange::of_active(true), by)).await.unwrap();
        let session = fixture.open(ann).await;
        fixture.run(new(ann, session, "ci")).await.unwrap();
        fixture.run(Command::EndSessionsOf { user: ann, but: None, by: Actor::User(ann) }).await.unwrap();
        assert_eq!(loaded(&fixture).await.len(), 1, "signing out everywhere leaves it");
        let session = fixture.open(ann).await;
        let change = Box::new(password());
        let own = Command::ChangeUser { user: ann, change, but: Some(session.into()), by: Actor::User(ann) };
        fixture.run(own).await.unwrap();
        assert_eq!(loaded(&fixture).await.len(), 1, "and so does one's own new password");
        let before = fixture.ledger().await.len();
        fixture.run(ending.clone()).await.unwrap();
        assert!(loaded(&fixture).await.is_empty(), "{ending:?}");
        let rows = fixture.ledger().await;
        let kind = |kind: u16| KINDS[usize::from(kind) - 1];
        let removed =
            rows[before..].iter().filter(|row| kind(row.envelope.kind) == "personal-token.removed").count();
        assert_eq!(removed, 1, "{ending:?} tells it once");
        assert!(fixture.run(new(ann, session, "too late")).await.is_err(), "by a token that has ended");
    }
}

pub async fn a_step_up_is_remembered_for_a_personal_token_until_it_ends(fixture: Fixture) {
    let ann = fixture.user("ann", &[]).await;
    let session = fixture.open(ann).await;
    let token = TokenNo(fixture.run(new(ann, session, "ci")).await.unwrap().last.0);
    let passing = |token| {
        Command::PassStepUp(Passing {
            user: ann,
            token,
            proof: Proof::Password,
            agent: AgentDigest([7; 16]),
            ip: [192, 0, 2, 7].into(),
            window: Some(Duration::from_mins(30)),
        })
    };
    fixture.run(passing(token)).await.unwrap();
    assert_eq!(fixture.ledger().await.last().unwrap().envelope.session, None, "it has none");
    let windows = async || {
        let pieces = fixture.loaded(Timestamp::from_ms(0)).await;
        pieces
            .into_iter()
            .filter(|piece| matches!(piece, Loading::Window(window) if window.token == token))
            .count()
    };
    assert_eq!(windows().await, 1);
    // It may make another, and be gone then.
    fixture.run(new(ann, token, "another")).await.unwrap();
    let reason = EndReason::SignedOut;
    let by = Actor::Operator;
    fixture.run(Command::RemovePersonalToken { user: ann, token, reason, by }).await.unwrap();
    assert_eq!(fixture.ledger().await.last().unwrap().envelope.actor, by);
    assert_eq!(windows().await, 0);
    assert_eq!(fixture.run(passing(token)).await, Err(Refused::SessionNotLive));
    assert_eq!(fixture.run(new(ann, token, "more")).await, Err(Refused::SessionNotLive));
}
