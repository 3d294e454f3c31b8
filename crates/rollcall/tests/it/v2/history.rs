//! Single sessions, live and ended, with what happened to them.

use rollcall_testkit::{Answer, PASSWORD, TestServer};
use serde_json::{Value, json};
use std::time::Duration;

fn kinds(answer: &Answer) -> Vec<&str> {
    let history = answer.body["history"].as_array().unwrap_or_else(|| panic!("no history: {answer:?}"));
    history.iter().map(|step| step["kind"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_is_told_like_a_live_one_and_how_it_ended() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let id = zoe.session_id().await;
    let path = format!("sessions/{id}");
    let admin = server.elevated_admin().await;
    let live = admin.get_v2(&path).await;
    assert_eq!((&live.body["ended_at"], &live.body["ended_reason"]), (&Value::Null, &Value::Null));
    assert_eq!(kinds(&live), ["session.opened"]);

    server.clock.advance(Duration::from_mins(1));
    let name = json!({ "tokenName": "ci", "bypassTwoFactor": false });
    let made = zoe.with_code(PASSWORD).post("users.generatePersonalAccessToken", &name).await;
    assert_eq!(made.status, 200, "{made:?}");
    server.clock.advance(Duration::from_mins(1));
    let expected = admin.get_v2(&path).await.body;
    assert_eq!(admin.delete_v2(&path).await.status, 204);
    let ended = admin.get_v2(&path).await;
    assert_eq!(kinds(&ended), ["session.opened", "step-up.passed", "session.ended"]);
    let history = ended.body["history"].as_array().unwrap();
    let seqs: Vec<_> = history.iter().map(|step| step["seq"].as_u64().unwrap()).collect();
    assert!(seqs.is_sorted(), "{seqs:?}");
    assert_eq!(
        (&history[0]["at"], &history[2]["at"]),
        (&json!("2026-01-05T09:00:00.000Z"), &json!("2026-01-05T09:02:00.000Z"))
    );
    assert_eq!((&history[0]["actor"]["username"], &history[0]["reason"]), (&json!("zoe"), &Value::Null));
    assert_eq!(
        (&history[2]["actor"]["username"], &history[2]["reason"]),
        (&json!("boss"), &json!("ended-by-administrator"))
    );
    assert_eq!(
        (&ended.body["ended_at"], &ended.body["ended_reason"]),
        (&json!("2026-01-05T09:02:00.000Z"), &json!("ended-by-administrator"))
    );
    // All else is as it was while it was live.
    let mut as_before = ended.body.clone();
    for other in ["ended_at", "ended_reason", "history", "seen_at"] {
        as_before[other] = expected[other].clone();
    }
    assert_eq!(as_before, expected);

    // In history it is the same, and so it is after a start; its last use is written down within a minute.
    server.pass(Duration::from_mins(1)).await;
    let mut in_history = ended.body.clone();
    in_history["seen_at"] = expected["seen_at"].clone();
    assert_eq!(admin.get_v2(&path).await.body, in_history);
    let server = server.restart().await;
    let admin = server.elevated_admin().await;
    assert_eq!(admin.get_v2(&path).await.body, in_history);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_is_found_for_as_long_as_it_is_kept() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let path = format!("sessions/{}", zoe.session_id().await);
    assert_eq!(zoe.post("logout", &json!({})).await.status, 200);
    server.pass(Duration::from_hours(89 * 24)).await;
    let kept = server.elevated_admin().await.get_v2(&path).await;
    assert_eq!((kept.status, &kept.body["ended_reason"]), (200, &json!("signed-out")));
    server.pass(Duration::from_hours(2 * 24)).await;
    let gone = server.elevated_admin().await.get_v2(&path).await;
    assert_eq!((gone.status, gone.problem()), (404, "no-such-session"));
}
