//! A person's own second factors by v2: enrolled, replaced and removed; what is wrong is counted with v1's.

use rollcall::config::Config;
use rollcall_model::Role;
use rollcall_testkit::{ADMIN, Answer, Authenticator, Caller, PASSWORD, TestServer};
use serde_json::{Value, json};
use std::time::Duration;

async fn post(caller: &Caller, path: &str, body: &Value) -> Answer {
    caller.v2("POST", path, Some(body)).await
}

fn codes(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_value(answer.body["recovery_codes"].clone()).unwrap()
}

/// Enrols an authenticator, end to end.
async fn enrol(server: &TestServer, caller: &Caller) -> Authenticator {
    let begun = post(&caller.with_code(PASSWORD), "me/factors/totp", &json!({})).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    let secret = begun.body["secret"].as_str().unwrap();
    let uri = format!("otpauth://totp/Rollcall:{ADMIN}?secret={secret}&issuer=Rollcall");
    assert_eq!(begun.body["uri"], uri);
    let mut authenticator = Authenticator::new(secret);
    let code = json!({ "code": authenticator.code(server, 0) });
    authenticator.recovery = codes(&post(caller, "me/factors/totp/confirm", &code).await);
    server.clock.advance(Duration::from_secs(30));
    authenticator
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authenticator_is_enrolled_its_codes_replaced_and_removed() {
    let server = TestServer::start().await;
    let (admin, other) = (server.admin().await, server.admin().await);
    let none = json!({ "totp": false, "mail": false, "recovery_codes_left": 0 });
    assert_eq!(admin.get_v2("me/factors").await.body, none);
    let unproved = post(&admin, "me/factors/totp", &json!({})).await;
    assert_eq!((unproved.problem(), &unproved.body["method"]), ("step-up-required", &json!("password")));
    let authenticator = enrol(&server, &admin).await;
    assert_eq!(authenticator.recovery.len(), 12);
    let all = json!({ "totp": true, "mail": false, "recovery_codes_left": 12 });
    assert_eq!(admin.get_v2("me/factors").await.body, all);
    assert_eq!(admin.get_v2("me").await.body["factors"], all);
    assert_eq!(other.get_v2("me").await.status, 401, "enrolling ends the user's other sessions");
    let again = post(&admin.with_totp(&authenticator.recovery[0]), "me/factors/totp", &json!({})).await;
    assert_eq!((again.status, again.problem()), (409, "factor-enrolled"));

    let replace = "me/factors/recovery-codes";
    let none = post(&admin, replace, &json!({})).await;
    assert_eq!((none.status, none.problem()), (403, "step-up-required"), "whatever is remembered");
    let wrong = post(&admin.with_totp(&authenticator.wrong_code(&server)), replace, &json!({})).await;
    assert_eq!((wrong.status, wrong.problem()), (403, "step-up-invalid"));
    let replaced = codes(&post(&admin.with_totp(&authenticator.recovery[1]), replace, &json!({})).await);
    let old = admin.with_totp(&authenticator.recovery[2]).delete_v2("me/factors/totp").await;
    assert_eq!(old.problem(), "step-up-invalid", "the old ones are good no more");

    let none = admin.delete_v2("me/factors/totp").await;
    assert_eq!((none.status, none.problem()), (403, "step-up-required"));
    assert_eq!(admin.with_totp(&replaced[0]).delete_v2("me/factors/totp").await.status, 204);
    let gone = admin.with_totp(&replaced[1]).delete_v2("me/factors/totp").await;
    assert_eq!((gone.status, gone.problem()), (409, "factor-not-enrolled"));
    assert_eq!(
        post(&admin.with_totp(&replaced[1]), replace, &json!({})).await.problem(),
        "factor-not-enrolled"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_begun_or_is_wrong_enrols_nothing() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let confirm = "me/factors/totp/confirm";
    let nothing = post(&admin, confirm, &json!({ "code": "123456" })).await;
    assert_eq!((nothing.status, nothing.problem()), (422, "code-not-taken"));
    let begun = post(&admin.with_code(PASSWORD), "me/factors/totp", &json!({})).await;
    let authenticator = Authenticator::new(begun.body["secret"].as_str().unwrap());
    let wrong = json!({ "code": authenticator.wrong_code(&server) });
    assert_eq!(post(&admin, confirm, &wrong).await.problem(), "code-not-taken");
    assert_eq!(admin.get_v2("me/factors").await.body["totp"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_are_counted_with_those_of_v1() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let authenticator = enrol(&server, &admin).await;
    let wrong = authenticator.wrong_code(&server);
    // What was proved to begin is remembered for the one browser.
    let elsewhere = admin.with("user-agent", "another");
    for _ in 0..2 {
        assert_eq!(
            elsewhere.with_totp(&wrong).get("sessions/list.all").await.body["errorType"],
            "totp-invalid"
        );
        assert_eq!(admin.with_totp(&wrong).delete_v2("me/factors/totp").await.problem(), "step-up-invalid");
    }
    let (_, message) = admin.call("2fa:disable", &[json!(wrong)]).await;
    assert_eq!(message["result"], false);
    let right = admin.with_totp(&authenticator.code(&server, 0)).delete_v2("me/factors/totp").await;
    assert_eq!((right.status, right.problem(), right.header("retry-after")), (403, "step-up-blocked", "300"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_have_a_factor_is_told_so_and_can_enrol_one() {
    let mut config = Config::default();
    config.service.factor_required_of = [Role::Admin].into_iter().collect();
    let server = TestServer::with(config).await;
    let admin = server.admin().await;
    assert_eq!(admin.get_v2("me").await.body["must_enrol_factor"], true);
    assert_eq!(admin.get_v2("sessions").await.problem(), "step-up-required");
    let body = json!({ "current_password": PASSWORD, "new_password": "another" });
    assert_eq!(post(&admin.with_code(PASSWORD), "me/password", &body).await.problem(), "step-up-required");
    enrol(&server, &admin).await;
    assert_eq!(admin.get_v2("me").await.body["must_enrol_factor"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_by_mail_are_enrolled_and_removed() {
    let server = TestServer::start().await;
    server.user_with("zoe", true).await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let mail = "me/factors/mail";
    assert_eq!(zoe.v2("PUT", mail, None).await.problem(), "step-up-required");
    assert_eq!(zoe.with_code(PASSWORD).v2("PUT", mail, None).await.status, 204);
    let has = json!({ "totp": false, "mail": true, "recovery_codes_left": 0 });
    assert_eq!(zoe.get_v2("me/factors").await.body, has);
    let none = zoe.delete_v2(mail).await;
    assert_eq!((none.problem(), &none.body["code_mailed"]), ("step-up-required", &json!(true)));
    let code = server.mailed_code("zoe").await;
    assert_eq!(zoe.with_mailed(&code).delete_v2(mail).await.status, 204);
    assert_eq!(zoe.get_v2("me/factors").await.body["mail"], false);
    server.user("ann").await;
    let ann = server.caller().sign_in("ann", PASSWORD).await.with_code(PASSWORD);
    let unverified = ann.v2("PUT", mail, None).await;
    assert_eq!((unverified.status, unverified.problem()), (409, "address-not-verified"));
}
