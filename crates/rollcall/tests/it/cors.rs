//! Pages of other origins: what a browser is told, beforehand and with the answer.

use reqwest::header::HeaderValue;
use rollcall::config::Config;
use rollcall_http::cors::AllowedOrigins;
use rollcall_testkit::{Answer, Caller, PASSWORD, TestServer};
use serde_json::json;

const APP: &str = "https://app.example.test";
const EVIL: &str = "http://evil.test";

async fn server(origins: &[&str]) -> TestServer {
    let mut config = Config::default();
    config.wire.rate_calls = 1_000_000;
    config.wire.origins = AllowedOrigins::parse(origins).unwrap();
    TestServer::with(config).await
}

/// Asks beforehand, as browsers do.
async fn preflight(server: &TestServer, path: &str, origin: &str) -> Answer {
    let request = server.caller().request("OPTIONS", path);
    let request = request
        .header("origin", origin)
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "x-2fa-code,x-auth-token");
    server.caller().send(request).await
}

/// The names of all that is said of origins.
fn said(answer: &Answer) -> Vec<&str> {
    let names = answer.headers.keys().map(reqwest::header::HeaderName::as_str);
    let mut names: Vec<_> =
        names.filter(|name| name.starts_with("access-control-") || *name == "vary").collect();
    names.sort_unstable();
    assert!(!names.contains(&"access-control-allow-credentials"), "{answer:?}");
    names
}

/// A page of `origin` may read this.
fn assert_readable(answer: &Answer, status: u16, origin: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    let mut names = vec!["access-control-allow-origin", "access-control-expose-headers"];
    if origin != "*" {
        names.push("vary");
        assert_eq!(answer.header("vary"), "Origin");
    }
    assert_eq!(said(answer), names, "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), origin);
    assert_eq!(
        answer.header("access-control-expose-headers"),
        "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"
    );
}

fn assert_permitted(answer: &Answer, origin: &str) {
    assert_eq!((answer.status, answer.text.as_str()), (200, ""), "{answer:?}");
    let mut names =
        vec!["access-control-allow-headers", "access-control-allow-methods", "access-control-allow-origin"];
    if origin != "*" {
        names.push("vary");
        assert_eq!(answer.header("vary"), "Origin");
    }
    assert_eq!(said(answer), names, "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), origin);
    assert_eq!(answer.header("access-control-allow-methods"), "GET, POST, PUT, DELETE, HEAD, PATCH");
    assert_eq!(
        answer.header("access-control-allow-headers"),
        "Origin, X-Requested-With, Content-Type, Accept, X-User-Id, X-Auth-Token, x-visitor-token, \
         Authorization, X-2fa-Code, X-2fa-Method"
    );
}

fn assert_turned_away(answer: &Answer) {
    assert_eq!((answer.status, answer.text.as_str()), (403, "Invalid origin"), "{answer:?}");
    assert_eq!((answer.header("content-type"), said(answer)), ("text/plain", vec!["vary"]));
}

/// Requests that are refused by every part that refuses, and one that is not.
async fn every_kind(caller: &Caller) -> Vec<Answer> {
    let long = caller.request("GET", "/api/v1/me").query(&[("x", "x".repeat(65_000))]);
    let long = long.header("x-more", "x".repeat(1_000));
    vec![
        caller.get("info").await,
        caller.get("me").await,
        caller.get("nope").await,
        caller.post("me", &json!({})).await,
        caller.send(long).await,
        caller.post_raw("logout", "text/plain", "x").await,
        caller.send(caller.request("GET", "/readyz")).await,
        caller.send(caller.request("HEAD", "/api/v1/info")).await,
    ]
}
const STATUSES: [u16; 8] = [200, 401, 404, 405, 431, 401, 200, 200];

#[tokio::test(flavor = "multi_thread")]
async fn by_default_nothing_is_said_of_origins() {
    let server = server(&[]).await;
    for path in ["/api/v1/me", "/api/v1/login", "/healthz"] {
        let answer = preflight(&server, path, APP).await;
        assert_eq!((answer.status, said(&answer)), (405, vec![]), "{path}");
    }
    let answers = every_kind(&server.caller().with("origin", APP)).await;
    for (answer, status) in answers.iter().zip(STATUSES) {
        assert_eq!((answer.status, said(answer)), (status, vec![]), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_on_the_list_is_let_in_and_reads_refusals_too() {
    let server = server(&[APP, "http://localhost:8080"]).await;
    for origin in [APP, "http://localhost:8080"] {
        // Whether there is such a path is not told.
        for path in ["/api/v1/me", "/api/v1/sessions/list.all", "/api/v1/nope", "/nope", "/healthz"] {
            assert_permitted(&preflight(&server, path, origin).await, origin);
        }
        let answers = every_kind(&server.caller().with("origin", origin)).await;
        for (answer, status) in answers.iter().zip(STATUSES) {
            assert_readable(answer, status, origin);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_origin_is_turned_away_beforehand_and_reads_nothing() {
    let server = server(&[APP]).await;
    for origin in [EVIL, "null", "*", "", "https://app.example.test.evil.test", "https://APP.example.test"] {
        for path in ["/api/v1/me", "/api/v1/nope"] {
            assert_turned_away(&preflight(&server, path, origin).await);
        }
        // The request itself may come from a program: it is served, and no page can read it.
        let answers = every_kind(&server.caller().with("origin", origin)).await;
        for (answer, status) in answers.iter().zip(STATUSES) {
            assert_eq!((answer.status, said(answer)), (status, vec!["vary"]), "{origin} {answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_origin_is_let_in_by_a_star_and_none_is_echoed() {
    let server = server(&["*"]).await;
    for origin in [APP, EVIL, "null", "rubbish"] {
        assert_permitted(&preflight(&server, "/api/v1/me", origin).await, "*");
        let answers = every_kind(&server.caller().with("origin", origin)).await;
        for (answer, status) in answers.iter().zip(STATUSES) {
            assert_readable(answer, status, "*");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_names_no_origin_is_answered_as_before() {
    for origins in [&[APP][..], &["*"]] {
        let server = server(origins).await;
        for (answer, status) in every_kind(&server.caller()).await.iter().zip(STATUSES) {
            assert_eq!((answer.status, said(answer)), (status, vec![]), "{answer:?}");
        }
        // OPTIONS is a wrong method, until somebody says that it asks beforehand.
        let bare = server.caller().send(server.caller().request("OPTIONS", "/api/v1/me")).await;
        assert_eq!((bare.status, said(&bare)), (405, vec![]));
        let asked = server.caller().request("OPTIONS", "/api/v1/me");
        let asked = server.caller().send(asked.header("access-control-request-method", "GET")).await;
        if origins == ["*"] { assert_permitted(&asked, "*") } else { assert_turned_away(&asked) }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_origins_and_rubbish_are_neither_let_in_nor_echoed() {
    let server = server(&[APP]).await;
    let caller = server.caller();
    let rubbish = HeaderValue::from_bytes(b"\xff\xfe\x80").unwrap();
    let long = HeaderValue::try_from("x".repeat(10_000)).unwrap();
    let text = HeaderValue::from_static;
    let sent = [
        vec![text(APP), text(EVIL)],
        vec![text(EVIL), text(APP)],
        vec![text(APP), text(APP)],
        vec![text("https://app.example.test, http://evil.test")],
        vec![text("https://app.example.test http://evil.test")],
        vec![text("https://app.example.test/")],
        vec![rubbish],
        vec![long],
    ];
    for origins in sent {
        let with = |method: &str| {
            let request = caller.request(method, "/api/v1/info");
            origins.iter().fold(request, |request, origin| request.header("origin", origin))
        };
        assert_turned_away(&caller.send(with("OPTIONS")).await);
        let real = caller.send(with("GET")).await;
        assert_eq!((real.status, said(&real)), (200, vec!["vary"]), "{origins:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_can_prove_a_second_factor() {
    let server = server(&[APP]).await;
    let admin = server.admin().await.with("origin", APP);
    let asked = admin.get("sessions/list.all").await;
    assert_readable(&asked, 400, APP);
    assert_eq!(asked.body["errorType"], "totp-required");
    let wrong = admin.with_code("wrong").get("sessions/list.all").await;
    assert_readable(&wrong, 400, APP);
    assert_eq!(wrong.body["errorType"], "totp-invalid");
    assert_readable(&admin.with_code(PASSWORD).get("sessions/list.all").await, 200, APP);
    let (called, _) = admin.call("2fa:checkCodesRemaining", &[]).await;
    assert_eq!(said(&called).len(), 3, "{called:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_can_read_how_long_to_wait() {
    let mut config = Config::default();
    config.wire.rate_calls = 1;
    config.wire.origins = AllowedOrigins::parse(&[APP]).unwrap();
    let server = TestServer::with(config).await;
    let page = server.caller().with("origin", APP);
    // What is asked beforehand is not counted.
    for _ in 0..3 {
        assert_permitted(&preflight(&server, "/api/v1/info", APP).await, APP);
    }
    for status in [200, 429] {
        let answer = page.get("info").await;
        assert_readable(&answer, status, APP);
        for name in answer.header("access-control-expose-headers").split(", ") {
            assert_ne!(answer.header(name), "", "{name}");
        }
    }
}
