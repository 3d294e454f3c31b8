//! Cases about when sessions were last seen.
#![expect(clippy::unwrap_used, reason = "these are tests")]

use super::Fixture;
use rollcall_model::{SessionNo, Timestamp};

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
