//! Step-up: what is asked, what is remembered, and what guessing comes to.

use rollcall_testkit::{ADMIN, Answer, Caller, PASSWORD, TestServer, sha256};
use serde_json::json;
use std::time::Duration;

async fn list(caller: &Caller) -> Answer {
    caller.get("sessions/list.all").await
}

fn assert_refused(answer: &Answer, error_type: &str, method: &str) {
    assert_eq!((answer.status, &answer.body["errorType"]), (400, &error_type.into()), "{answer:?}");
    assert_eq!(answer.body["details"]["method"], method);
    assert_eq!(answer.body["details"]["availableMethods"], json!([]));
    assert_eq!(answer.body["details"]["codeGenerated"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_code_is_remembered_for_token_agent_and_address() {
    let mut config = rollcall::config::Config::default();
    let proxy = vec!["127.0.0.0/8".parse().unwrap()];
    config.wire.proxies = rollcall_http::client_address::TrustedProxies::new(proxy);
    let server = TestServer::with(config).await;
    let admin = server.admin().await;
    assert_refused(&list(&admin).await, "totp-required", "password");
    assert_eq!(list(&admin.with_code(PASSWORD)).await.status, 200);
    assert_eq!(list(&admin).await.status, 200);
    // While it is remembered, a code is not looked at.
    assert_eq!(list(&admin.with_code("wrong")).await.status, 200);
    assert_refused(&list(&admin.with("user-agent", "another")).await, "totp-required", "password");
    assert_refused(&list(&admin.with("x-forwarded-for", "198.51.100.1")).await, "totp-required", "password");
    assert_refused(&list(&server.admin().await).await, "totp-required", "password");
    server.clock.advance(Duration::from_secs(1_799));
    assert_eq!(list(&admin).await.status, 200);
    server.clock.advance(Duration::from_secs(1));
    assert_refused(&list(&admin).await, "totp-required", "password");
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_and_methods_are_taken_as_the_contract_says() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let with = |method: &str, code: &str| admin.with("x-2fa-method", method).with("X-2FA-Code", code);
    assert_refused(&list(&with("password", "")).await, "totp-required", "password");
    assert_refused(&list(&with("password", "wrong")).await, "totp-invalid", "password");
    assert_refused(&list(&with("totp", &sha256(PASSWORD))).await, "totp-invalid", "totp");
    let email = list(&admin.with("x-2fa-method", "email")).await;
    assert_refused(&email, "totp-required", "email");
    assert_eq!(email.body["details"]["emailOrUsername"], ADMIN);
    assert_eq!(list(&with("password", &sha256(PASSWORD).to_uppercase())).await.status, 200);
    // No method at all: the password stands in.
    let other = server.admin().await.with("x-2fa-code", &sha256(PASSWORD));
    assert_eq!(list(&other).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_codes_lock_every_method_over_a_restart() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let wrong = admin.with_code("wrong");
    for _ in 0..5 {
        assert_refused(&list(&wrong).await, "totp-invalid", "password");
    }
    assert_refused(&list(&admin.with_code(PASSWORD)).await, "totp-max-attempts", "password");
    let (user_id, token) = (admin.user_id.clone(), admin.token.clone());
    let server = server.restart().await;
    let admin = server.caller().with_credentials(&user_id, &token);
    let locked = list(&admin.with_code(PASSWORD)).await;
    assert_refused(&locked, "totp-max-attempts", "password");
    assert_eq!(locked.body["error"], "TOTP Maximun Failed Attempts Reached [totp-max-attempts]");
    server.clock.advance(Duration::from_mins(5));
    assert_eq!(list(&admin.with_code(PASSWORD)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_guesses_are_counted_once_each() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let mut guessing = Vec::new();
    for n in 0..60 {
        // Well-formed, so that each is really looked at.
        let guess = admin.with("x-2fa-code", &sha256(&format!("guess {n}")));
        guessing.push(tokio::spawn(async move { list(&guess).await }));
    }
    let mut invalid = 0;
    for task in guessing {
        let answer = task.await.unwrap();
        match answer.body["errorType"].as_str().unwrap() {
            "totp-invalid" => invalid += 1,
            other => assert_eq!(other, "totp-max-attempts"),
        }
    }
    assert_eq!(invalid, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_code_ends_the_count() {
    let server = TestServer::start().await;
    for _ in 0..3 {
        let admin = server.admin().await;
        for _ in 0..4 {
            assert_refused(&list(&admin.with_code("wrong")).await, "totp-invalid", "password");
        }
        assert_eq!(list(&admin.with_code(PASSWORD)).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_ends_with_the_session() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    admin.post("logout", &json!({})).await;
    assert_eq!(list(&admin).await.status, 401);
    assert_refused(&list(&server.admin().await).await, "totp-required", "password");
}
