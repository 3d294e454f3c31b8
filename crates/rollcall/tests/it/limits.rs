//! How often one address may call.

use rollcall::config::Config;
use rollcall_http::client_address::TrustedProxies;
use rollcall_testkit::{ADMIN, Connection, PASSWORD, TestServer};
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn the_eleventh_call_in_a_minute_waits() {
    let server = TestServer::with(Config::default()).await;
    server.user("zoe").await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    for n in 1..=10 {
        let answer = zoe.get("me").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-ratelimit-limit"), "10");
        assert_eq!(answer.header("x-ratelimit-remaining"), (10 - n).to_string());
    }
    server.clock.advance(Duration::from_secs(59));
    let refused = zoe.get("me").await;
    assert_eq!(refused.status, 429);
    assert_eq!(
        refused.body["error"],
        "Error, too many requests. Please slow down. You must wait 1 seconds before trying this endpoint again. \
         [error-too-many-requests]"
    );
    assert_eq!((refused.header("x-ratelimit-remaining"), refused.header("retry-after")), ("0", "1"));
    // Epoch milliseconds: the window's end.
    assert_eq!(refused.header("x-ratelimit-reset"), "1767603660000");
    // Other paths are counted by themselves, and what is refused before it is not counted.
    assert_eq!(zoe.get("sessions/list").await.header("x-ratelimit-remaining"), "9");
    let stranger = server.caller().get("me").await;
    assert_eq!((stranger.status, stranger.header("x-ratelimit-limit")), (401, ""));
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(zoe.get("me").await.header("x-ratelimit-remaining"), "9");
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_are_not_counted_but_their_sign_ins_are() {
    let server = TestServer::with(Config::default()).await;
    let admin = server.admin().await;
    for _ in 0..12 {
        let answer = admin.get("me").await;
        assert_eq!((answer.status, answer.header("x-ratelimit-limit")), (200, ""));
    }
    let right = json!({ "user": ADMIN, "password": PASSWORD });
    for _ in 0..9 {
        assert_eq!(server.caller().post("login", &right).await.status, 200);
    }
    assert_eq!(server.caller().post("login", &right).await.status, 429);
    // A token that is resumed is counted by connection, five a minute.
    let resume = json!({ "resume": admin.token }).to_string();
    let mut connection = Connection::open(server.address).await;
    for n in 1..=6 {
        assert_eq!(connection.post("login", &resume).await, if n <= 5 { 200 } else { 429 }, "{n}");
    }
    assert_eq!(Connection::open(server.address).await.post("login", &resume).await, 200);
}

/// A proxy sends what many clients ask on one connection.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_resumed_by_way_of_a_proxy_are_not_counted_together() {
    let mut config = Config::default();
    config.wire.proxies = TrustedProxies::new(vec!["127.0.0.0/8".parse().unwrap()]);
    let server = TestServer::with(config).await;
    let resume = json!({ "resume": server.admin().await.token }).to_string();
    let mut connection = Connection::open(server.address).await;
    for n in 1..=20 {
        assert_eq!(connection.post("login", &resume).await, 200, "{n}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn neighbours_in_one_ipv6_network_share_a_limit() {
    let mut config = Config::default();
    config.wire.rate_calls = 1;
    config.wire.proxies = TrustedProxies::new(vec!["127.0.0.0/8".parse().unwrap()]);
    let server = TestServer::with(config).await;
    for (from, status) in [
        ("2001:db8:1:2::1", 200),
        ("2001:db8:1:2:ffff::2", 429),
        ("[2001:db8:1:2::3]:443", 429),
        ("2001:db8:1:3::1", 200),
        ("198.51.100.7", 200),
        ("::ffff:198.51.100.7", 429),
        ("198.51.100.8:4711", 200),
    ] {
        let answer = server.caller().with("x-forwarded-for", from).get("info").await;
        assert_eq!(answer.status, status, "{from}");
    }
}
