//! When sessions were last seen: kept in memory, written to the rows in batches, and there again after a restart.

use rollcall::config::Config;
use rollcall_model::{Timestamp, limits};
use rollcall_store::Loading;
use rollcall_testkit::{Caller, PASSWORD, TestServer};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// When each session that stands was last seen, as the rows say, oldest session first.
async fn seen_by_rows(server: &TestServer) -> Vec<Timestamp> {
    let seen: Arc<Mutex<Vec<Timestamp>>> = Arc::default();
    let kept = seen.clone();
    let visit = move |piece| {
        if let Loading::Sessions(sessions) = piece {
            kept.lock().unwrap().extend(sessions.into_iter().map(|(_, seen_at)| seen_at));
        }
    };
    server.store.load(server.service.now(), Box::new(visit)).await.unwrap();
    std::mem::take(&mut *seen.lock().unwrap())
}

/// The same person's client, after a restart.
fn again(server: &TestServer, caller: &Caller) -> Caller {
    server.caller().with_credentials(&caller.user_id, &caller.token)
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_learn_once_a_period_of_the_sessions_that_were_seen() {
    let server = TestServer::start().await;
    server.pass(limits::SEEN_PERIOD).await;
    let (one, _two) = (server.admin().await, server.admin().await);
    let opened = server.service.now();
    server.pass(Duration::from_secs(30)).await;
    let seen = server.service.now();
    assert_eq!(one.get("me").await.status, 200);
    server.pass(Duration::from_secs(29)).await;
    assert_eq!(seen_by_rows(&server).await, [opened; 2], "not yet");
    server.pass(Duration::from_secs(1)).await;
    assert_eq!(seen_by_rows(&server).await, [seen, opened]);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_session_was_last_seen_outlives_the_process() {
    let server = TestServer::start().await;
    let (one, two) = (server.admin().await, server.admin().await);
    let path = format!("sessions/info?sessionId={}", one.session_id().await);
    server.clock.advance(Duration::from_secs(10));
    let seen = server.service.now().to_string();
    assert_eq!(one.get("me").await.status, 200);
    server.clock.advance(Duration::from_secs(10));
    assert_eq!(two.get(&path).await.body["lastActivityAt"], *seen);
    let server = server.restart().await;
    let info = again(&server, &two).get(&path).await.body;
    assert_eq!((&info["lastActivityAt"], &info["_updatedAt"]), (&seen.clone().into(), &seen.into()));
    assert_eq!(info["loginAt"], "2026-01-05T09:00:00.000Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cap_ends_the_session_not_seen_for_longest_after_a_restart_too() {
    let mut config = Config::default();
    (config.service.sessions_per_user, config.wire.rate_calls) = (3, 1_000_000);
    let server = TestServer::with(config).await;
    server.user("zoe").await;
    let mut sessions = Vec::new();
    for _ in 0..3 {
        server.clock.advance(Duration::from_secs(2));
        sessions.push(server.caller().sign_in("zoe", PASSWORD).await);
    }
    server.clock.advance(Duration::from_secs(2));
    assert_eq!(sessions[0].get("me").await.status, 200);
    let server = server.restart().await;
    let _newest = server.caller().sign_in("zoe", PASSWORD).await;
    let mut statuses = Vec::new();
    for session in &sessions {
        statuses.push(again(&server, session).get("me").await.status);
    }
    assert_eq!(statuses, [200, 401, 200]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_used_since_the_checkpoint_is_not_idle_after_a_kill() {
    let idle = Duration::from_mins(10);
    let mut config = Config::default();
    (config.service.session_idle, config.wire.rate_calls) = (Some(idle), 1_000_000);
    let server = TestServer::with(config).await;
    let (used, unused) = (server.admin().await, server.admin().await);
    // The end leaves a checkpoint that says when each was last seen.
    let server = server.restart().await;
    server.clock.advance(Duration::from_mins(6));
    assert_eq!(again(&server, &used).get("me").await.status, 200);
    server.pass(limits::SEEN_PERIOD).await;
    let server = server.restart_as_killed().await;
    server.clock.advance(Duration::from_mins(6));
    assert_eq!(again(&server, &used).get("me").await.status, 200, "used seven minutes ago");
    assert_eq!(again(&server, &unused).get("me").await.status, 401, "unused for thirteen");
}
