//! The console's session: signing in and out with a cookie, and from which pages.

use rollcall::config::Config;
use rollcall_http::client_address::TrustedProxies;
use rollcall_http::page::PlainHttp;
use rollcall_testkit::{ADMIN, Answer, Caller, PASSWORD, TestServer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// A page of an origin that a server serves.
fn page(server: &TestServer, origin: &str) -> Caller {
    let (_, host) = origin.split_once("://").unwrap();
    server.caller().with("host", host).with("origin", origin)
}

/// The console on the machine of the server.
fn console(server: &TestServer) -> Caller {
    page(server, &format!("http://{}", server.address))
}

async fn sign_in(page: &Caller, user: &str, password: &str) -> Answer {
    page.v2("POST", "session", Some(&json!({ "user": user, "password": password }))).await
}

/// The cookie's name, its value and the rest.
fn set_cookie(answer: &Answer) -> (&str, &str, &str) {
    let (cookie, attributes) = answer.header("set-cookie").split_once("; ").unwrap_or_default();
    let (name, value) = cookie.split_once('=').unwrap_or_default();
    (name, value, attributes)
}

/// The same page, with the cookie that it was told to keep.
fn keeping(page: &Caller, answer: &Answer) -> Caller {
    assert_eq!(answer.status, 201, "{answer:?}");
    let (name, value, _) = set_cookie(answer);
    page.with("cookie", &format!("{name}={value}"))
}

async fn behind_a_proxy() -> TestServer {
    let mut config = Config::default();
    config.wire.proxies = TrustedProxies::new(vec!["127.0.0.0/8".parse().unwrap()]);
    config.wire.rate_calls = 1_000_000;
    TestServer::with(config).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_signs_in_with_a_cookie_and_never_sees_the_token() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let page = console(&server);
    let answer = sign_in(&page, "zoe@example.test", PASSWORD).await;
    let (name, token, attributes) = set_cookie(&answer);
    assert_eq!((answer.status, name, token.len()), (201, "rollcall", 43), "{answer:?}");
    // The session's lifetime, 90 days.
    assert_eq!(attributes, "Path=/; Max-Age=7776000; HttpOnly; SameSite=Strict");
    assert!(!answer.text.contains(token));
    let zoe = keeping(&page, &answer);
    let me = zoe.get_v2("me").await;
    assert_eq!(me.body, answer.body, "what a page has to know when it is opened");
    assert_eq!(
        (&me.body["username"], &me.body["stepped_up_until"], &me.body["must_enrol_factor"]),
        (&json!("zoe"), &Value::Null, &json!(false))
    );
    let own = zoe.get_v2("me/sessions").await;
    assert_eq!(own.item_ids(), [me.body["session_id"].as_str().unwrap()]);
    assert_eq!(own.body["items"][0]["expires_at"], me.body["expires_at"]);
    let wrong = sign_in(&page, "zoe", "wrong").await;
    assert_eq!((wrong.status, wrong.problem(), wrong.header("set-cookie")), (401, "wrong-credentials", ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_is_as_the_page_came() {
    let server = behind_a_proxy().await;
    let tls = "Path=/; Max-Age=7776000; Secure; HttpOnly; SameSite=Strict";
    let by_origin = page(&server, "https://chat.example.test");
    let by_proxy = page(&server, "http://null")
        .with("host", "chat.example.test")
        .with("origin", "null")
        .with("sec-fetch-site", "same-origin")
        .with("x-forwarded-proto", "https");
    for page in [&by_origin, &by_proxy] {
        let answer = sign_in(page, ADMIN, PASSWORD).await;
        let (name, _, attributes) = set_cookie(&answer);
        assert_eq!((answer.status, name, attributes), (201, "__Host-rollcall", tls), "{answer:?}");
        assert_eq!(keeping(page, &answer).get_v2("me").await.status, 200);
    }
    let plain = page(&server, "http://chat.example.test:8080");
    let refused = sign_in(&plain, ADMIN, PASSWORD).await;
    assert_eq!((refused.status, refused.problem()), (403, "insecure-origin"));
    assert_eq!(refused.body["setting"], "cookies.plain_http");
    assert_eq!(refused.header("set-cookie"), "");
    // What somebody on the way sets in the clear is not taken where the page came by TLS.
    let signed_in = sign_in(&by_origin, ADMIN, PASSWORD).await;
    let (_, token, _) = set_cookie(&signed_in);
    assert_eq!(by_origin.with("cookie", &format!("rollcall={token}")).get_v2("me").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_a_trusted_proxy_says_how_a_page_came() {
    let server = TestServer::start().await;
    let page = server.caller().with("host", "chat.example.test").with("sec-fetch-site", "same-origin");
    let answer = sign_in(&page.with("x-forwarded-proto", "https"), ADMIN, PASSWORD).await;
    assert_eq!((answer.status, answer.problem()), (403, "insecure-origin"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_allows_the_cookie_over_plain_http_everywhere() {
    let mut config = Config::default();
    config.wire.plain_http = PlainHttp::Anywhere;
    let server = TestServer::with(config).await;
    let page = page(&server, "http://chat.example.test:8080");
    let answer = sign_in(&page, ADMIN, PASSWORD).await;
    let (name, _, attributes) = set_cookie(&answer);
    let expected = ("rollcall", "Path=/; Max-Age=7776000; HttpOnly; SameSite=Strict");
    assert_eq!((name, attributes), expected, "{answer:?}");
    assert_eq!(keeping(&page, &answer).get_v2("me").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_others_sign_nobody_in_or_out() {
    let server = TestServer::start().await;
    let ours = console(&server);
    let foreign: Vec<_> = [
        ours.with("origin", "http://evil.example.test"),
        ours.with("origin", "null"),
        ours.with("sec-fetch-site", "cross-site"),
        ours.with("sec-fetch-site", "same-site"),
        ours.with("sec-fetch-site", "none"),
        // No browser: it could not keep the cookie.
        server.caller(),
    ]
    .into();
    let kept = sign_in(&ours, ADMIN, PASSWORD).await;
    let (name, token, _) = set_cookie(&kept);
    let cookie = format!("{name}={token}");
    for page in foreign {
        for page in [page.clone(), page.with("cookie", &cookie)] {
            let answer = sign_in(&page, ADMIN, PASSWORD).await;
            let expected = (403, "foreign-origin", "");
            assert_eq!((answer.status, answer.problem(), answer.header("set-cookie")), expected, "{page:?}");
        }
        let page = page.with("cookie", &cookie);
        let answer = page.delete_v2("session").await;
        assert_eq!((answer.status, answer.problem()), (403, "foreign-origin"), "{page:?}");
        assert_eq!(page.get_v2("me").await.status, 200, "reading changes nothing");
    }
    // A form of another page, which a browser sends without asking beforehand.
    let foreign = server.caller().with("origin", "http://evil.example.test");
    let form = foreign
        .request("POST", "/api/v2/session")
        .header("content-type", "application/x-www-form-urlencoded");
    let form = form.body(format!("user={ADMIN}&password={}", PASSWORD.replace(' ', "+")));
    assert_eq!(foreign.send(form).await.problem(), "foreign-origin");
    let own = keeping(&ours, &kept).get_v2("me/sessions").await;
    assert_eq!(own.item_ids().len(), 1, "nobody else signed in");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_token_at_once_and_the_browser_forgets_it() {
    let server = TestServer::start().await;
    let page = console(&server);
    let boss = keeping(&page, &sign_in(&page, ADMIN, PASSWORD).await);
    let out = boss.delete_v2("session").await;
    let forgotten = "rollcall=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict";
    assert_eq!((out.status, out.header("set-cookie"), &*out.text), (204, forgotten, ""));
    assert_eq!(boss.get_v2("me").await.status, 401);
    // A cookie whose session has ended goes too.
    let again = boss.delete_v2("session").await;
    assert_eq!((again.status, again.header("set-cookie")), (204, forgotten));
    // Whatever the credentials; who has no cookie is told of none.
    let program = server.admin().await;
    let out = program.delete_v2("session").await;
    assert_eq!((out.status, out.header("set-cookie")), (204, ""));
    assert_eq!(program.get_v2("me").await.status, 401);
    assert_eq!(server.caller().delete_v2("session").await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_makes_another_token_and_ends_the_session_that_the_browser_had() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let page = console(&server);
    let zoe = keeping(&page, &sign_in(&page, "zoe", PASSWORD).await);
    let program = server.caller().sign_in("zoe", PASSWORD).await;
    // One that fails leaves it.
    assert_eq!(sign_in(&zoe, ADMIN, "wrong").await.status, 401);
    assert_eq!(zoe.get_v2("me").await.status, 200);
    let second = sign_in(&zoe, ADMIN, PASSWORD).await;
    assert_eq!(zoe.get_v2("me").await.status, 401, "nobody holds it any more");
    let boss = keeping(&page, &second);
    assert_eq!(boss.get_v2("me").await.body["username"], ADMIN);
    assert_eq!(program.get_v2("me").await.status, 200);
    // A token that somebody planted is not taken over.
    let planted = page.with("cookie", "rollcall=planted");
    assert_ne!(set_cookie(&sign_in(&planted, ADMIN, PASSWORD).await).1, "planted");
    // A session that is not in the cookie is none of the browser's.
    let beside = page.with("authorization", &format!("Bearer {}", program.token));
    assert_eq!(sign_in(&beside, "zoe", PASSWORD).await.status, 201);
    assert_eq!(program.get_v2("me").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_is_asked_for_within_the_sign_in() {
    let server = TestServer::start().await;
    let authenticator = server.admin().await.enrol(&server).await;
    server.clock.advance(Duration::from_secs(30));
    let page = console(&server);
    let none = sign_in(&page, ADMIN, PASSWORD).await;
    assert_eq!((none.status, none.problem(), none.header("set-cookie")), (403, "step-up-required", ""));
    assert_eq!((&none.body["method"], &none.body["methods"]), (&json!("totp"), &json!(["totp"])));
    let wrong = sign_in(&page.with_totp(&authenticator.wrong_code(&server)), ADMIN, PASSWORD).await;
    assert_eq!((wrong.status, wrong.problem()), (403, "step-up-invalid"));
    let code = authenticator.code(&server, 0);
    assert_eq!(sign_in(&page.with_totp(&code), ADMIN, PASSWORD).await.status, 201);
    assert_eq!(sign_in(&page.with_totp(&code), ADMIN, PASSWORD).await.problem(), "step-up-invalid", "once");
    assert_eq!(sign_in(&page.with_totp(&authenticator.recovery[0]), ADMIN, PASSWORD).await.status, 201);
    let password = sign_in(&page.with_totp(&authenticator.recovery[1]), ADMIN, "wrong").await;
    assert_eq!(password.problem(), "wrong-credentials", "who has not the password learns nothing of factors");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailed_code_signs_in_too() {
    let server = TestServer::start().await;
    server.user_with("zoe", true).await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let enrolled = zoe.with_code(PASSWORD).v2("PUT", "me/factors/mail", None).await;
    assert_eq!(enrolled.status, 204, "{enrolled:?}");
    let page = console(&server);
    let none = sign_in(&page, "zoe", PASSWORD).await;
    assert_eq!((none.problem(), &none.body["code_mailed"]), ("step-up-required", &json!(true)));
    let code = server.mailed_code("zoe").await;
    assert_eq!(sign_in(&page.with_mailed(&code), "zoe", PASSWORD).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_locked_or_limited_says_until_when() {
    let mut config = Config::default();
    (config.service.user_failures.max, config.wire.rate_calls) = (2, 8);
    let server = TestServer::with(config).await;
    server.user("zoe").await;
    let authenticator = server.admin().await.enrol(&server).await;
    server.clock.advance(Duration::from_mins(1));
    let page = console(&server);
    let until = |answer: &Answer| {
        (answer.problem().to_owned(), answer.header("retry-after").to_owned(), answer.body["until"].clone())
    };
    for _ in 0..2 {
        assert_eq!(sign_in(&page, "zoe", "wrong").await.status, 401);
    }
    server.clock.advance(Duration::from_secs(30));
    let blocked = sign_in(&page, "zoe", PASSWORD).await;
    let expected = ("sign-in-blocked".to_owned(), "270".to_owned(), json!("2026-01-05T09:06:00.000Z"));
    assert_eq!((blocked.status, until(&blocked)), (429, expected));
    // With the right password, the code is what is wrong.
    let wrong = page.with_totp(&authenticator.wrong_code(&server));
    for _ in 0..5 {
        assert_eq!(sign_in(&wrong, ADMIN, PASSWORD).await.problem(), "step-up-invalid");
    }
    let limited = sign_in(&page, ADMIN, PASSWORD).await;
    let expected = ("too-many-requests".to_owned(), "30".to_owned(), json!("2026-01-05T09:02:00.000Z"));
    assert_eq!((limited.status, until(&limited)), (429, expected), "counted as sign-ins of v1 are");
    server.clock.advance(Duration::from_secs(30));
    let right = page.with_totp(&authenticator.code(&server, 0));
    let locked = sign_in(&right, ADMIN, PASSWORD).await;
    let expected = ("step-up-blocked".to_owned(), "270".to_owned(), json!("2026-01-05T09:06:30.000Z"));
    assert_eq!((locked.status, until(&locked)), (403, expected));
    server.clock.advance(Duration::from_mins(5));
    let right = page.with_totp(&authenticator.code(&server, 0));
    assert_eq!(sign_in(&right, ADMIN, PASSWORD).await.status, 201);
}

/// Status and headers, with what differs each time made equal.
fn shown(answer: &Answer) -> Value {
    let headers: BTreeMap<_, _> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id", "content-length"].contains(&name.as_str()))
        .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()))
        .map(|(name, value)| match set_cookie(answer).1 {
            "" => (name, value),
            token => (name, value.replace(token, "«token»")),
        })
        .collect();
    json!({ "status": answer.status, "headers": headers })
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_are_as_they_were() {
    let server = behind_a_proxy().await;
    let page = page(&server, "https://chat.example.test");
    let signed_in = sign_in(&page, ADMIN, PASSWORD).await;
    let signed_out = keeping(&page, &signed_in).delete_v2("session").await;
    let foreign = sign_in(&page.with("sec-fetch-site", "cross-site"), ADMIN, PASSWORD).await;
    let answers = [("sign-in", signed_in), ("sign-out", signed_out), ("foreign", foreign)];
    let shown: Vec<_> = answers.iter().map(|(name, answer)| json!({ *name: shown(answer) })).collect();
    insta::assert_json_snapshot!(shown);
}
