//! Cases about when sessions were last seen.
#![expect(missing_docs, reason = "the names are sentences")]
#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "these are tests")]

use super::Fixture;
use rollcall_model::{Actor, Command, EndReason, Refused, SessionNo, Timestamp, limits};
use std::time::Duration;

pub async fn rows_keep_the_latest_of_what_was_seen(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let (one, two, three) = (fixture.open(user).await, fixture.open(user).await, fixture.open(user).await);
    let at = |ms: i64| Timestamp::from_ms(1_000_000 + ms);
    let nobody = SessionNo(99);
    fixture.store.note_seen(vec![(two, at(7_000)), (nobody, at(8_000)), (one, at(5_000))]).await.unwrap();
    assert_eq!(fixture.loaded_seen().await, [(one, at(5_000)), (two, at(7_000)), (three, at(0))]);
    fixture.store.note_seen(vec![(one, at(4_000)), (two, at(7_001))]).await.unwrap();
    assert_eq!(fixture.loaded_seen().await, [(one, at(5_000)), (two, at(7_001)), (three, at(0))]);
    fixture.store.note_seen(Vec::new()).await.unwrap();
    assert_eq!(fixture.ledger().await.len(), 4, "it is no event");
}

pub async fn an_idle_session_ends_by_what_its_row_knows(fixture: Fixture) {
    let user = fixture.user("ann", &[]).await;
    let (idle, seen) = (fixture.open(user).await, fixture.open(user).await);
    let limit = Duration::from_mins(5);
    let expire = |limit| Command::ExpireSessions { sessions: vec![idle, seen], idle: Some(limit) };
    let opened_at = fixture.now();
    let due = opened_at + limit;
    let told_from = due + limits::IDLE_GRACE;
    // Another node saw one of them, and its row knows.
    fixture.store.note_seen(vec![(seen, opened_at + Duration::from_millis(1))]).await.unwrap();
    fixture.set_now(told_from.as_ms() - 1);
    fixture.run(expire(limit)).await.unwrap();
    assert_eq!(fixture.loaded_sessions().await, [idle, seen], "a row may still learn of a later use");
    fixture.set_now(told_from.as_ms());
    fixture.run(expire(limit)).await.unwrap();
    assert_eq!(fixture.loaded_sessions().await, [seen]);
    let detail = fixture.last_detail().await;
    assert_eq!((detail["reason"].as_str(), detail["due"].as_i64()), (Some("idle"), Some(due.as_ms())));
    // What its row knew of in time stands, and can be ended otherwise until its ending is told.
    fixture.set_now(told_from.as_ms() + 1_000);
    let by = Actor::System;
    let end = Command::EndSession { session: seen, reason: EndReason::SignedOut, by };
    let answers = fixture.commit(vec![end.clone(), expire(limit), end]).await.answers;
    assert_eq!(
        answers.into_iter().map(Result::err).collect::<Vec<_>>(),
        [None, None, Some(Refused::SessionNotLive)]
    );
    assert_eq!(fixture.ledger().await.len(), 5, "each is ended once");
}
