//! Second factors: an authenticator and recovery codes, from enrolment to removal, and what guessing brings.

use rollcall::config::Config;
use rollcall_model::Role;
use rollcall_testkit::{ADMIN, Answer, PASSWORD, TestServer};
use serde_json::{Value, json};
use std::time::Duration;

const LIST: &str = "sessions/list.all?count=1";

fn step() -> Duration {
    Duration::from_secs(30)
}

fn refused(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["errorType"].as_str().unwrap_or_default())
}

async fn sign_in(server: &TestServer, code: Option<&str>) -> Answer {
    let mut body = json!({ "user": ADMIN, "password": PASSWORD });
    if let Some(code) = code {
        body["code"] = json!(code);
    }
    server.caller().post("login", &body).await
}

/// The error inside an answer to a method's call.
fn inner(message: &Value) -> &Value {
    &message["error"]["error"]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authenticator_is_enrolled_asked_for_and_removed() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let other = server.admin().await;
    let (answer, begun) = admin.call("2fa:enable", &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let (secret, url) =
        (begun["result"]["secret"].as_str().unwrap(), begun["result"]["url"].as_str().unwrap());
    assert_eq!(url, format!("otpauth://totp/Rocket.Chat:{ADMIN}?secret={secret}"));
    // Begun is not enrolled: the password still does.
    assert_eq!(other.with_code(PASSWORD).get(LIST).await.status, 200);

    let authenticator = admin.enrol(&server).await;
    assert_eq!(authenticator.recovery.len(), 12);
    assert!(authenticator.recovery.iter().all(|code| code.len() == 8));
    assert_eq!(other.get("me").await.status, 401, "enrolling ends the user's other sessions");
    assert_eq!(admin.get("me").await.body["services"]["totp"]["enabled"], true);

    let none = admin.get(LIST).await;
    assert_eq!(refused(&none), (400, "totp-required"));
    assert_eq!(none.body["details"]["method"], "totp");
    assert_eq!(none.body["details"]["availableMethods"], json!(["totp"]));
    let password = admin.with_code(PASSWORD).get(LIST).await;
    assert_eq!(refused(&password), (400, "totp-invalid"), "the password is never a way around");
    let again = admin.with_totp(&authenticator.code(&server, 0)).get(LIST).await;
    assert_eq!(refused(&again), (400, "totp-invalid"), "the code that enrolled counts as used");
    server.clock.advance(step());
    assert_eq!(admin.with_totp(&authenticator.code(&server, 0)).get(LIST).await.status, 200);
    assert_eq!(admin.get(LIST).await.status, 200, "it is remembered");

    server.clock.advance(step());
    let (_, removed) = admin.call("2fa:disable", &[json!("000000")]).await;
    assert_eq!(removed["result"], false);
    let (_, removed) = admin.call("2fa:disable", &[json!(authenticator.code(&server, 0))]).await;
    assert_eq!(removed["result"], true);
    assert_eq!(sign_in(&server, None).await.status, 200, "the password is enough again");
    let (_, left) = admin.call("2fa:checkCodesRemaining", &[]).await;
    assert_eq!(left["result"]["remaining"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_asks_for_the_code_with_401_and_each_code_is_good_once() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let authenticator = admin.enrol(&server).await;
    server.clock.advance(step());
    let none = sign_in(&server, None).await;
    assert_eq!((none.status, &none.body["error"]), (401, &json!("totp-required")));
    assert_eq!((&none.body["message"], &none.body["status"]), (&json!("TOTP Required"), &json!("error")));
    assert_eq!(none.body["details"]["method"], "totp");
    let wrong = sign_in(&server, Some(&authenticator.wrong_code(&server))).await;
    assert_eq!((wrong.status, &wrong.body["error"]), (401, &json!("totp-invalid")));
    let code = authenticator.code(&server, 0);
    assert_eq!(sign_in(&server, Some(&code)).await.status, 200);
    assert_eq!(sign_in(&server, Some(&code)).await.body["error"], "totp-invalid");
    // By the header too, and with the code of a clock that is ahead.
    let ahead = server.caller().with("x-2fa-code", &authenticator.code(&server, 1));
    assert_eq!(ahead.post("login", &json!({ "user": ADMIN, "password": PASSWORD })).await.status, 200);
    // A later code was taken: the earlier one is used up with it.
    assert_eq!(sign_in(&server, Some(&code)).await.body["error"], "totp-invalid");
    let wrong_password = json!({ "user": ADMIN, "password": "wrong", "code": code });
    let answer = server.caller().post("login", &wrong_password).await;
    assert_eq!(answer.body["error"], "Unauthorized", "who has not the password learns nothing of factors");
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_are_good_once_and_can_be_replaced() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let authenticator = admin.enrol(&server).await;
    let codes = &authenticator.recovery;
    assert_eq!(admin.with_totp(&codes[0]).get(LIST).await.status, 200);
    let elsewhere = admin.with("user-agent", "another");
    assert_eq!(refused(&elsewhere.with_totp(&codes[0]).get(LIST).await), (400, "totp-invalid"));
    assert_eq!(sign_in(&server, Some(&codes[1])).await.status, 200);
    let (_, left) = admin.call("2fa:checkCodesRemaining", &[]).await;
    assert_eq!(left["result"]["remaining"], 10);

    let (_, none) = admin.call("2fa:regenerateCodes", &[json!(codes[1])]).await;
    assert!(none["result"].is_null() && none["error"].is_null(), "a wrong code has no result: {none}");
    let (_, replaced) = admin.call("2fa:regenerateCodes", &[json!(codes[2])]).await;
    assert_eq!(replaced["result"]["codes"].as_array().unwrap().len(), 12);
    assert_eq!(refused(&elsewhere.with_totp(&codes[3]).get(LIST).await), (400, "totp-invalid"));
    let new = replaced["result"]["codes"][0].as_str().unwrap();
    assert_eq!(elsewhere.with_totp(new).get(LIST).await.status, 200);
    let (_, left) = admin.call("2fa:checkCodesRemaining", &[]).await;
    assert_eq!(left["result"]["remaining"], 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_refuse_in_the_words_that_clients_know() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for method in ["2fa:validateTempToken", "2fa:regenerateCodes"] {
        let (answer, message) = admin.call(method, &[json!("123456")]).await;
        assert_eq!((answer.status, inner(&message)), (400, &json!("invalid-totp")), "{method}");
        assert_eq!(answer.body["success"], false);
    }
    let (answer, message) = admin.call("2fa:disable", &[json!("123456")]).await;
    assert_eq!((answer.status, &message["result"]), (200, &json!(false)));
    let authenticator = admin.enrol(&server).await;
    let (_, message) = admin.call("2fa:enable", &[]).await;
    assert_eq!(inner(&message), "error-invalid-user", "enabling again does not turn it off");
    let (_, message) = admin.call("2fa:validateTempToken", &[json!(authenticator.code(&server, 1))]).await;
    assert_eq!(inner(&message), "invalid-totp");
    let (answer, message) = admin.call("2fa:nothing", &[]).await;
    assert_eq!((answer.status, inner(&message)), (400, &json!(404)));
    assert_eq!(message["error"]["message"], "Method '2fa:nothing' not found [404]");
    for params in [vec![], vec![json!(123_456)], vec![json!(null)]] {
        let (answer, message) = admin.call("2fa:disable", &params).await;
        assert_eq!((answer.status, inner(&message)), (400, &json!(400)), "{params:?}");
    }
    let encoded = admin.request("POST", "/api/v1/method.call/2fa%3AcheckCodesRemaining");
    let message = json!({ "msg": "method", "id": 9, "method": "2fa:checkCodesRemaining", "params": [] });
    let answer = admin.send(encoded.json(&json!({ "message": message.to_string() }))).await;
    assert_eq!(answer.body["message"], r#"{"id":9,"msg":"result","result":{"remaining":12}}"#);
    assert_eq!(server.caller().call("2fa:enable", &[]).await.0.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_code_at_the_same_instant_from_fifty_connections_is_good_once() {
    let mut config = Config::default();
    // What is tested is the code, not the lock.
    config.service.code_failures.max = 1_000;
    let server = TestServer::with(config).await;
    let admin = server.admin().await;
    let authenticator = admin.enrol(&server).await;
    server.clock.advance(step());
    let code = authenticator.code(&server, 0);
    let asking: Vec<_> = (0..50)
        .map(|i| {
            // Each says to be another browser: what one of them proved is not remembered for another.
            let caller = admin.with_totp(&code).with("user-agent", &format!("agent {i}"));
            tokio::spawn(async move { caller.get(LIST).await.status })
        })
        .collect();
    let mut passed = 0;
    for asked in asking {
        let status = asked.await.unwrap();
        assert!(status == 200 || status == 400);
        passed += usize::from(status == 200);
    }
    assert_eq!(passed, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_wrong_codes_at_once_lock_after_five_each_counted_once_and_over_a_restart() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let authenticator = admin.enrol(&server).await;
    server.clock.advance(step());
    let wrong = authenticator.wrong_code(&server);
    let callers: Vec<_> = (0..20).map(|_| admin.with_totp(&wrong)).collect();
    let asking: Vec<_> = (0..1_000)
        .map(|i| {
            let caller = callers[i % callers.len()].clone();
            tokio::spawn(async move { refused(&caller.get(LIST).await).1.to_owned() })
        })
        .collect();
    let mut invalid = 0;
    for asked in asking {
        match &*asked.await.unwrap() {
            "totp-invalid" => invalid += 1,
            kind => assert_eq!(kind, "totp-max-attempts"),
        }
    }
    assert_eq!(invalid, 5);
    let server = server.restart().await;
    let admin = server.caller().with_credentials(&admin.user_id, &admin.token);
    let right = authenticator.code(&server, 0);
    assert_eq!(refused(&admin.with_totp(&right).get(LIST).await), (400, "totp-max-attempts"));
    assert_eq!(refused(&admin.with_totp(&authenticator.recovery[0]).get(LIST).await).1, "totp-max-attempts");
    assert_eq!(sign_in(&server, Some(&right)).await.body["error"], "totp-max-attempts");
    let (_, message) = admin.call("2fa:disable", &[json!(right)]).await;
    assert_eq!(inner(&message), "totp-max-attempts", "the lock holds in every method");
    server.clock.advance(Duration::from_mins(5));
    assert_eq!(admin.with_totp(&authenticator.code(&server, 0)).get(LIST).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn used_codes_count_as_wrong_ones_in_every_place_together() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let authenticator = admin.enrol(&server).await;
    let (used, recovery) = (authenticator.code(&server, 0), &authenticator.recovery[0]);
    assert_eq!(sign_in(&server, Some(recovery)).await.status, 200);
    // A code of the authenticator and a recovery code, both good once before: step-up, sign-in, methods.
    assert_eq!(refused(&admin.with_totp(&used).get(LIST).await).1, "totp-invalid");
    assert_eq!(refused(&admin.with_totp(recovery).get(LIST).await).1, "totp-invalid");
    assert_eq!(sign_in(&server, Some(&used)).await.body["error"], "totp-invalid");
    assert_eq!(admin.call("2fa:disable", &[json!(used)]).await.1["result"], false);
    assert!(admin.call("2fa:regenerateCodes", &[json!(recovery)]).await.1["result"].is_null());
    server.clock.advance(step());
    let right = authenticator.code(&server, 0);
    assert_eq!(refused(&admin.with_totp(&right).get(LIST).await).1, "totp-max-attempts");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_have_a_factor_can_do_nothing_but_enrol_one() {
    let mut config = Config::default();
    config.service.factor_required_of = [Role::Admin].into_iter().collect();
    config.wire.rate_calls = 1_000;
    let server = TestServer::with(config).await;
    let admin = server.admin().await;
    for path in [LIST, "sessions/list", "users.list", "users.info?username=x"] {
        let answer = admin.with_code(PASSWORD).get(path).await;
        assert_eq!(refused(&answer), (400, "totp-required"), "{path}");
        assert_eq!(answer.body["details"]["method"], "totp");
        assert_eq!(answer.body["details"]["availableMethods"], json!([]));
    }
    let create = json!({ "name": "a", "username": "a", "email": "a@example.test", "password": "a" });
    assert_eq!(refused(&admin.post("users.create", &create).await), (400, "totp-required"));
    assert_eq!(admin.get("me").await.status, 200);
    let resumed = server.caller().post("login", &json!({ "resume": admin.token })).await;
    assert_eq!(resumed.status, 200);
    admin.enrol(&server).await;
    assert_eq!(admin.get("sessions/list").await.status, 200);
    assert_eq!(admin.post("users.create", &create).await.status, 200);
    // Others need none.
    let plain = server.caller().sign_in("a", "a").await;
    assert_eq!(plain.get("sessions/list").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_opens_a_factor_is_written_in_the_clear() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let (_, begun) = admin.call("2fa:enable", &[]).await;
    let secret = begun["result"]["secret"].as_str().unwrap().to_owned();
    let mut authenticator = rollcall_testkit::Authenticator::new(&secret);
    let code = authenticator.code(&server, 0);
    let (_, enrolled) = admin.call("2fa:validateTempToken", &[json!(code)]).await;
    authenticator.recovery = serde_json::from_value(enrolled["result"]["codes"].clone()).unwrap();
    let key = std::fs::read_to_string(server.data_dir().join("cluster-key")).unwrap();
    let seed = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let mut searched = 0;
    for (place, bytes) in server.kept().await {
        if place.ends_with("cluster-key") {
            continue;
        }
        let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|part| part == needle);
        assert!(!holds(&seed) && !holds(secret.as_bytes()) && !holds(key.trim().as_bytes()), "{place}");
        assert!(authenticator.recovery.iter().all(|code| !holds(code.as_bytes())), "{place}");
        searched += bytes.len();
    }
    assert!(searched > 2_000, "{searched}");
}
