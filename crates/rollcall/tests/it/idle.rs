//! Sessions that may not be idle for long: gone at the instant, told by the ledger a little later.

use rollcall::config::Config;
use rollcall_model::event::KINDS;
use rollcall_model::{Actor, Seq, limits};
use rollcall_testkit::{PASSWORD, Socket, TestServer};
use serde_json::{Value, json};
use std::time::Duration;

const IDLE: Duration = Duration::from_mins(10);
const SECOND: Duration = Duration::from_secs(1);

/// A second less.
fn before(time: Duration) -> Duration {
    time.saturating_sub(SECOND)
}

async fn server() -> TestServer {
    let mut config = Config::default();
    (config.service.session_idle, config.wire.rate_calls) = (Some(IDLE), 1_000_000);
    TestServer::with(config).await
}

/// Who ended a session and the detail of it, of all endings so far.
async fn endings(server: &TestServer) -> Vec<(Actor, Value)> {
    let rows = server.store.ledger(Seq(0), 1_000).await.unwrap();
    rows.into_iter()
        .filter(|row| KINDS[usize::from(row.envelope.kind) - 1] == "session.ended")
        .map(|row| (row.envelope.actor, serde_json::from_slice(&row.detail.unwrap()[16..]).unwrap()))
        .filter(|(_, detail): &(_, Value)| detail["reason"] != "signed-out")
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_session_is_gone_at_its_instant_and_one_that_is_used_stays() {
    let server = server().await;
    server.user("zoe").await;
    let admin = server.elevated_admin().await;
    let sign_in = async || server.caller().sign_in("zoe", PASSWORD).await;
    let (used, unused) = (sign_in().await, sign_in().await);
    let id = unused.session_id().await;
    let due = (server.service.now() + IDLE).as_ms();
    server.pass(before(IDLE)).await;
    assert_eq!(used.get("me").await.status, 200, "in the last second");
    assert_eq!(admin.get("sessions/list.all?filter=zoe").await.body["total"], 2);
    server.pass(SECOND).await;
    assert_eq!(unused.get("me").await.status, 401);
    assert_eq!(unused.post("login", &json!({ "resume": unused.token })).await.status, 401);
    let listed = admin.get("sessions/list.all?filter=zoe").await;
    assert_eq!((&listed.body["total"], listed.ids().contains(&id)), (&json!(1), false));
    let end = admin.post("sessions/logout", &json!({ "sessionId": id })).await;
    assert_eq!(end.status, 404, "it has ended, whether or not the ledger tells it yet");
    server.pass(before(limits::IDLE_GRACE)).await;
    assert_eq!(endings(&server).await, []);
    server.pass(SECOND).await;
    assert_eq!(endings(&server).await, [(Actor::System, json!({ "id": id, "reason": "idle", "due": due }))]);
    // A check that came in time moved the other one's.
    server.pass(before(before(IDLE)).saturating_sub(limits::IDLE_GRACE)).await;
    assert_eq!(used.get("me").await.status, 200);
    assert_eq!(admin.get("me").await.status, 200);
    server.pass(IDLE).await;
    assert_eq!((used.get("me").await.status, admin.get("me").await.status), (401, 401));
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_time_goes_on_over_a_restart_from_the_last_use() {
    let server = server().await;
    let (used, unused) = (server.admin().await, server.admin().await);
    server.pass(IDLE / 2).await;
    assert_eq!(used.get("me").await.status, 200);
    let server = server.restart().await;
    let again = |token: &str| server.caller().with_credentials(&used.user_id, token);
    let (used, unused) = (again(&used.token), again(&unused.token));
    server.pass(IDLE / 2).await;
    assert_eq!(unused.get("me").await.status, 401);
    server.pass(limits::IDLE_GRACE).await;
    assert_eq!(endings(&server).await.len(), 1);
    server.pass(before(IDLE / 2).saturating_sub(limits::IDLE_GRACE)).await;
    assert_eq!(used.get("me").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_while_no_server_runs_is_over_at_the_start_and_told() {
    let server = server().await;
    let idle = server.admin().await;
    server.clock.advance(IDLE + limits::IDLE_GRACE);
    let server = server.restart().await;
    let again = server.caller().with_credentials(&idle.user_id, &idle.token);
    assert_eq!(again.get("me").await.status, 401);
    server.pass(Duration::ZERO).await;
    let reasons: Vec<_> =
        endings(&server).await.into_iter().map(|(_, detail)| detail["reason"].clone()).collect();
    assert_eq!(reasons, ["idle"]);
    assert_eq!(server.admin().await.get("sessions/list").await.body["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_on_its_socket_is_a_use_and_silence_closes_the_socket_with_its_session() {
    let server = server().await;
    let (held, silent) = (server.admin().await, server.admin().await);
    let silent_id = silent.session_id().await;
    let mut sockets = Vec::new();
    for session in [&held, &silent] {
        let mut socket = Socket::connect(server.address).await;
        let user_id = socket.resume(&session.token).await;
        socket.frame_of("added").await;
        socket.listen(&user_id).await;
        sockets.push(socket);
    }
    let [held_socket, silent_socket] = &mut sockets[..] else { unreachable!() };
    for _ in 0..3 {
        server.pass(IDLE / 2).await;
        held_socket.say(&json!({ "msg": "ping" })).await;
        assert_eq!(held_socket.frame().await, json!({ "msg": "pong" }));
    }
    let (frames, code, _) = silent_socket.until_closed().await;
    assert_eq!((&frames[0]["fields"]["args"], code), (&json!([silent_id]), 1008));
    assert_eq!(held.get("me").await.status, 200);
}
