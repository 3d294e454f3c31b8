//! The console's session: signing in and out with a cookie, and from which pages.

use rollcall::config::Config;
use rollcall_http::client_address::TrustedProxies;
use rollcall_http::page::PlainHttp;
use rollcall_testkit::{ADMIN, Answer, Caller, PASSWORD, TestServer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// The console on the machine of the server.
fn console(server: &TestServer) -> Caller {
    server.caller().page_of(&format!("http://{}", server.address))
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
    let answer = page.sign_in_page("zoe@example.test", PASSWORD).await;
    let (name, token, attributes) = answer.set_cookie();
    assert_eq!((answer.status, name, token.len()), (201, "rollcall", 43), "{answer:?}");
    // The session's lifetime, 90 days.
    assert_eq!(attributes, "Path=/; Max-Age=7776000; HttpOnly; SameSite=Strict");
    assert!(!answer.text.contains(token));
    let zoe = page.keeping(&answer);
    let me = zoe.get_v2("me").await;
    assert_eq!(me.body, answer.body, "what a page has to know when it is opened");
    assert_eq!(
        (&me.body["username"], &me.body["stepped_up_until"], &me.body["must_enrol_factor"]),
        (&json!("zoe"), &Value::Null, &json!(false))
    );
    let own = zoe.get_v2("me/sessions").await;
    assert_eq!(own.item_ids(), [me.body["session_id"].as_str().unwrap()]);
    assert_eq!(own.body["items"][0]["expires_at"], me.body["expires_at"]);
    let wrong = page.sign_in_page("zoe", "wrong").await;
    assert_eq!((wrong.status, wrong.problem(), wrong.header("set-cookie")), (401, "wrong-credentials", ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_is_as_the_page_came() {
    let server = behind_a_proxy().await;
    let tls = "Path=/; Max-Age=7776000; Secure; HttpOnly; SameSite=Strict";
    let by_origin = server.caller().page_of("https://chat.example.test");
    let by_proxy = server
        .caller()
        .page_of("http://null")
        .with("host", "chat.example.test")
        .with("origin", "null")
        .with("sec-fetch-site", "same-origin")
        .with("x-forwarded-proto", "https");
    for page in [&by_origin, &by_proxy] {
        let answer = page.sign_in_page(ADMIN, PASSWORD).await;
        let (name, _, attributes) = answer.set_cookie();
        assert_eq!((answer.status, name, attributes), (201, "__Host-rollcall", tls), "{answer:?}");
        assert_eq!(page.keeping(&answer).get_v2("me").await.status, 200);
    }
    let plain = server.caller().page_of("http://chat.example.test:8080");
    let refused = plain.sign_in_page(ADMIN, PASSWORD).await;
    assert_eq!((refused.status, refused.problem()), (403, "insecure-origin"));
    assert_eq!(refused.body["setting"], "cookies.plain_http");
    assert_eq!(refused.header("set-cookie"), "");
    // What somebody on the way sets in the clear is not taken where the page came by TLS.
    let signed_in = by_origin.sign_in_page(ADMIN, PASSWORD).await;
    let (_, token, _) = signed_in.set_cookie();
    assert_eq!(by_origin.with("cookie", &format!("rollcall={token}")).get_v2("me").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_a_trusted_proxy_says_how_a_page_came() {
    let server = TestServer::start().await;
    let page = server.caller().with("host", "chat.example.test").with("sec-fetch-site", "same-origin");
    let answer = page.with("x-forwarded-proto", "https").sign_in_page(ADMIN, PASSWORD).await;
    assert_eq!((answer.status, answer.problem()), (403, "insecure-origin"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_allows_the_cookie_over_plain_http_everywhere() {
    let mut config = Config::default();
    config.wire.plain_http = PlainHttp::Anywhere;
    let server = TestServer::with(config).await;
    let page = server.caller().page_of("http://chat.example.test:8080");
    let answer = page.sign_in_page(ADMIN, PASSWORD).await;
    let (name, _, attributes) = answer.set_cookie();
    let expected = ("rollcall", "Path=/; Max-Age=7776000; HttpOnly; SameSite=Strict");
    assert_eq!((name, attributes), expected, "{answer:?}");
    assert_eq!(page.keeping(&answer).get_v2("me").await.status, 200);
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
    let kept = ours.sign_in_page(ADMIN, PASSWORD).await;
    let (name, token, _) = kept.set_cookie();
    let cookie = format!("{name}={token}");
    for page in foreign {
        for page in [page.clone(), page.with("cookie", &cookie)] {
            let answer = page.sign_in_page(ADMIN, PASSWORD).await;
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
    let own = ours.keeping(&kept).get_v2("me/sessions").await;
    assert_eq!(own.item_ids().len(), 1, "nobody else signed in");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_token_at_once_and_the_browser_forgets_it() {
    let server = TestServer::start().await;
    let page = console(&server);
    let boss = page.keeping(&page.sign_in_page(ADMIN, PASSWORD).await);
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
    let zoe = page.keeping(&page.sign_in_page("zoe", PASSWORD).await);
    let program = server.caller().sign_in("zoe", PASSWORD).await;
    // One that fails leaves it.
    assert_eq!(zoe.sign_in_page(ADMIN, "wrong").await.status, 401);
    assert_eq!(zoe.get_v2("me").await.status, 200);
    let second = zoe.sign_in_page(ADMIN, PASSWORD).await;
    assert_eq!(zoe.get_v2("me").await.status, 401, "nobody holds it any more");
    let boss = page.keeping(&second);
    assert_eq!(boss.get_v2("me").await.body["username"], ADMIN);
    assert_eq!(program.get_v2("me").await.status, 200);
    // A token that somebody planted is not taken over.
    let planted = page.with("cookie", "rollcall=planted");
    assert_ne!(planted.sign_in_page(ADMIN, PASSWORD).await.set_cookie().1, "planted");
    // A session that is not in the cookie is none of the browser's.
    let beside = page.with("authorization", &format!("Bearer {}", program.token));
    assert_eq!(beside.sign_in_page("zoe", PASSWORD).await.status, 201);
    assert_eq!(program.get_v2("me").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_is_asked_for_within_the_sign_in() {
    let server = TestServer::start().await;
    let authenticator = server.admin().await.enrol(&server).await;
    server.clock.advance(Duration::from_secs(30));
    let page = console(&server);
    let none = page.sign_in_page(ADMIN, PASSWORD).await;
    assert_eq!((none.status, none.problem(), none.header("set-cookie")), (403, "step-up-required", ""));
    assert_eq!((&none.body["method"], &none.body["methods"]), (&json!("totp"), &json!(["totp"])));
    let wrong = page.with_totp(&authenticator.wrong_code(&server)).sign_in_page(ADMIN, PASSWORD).await;
    assert_eq!((wrong.status, wrong.problem()), (403, "step-up-invalid"));
    let code = authenticator.code(&server, 0);
    assert_eq!(page.with_totp(&code).sign_in_page(ADMIN, PASSWORD).await.status, 201);
    assert_eq!(
        page.with_totp(&code).sign_in_page(ADMIN, PASSWORD).await.problem(),
        "step-up-invalid",
        "once"
    );
    assert_eq!(page.with_totp(&authenticator.recovery[0]).sign_in_page(ADMIN, PASSWORD).await.status, 201);
    let password = page.with_totp(&authenticator.recovery[1]).sign_in_page(ADMIN, "wrong").await;
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
    let none = page.sign_in_page("zoe", PASSWORD).await;
    assert_eq!((none.problem(), &none.body["code_mailed"]), ("step-up-required", &json!(true)));
    let code = server.mailed_code("zoe").await;
    assert_eq!(page.with_mailed(&code).sign_in_page("zoe", PASSWORD).await.status, 201);
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
        assert_eq!(page.sign_in_page("zoe", "wrong").await.status, 401);
    }
    server.clock.advance(Duration::from_secs(30));
    let blocked = page.sign_in_page("zoe", PASSWORD).await;
    let expected = ("sign-in-blocked".to_owned(), "270".to_owned(), json!("2026-01-05T09:06:00.000Z"));
    assert_eq!((blocked.status, until(&blocked)), (429, expected));
    // With the right password, the code is what is wrong.
    let wrong = page.with_totp(&authenticator.wrong_code(&server));
    for _ in 0..5 {
        assert_eq!(wrong.sign_in_page(ADMIN, PASSWORD).await.problem(), "step-up-invalid");
    }
    let limited = page.sign_in_page(ADMIN, PASSWORD).await;
    let expected = ("too-many-requests".to_owned(), "30".to_owned(), json!("2026-01-05T09:02:00.000Z"));
    assert_eq!((limited.status, until(&limited)), (429, expected), "counted as sign-ins of v1 are");
    server.clock.advance(Duration::from_secs(30));
    let right = page.with_totp(&authenticator.code(&server, 0));
    let locked = right.sign_in_page(ADMIN, PASSWORD).await;
    let expected = ("step-up-blocked".to_owned(), "270".to_owned(), json!("2026-01-05T09:06:30.000Z"));
    assert_eq!((locked.status, until(&locked)), (403, expected));
    server.clock.advance(Duration::from_mins(5));
    let right = page.with_totp(&authenticator.code(&server, 0));
    assert_eq!(right.sign_in_page(ADMIN, PASSWORD).await.status, 201);
}

/// Status and headers, with what differs each time made equal.
fn shown(answer: &Answer) -> Value {
    let headers: BTreeMap<_, _> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id", "content-length"].contains(&name.as_str()))
        .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()))
        .map(|(name, value)| match answer.set_cookie().1 {
            "" => (name, value),
            token => (name, value.replace(token, "«token»")),
        })
        .collect();
    json!({ "status": answer.status, "headers": headers })
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_are_as_they_were() {
    let server = behind_a_proxy().await;
    let page = server.caller().page_of("https://chat.example.test");
    let signed_in = page.sign_in_page(ADMIN, PASSWORD).await;
    let signed_out = page.keeping(&signed_in).delete_v2("session").await;
    let foreign = page.with("sec-fetch-site", "cross-site").sign_in_page(ADMIN, PASSWORD).await;
    let answers = [("sign-in", signed_in), ("sign-out", signed_out), ("foreign", foreign)];
    let shown: Vec<_> = answers.iter().map(|(name, answer)| json!({ *name: shown(answer) })).collect();
    insta::assert_json_snapshot!(shown);
}
