//! What Prometheus reads: it is true, it is named as the dashboard and the alert rules name it, and it tells nothing of
//! anybody.

use crate::nodes::{config, two_nodes};
use rollcall_testkit::{ADMIN, PASSWORD, Socket, TestServer};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

/// What a server tells.
pub async fn told(server: &TestServer) -> String {
    let url = format!("http://{}/metrics", server.metrics_address());
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    answer.text().await.unwrap()
}

/// What stands behind a name with its labels.
fn value<'a>(told: &'a str, name: &str) -> &'a str {
    let value = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("there is no {name} in\n{told}"))
}

fn number(told: &str, name: &str) -> u64 {
    value(told, name).parse().unwrap()
}

fn seconds(told: &str, name: &str) -> f64 {
    value(told, name).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_is_what_happened() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let wrong = json!({ "user": "zoe", "password": "wrong" });
    for _ in 0..2 {
        assert_eq!(server.caller().post("login", &wrong).await.status, 401);
    }
    let admin = server.elevated_admin().await;
    for _ in 0..3 {
        assert_eq!(admin.get("sessions/list.all").await.status, 200);
    }
    assert_eq!(zoe.get("sessions/list.all").await.status, 403);
    let before = told(&server).await;
    let live = number(&before, "rollcall_live_sessions");
    assert!(number(&before, "rollcall_index_bytes") > 1_000);
    assert_eq!(number(&before, "rollcall_ready"), 1);
    assert_eq!(number(&before, r#"rollcall_sign_ins_total{outcome="unauthorized"}"#), 2);
    let opened = number(&before, "rollcall_sessions_opened_total");
    assert_eq!(number(&before, r#"rollcall_sign_ins_total{outcome="signed-in"}"#), opened);
    let list = |status: u16| {
        let path = "/api/v1/sessions/list.all";
        format!(r#"rollcall_request_seconds_count{{method="GET",route="{path}",status="{status}"}}"#)
    };
    assert_eq!(
        [200, 403].map(|status| number(&before, &list(status))),
        [4, 1],
        "one is what proved the factor"
    );

    let id = zoe.session_id().await;
    assert_eq!(admin.post("sessions/logout", &json!({ "sessionId": id })).await.status, 200);
    let after = told(&server).await;
    assert_eq!(number(&after, "rollcall_live_sessions"), live - 1);
    assert_eq!(number(&after, r#"rollcall_sessions_ended_total{reason="ended-by-administrator"}"#), 1);
    let lag = r#"rollcall_revocation_lag_seconds_count{committed_by="this-node"}"#;
    assert_eq!(number(&after, lag), number(&before, lag) + 1);
    assert!(number(&after, "rollcall_ledger_seq") > number(&before, "rollcall_ledger_seq"));
    let commits = number(&after, r#"rollcall_store_call_seconds_count{call="commit"}"#);
    assert_eq!(number(&after, "rollcall_commit_commands_count"), commits);
    assert_eq!(number(&after, r#"rollcall_queue_length{queue="writer"}"#), 0);
    assert!(number(&after, r#"rollcall_queue_bound{queue="writer"}"#) > 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_on_sockets_are_counted_like_requests() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let mut socket = Socket::connect(server.address).await;
    socket.resume(&admin.token).await;
    socket.call("2fa:disable", json!(["000000"])).await;
    let told = told(&server).await;
    let login = r#"rollcall_request_seconds_count{method="SOCKET",route="login",status="200"}"#;
    assert_eq!(number(&told, login), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_on_a_listener_of_its_own() {
    let server = TestServer::start().await;
    let status = |url: String| async { reqwest::get(url).await.unwrap().status().as_u16() };
    assert_eq!(status(format!("http://{}/metrics", server.address)).await, 404);
    assert_eq!(status(format!("http://{}/api/v1/me", server.metrics_address())).await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_anybody_is_told() {
    let server = TestServer::start().await;
    let id = server.user("zoe").await;
    let zoe = server.caller().with("user-agent", "Zoe's own").sign_in("zoe", PASSWORD).await;
    let admin = server.elevated_admin().await;
    admin.get("sessions/list.all?filter=zoe").await;
    admin.get("users.info?username=zoe").await;
    let session = zoe.session_id().await;
    let told = told(&server).await;
    for secret in [&id, &session, &zoe.token, &admin.token, ADMIN, "zoe", "Zoe", "127.0.0.1", PASSWORD] {
        assert!(!told.contains(secret), "{secret} in\n{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_node_tells_how_late_it_learned_of_what_another_ended() {
    let [one, other] = two_nodes(config()).await;
    one.user("zoe").await;
    let zoe = one.caller().sign_in("zoe", PASSWORD).await;
    other.catch_up().await;
    let lag =
        |what: &str| format!(r#"rollcall_revocation_lag_seconds_{what}{{committed_by="another-node"}}"#);
    let before = number(&told(&other).await, &lag("count"));
    assert_eq!(zoe.post("logout", &json!({})).await.status, 200);
    other.catch_up().await;
    let told = told(&other).await;
    assert_eq!(number(&told, &lag("count")), before + 1);
    assert!(seconds(&told, &lag("sum")) > 0.0);
    assert!(seconds(&told, "rollcall_ledger_behind_seconds") > 0.0);
}

/// The names of metrics in a text.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|char: char| !(char.is_ascii_alphanumeric() || char == '_'));
    words.filter(|word| word.starts_with("rollcall_")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn dashboard_and_alerts_name_what_is_there() {
    let packaging = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging");
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    admin.get("sessions/list.all").await;
    assert_eq!(admin.post("logout", &json!({})).await.status, 200);
    let mut told = told(&server).await;
    // What never went wrong is not told of.
    told.push_str("rollcall_store_errors_total");
    let there = names(&told);
    for file in ["grafana/rollcall.json", "prometheus/alerts.yml"] {
        let text = std::fs::read_to_string(packaging.join(file)).unwrap();
        let named = names(&text);
        assert!(named.len() > 5, "{named:?}");
        let unknown: Vec<_> = named.difference(&there).collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}");
    }
    let dashboard = std::fs::read(packaging.join("grafana/rollcall.json")).unwrap();
    assert!(serde_json::from_slice::<serde_json::Value>(&dashboard).unwrap()["panels"].is_array());
}
