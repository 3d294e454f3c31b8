//! A person's own password and addresses.

use rollcall_testkit::{Answer, Caller, PASSWORD, TestServer, code_in};
use serde_json::{Value, json};
use std::time::Duration;

async fn post(caller: &Caller, path: &str, body: &Value) -> Answer {
    caller.v2("POST", path, Some(body)).await
}

async fn zoe(server: &TestServer) -> Caller {
    server.user("zoe").await;
    server.caller().sign_in("zoe", PASSWORD).await.with_code(PASSWORD)
}

async fn verify(caller: &Caller) -> Answer {
    post(caller, "me/emails/verify", &json!({})).await
}

async fn confirm(caller: &Caller, code: &str) -> Answer {
    post(caller, "me/emails/confirm", &json!({ "code": code })).await
}

async fn change(caller: &Caller, email: &str) -> Answer {
    caller.v2("PUT", "me/emails", Some(&json!({ "email": email }))).await
}

/// A code that is not this one.
fn wrong(code: &str) -> String {
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    format!("{:06}", (digits.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_the_others_and_the_old_one() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    let other = server.caller().sign_in("zoe", PASSWORD).await;
    let body = |current: &str, new: &str| json!({ "current_password": current, "new_password": new });
    let unproved = server.caller().sign_in("zoe", PASSWORD).await;
    let unproved = post(&unproved, "me/password", &body(PASSWORD, "another")).await;
    assert_eq!((unproved.status, unproved.problem()), (403, "step-up-required"));
    let wrong = post(&zoe, "me/password", &body("wrong", "another")).await;
    assert_eq!((wrong.status, wrong.problem()), (422, "wrong-password"));
    let empty = post(&zoe, "me/password", &body(PASSWORD, " ")).await;
    assert_eq!((empty.status, empty.problem()), (400, "not-as-declared"), "as when a user is made");
    assert_eq!(other.get_v2("me").await.status, 200, "nothing has happened");

    let changed = post(&zoe, "me/password", &body(PASSWORD, "another")).await;
    assert_eq!((changed.status, &*changed.text), (204, ""));
    assert_eq!(zoe.get_v2("me").await.status, 200);
    assert_eq!(other.get_v2("me").await.status, 401);
    let old = server.caller().post("login", &json!({ "user": "zoe", "password": PASSWORD })).await;
    assert_eq!(old.status, 401);
    let _new = server.caller().sign_in("zoe", "another").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_present_passwords_are_counted_with_those_of_sign_ins() {
    let mut config = rollcall::config::Config::default();
    (config.service.user_failures.max, config.wire.rate_calls) = (3, 1_000_000);
    let server = TestServer::with(config).await;
    let zoe = zoe(&server).await;
    let body = |current: &str| json!({ "current_password": current, "new_password": "another" });
    for _ in 0..2 {
        assert_eq!(post(&zoe, "me/password", &body("wrong")).await.problem(), "wrong-password");
    }
    let login = |password: &str| json!({ "user": "zoe", "password": password });
    assert_eq!(server.caller().post("login", &login("wrong")).await.status, 401);
    let blocked = post(&zoe, "me/password", &body(PASSWORD)).await;
    assert_eq!(
        (blocked.status, blocked.problem(), blocked.header("retry-after")),
        (429, "sign-in-blocked", "300")
    );
    assert_eq!(
        server.caller().post("login", &login(PASSWORD)).await.body["error"],
        "error-login-blocked-for-user"
    );
    server.clock.advance(Duration::from_mins(5));
    assert_eq!(post(&zoe, "me/password", &body(PASSWORD)).await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_asked_for_another_password_is_asked_no_more() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    let admin = server.elevated_admin().await;
    let id = zoe.get_v2("me").await.body["id"].clone();
    let asked = json!({ "userId": id, "data": { "requirePasswordChange": true } });
    assert_eq!(admin.post("users.update", &asked).await.status, 200);
    assert_eq!(zoe.get_v2("me").await.body["must_change_password"], true);
    let body = json!({ "current_password": PASSWORD, "new_password": "another" });
    assert_eq!(post(&zoe, "me/password", &body).await.status, 204);
    assert_eq!(zoe.get_v2("me").await.body["must_change_password"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_verified_by_the_code_that_was_mailed_to_it() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    let emails =
        |verified: bool| json!({ "items": [{ "address": "zoe@example.test", "verified": verified }] });
    assert_eq!(zoe.get_v2("me/emails").await.body, emails(false));
    let mailed = verify(&zoe).await;
    let told = json!({ "address": "zoe@example.test", "code_expires_at": "2026-01-05T09:20:00.000Z" });
    assert_eq!((mailed.status, &mailed.body), (202, &told));
    let mails = server.outbox().await;
    let mail = &mails.last().unwrap().mail;
    assert_eq!((mails.len(), &*mail.to), (1, "zoe@example.test"));
    let code = code_in(&mail.text);
    assert!(!mail.subject.contains(&code) && !mailed.text.contains(&code));
    let refused = confirm(&zoe, &wrong(&code)).await;
    assert_eq!((refused.status, refused.problem()), (422, "wrong-code"));
    // It is no second factor.
    assert_eq!(zoe.with_mailed(&code).v2("PUT", "me/factors/mail", None).await.problem(), "step-up-invalid");
    let confirmed = confirm(&zoe, &code).await;
    assert_eq!((confirmed.status, &confirmed.body), (200, &emails(true)));
    assert_eq!(zoe.get_v2("me").await.body["emails"], emails(true)["items"]);
    let again = confirm(&zoe, &code).await;
    assert_eq!((again.status, again.problem()), (409, "nothing-to-verify"), "once");
    assert_eq!(verify(&zoe).await.problem(), "nothing-to-verify");
    assert_eq!(zoe.v2("PUT", "me/factors/mail", None).await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_for_a_while_and_for_its_address_alone() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    verify(&zoe).await;
    let first = server.mailed_code("zoe").await;
    server.clock.advance(Duration::from_mins(20));
    assert_eq!(confirm(&zoe, &first).await.problem(), "wrong-code", "its time is over");
    verify(&zoe).await;
    let second = server.mailed_code("zoe").await;
    assert_ne!(first, second);

    assert_eq!(
        server
            .caller()
            .sign_in("zoe", PASSWORD)
            .await
            .v2("PUT", "me/emails", Some(&json!({ "email": "x@y" })))
            .await
            .problem(),
        "step-up-required"
    );
    let changed = change(&zoe, " new@example.test ").await;
    let expected = json!({ "items": [{ "address": "new@example.test", "verified": false }] });
    assert_eq!((changed.status, &changed.body), (200, &expected));
    assert_eq!(confirm(&zoe, &second).await.problem(), "wrong-code", "it went to another address");
    verify(&zoe).await;
    let third = server.mailed_code("new").await;
    server.clock.advance(Duration::from_mins(10) - Duration::from_millis(1));
    assert_eq!(confirm(&zoe, &third).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_one_and_nobody_elses() {
    let server = TestServer::start().await;
    server.user("ann").await;
    let zoe = zoe(&server).await;
    let taken = change(&zoe, "ANN@example.test").await;
    assert_eq!((taken.status, taken.problem()), (409, "name-in-use"));
    for none in ["", "zoe", "@example.test", "zoe@", "z oe@example.test", "zoe@example.test\nbcc: x@y"] {
        let refused = change(&zoe, none).await;
        assert_eq!((refused.status, refused.problem()), (400, "not-as-declared"), "{none:?}");
    }
    assert_eq!(zoe.get_v2("me/emails").await.body["items"][0]["address"], "zoe@example.test");
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_of_addresses_are_mailed_and_tried_within_the_bounds_of_all_codes() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    for _ in 0..5 {
        assert_eq!(verify(&zoe).await.status, 202);
    }
    let bounded = verify(&zoe).await;
    let told = (bounded.status, bounded.problem(), bounded.header("retry-after"), &bounded.body["until"]);
    assert_eq!(told, (429, "too-many-mails", "600", &json!("2026-01-05T09:10:00.000Z")));
    assert_eq!(server.outbox().await.len(), 5);
    let code = server.mailed_code("zoe").await;
    let guess = wrong(&code);
    for _ in 0..4 {
        assert_eq!(confirm(&zoe, &guess).await.problem(), "wrong-code");
    }
    // The fifth is one of another kind.
    let elsewhere = zoe.with("user-agent", "another").with_code("wrong");
    assert_eq!(elsewhere.v2("PUT", "me/factors/mail", None).await.problem(), "step-up-invalid");
    let locked = confirm(&zoe, &code).await;
    assert_eq!(
        (locked.status, locked.problem(), locked.header("retry-after")),
        (403, "step-up-blocked", "300")
    );
    server.clock.advance(Duration::from_mins(5));
    assert_eq!(confirm(&zoe, &code).await.status, 200);
}
