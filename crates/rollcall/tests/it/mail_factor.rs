//! Codes by mail as a second factor: from enrolment to removal, and who is mailed how much.

use rollcall::config::Config;
use rollcall_model::Role;
use rollcall_testkit::{ADMIN, Answer, Caller, PASSWORD, TestServer, code_in};
use serde_json::{Value, json};
use std::time::Duration;

const ENABLE: &str = "users.2fa.enableEmail";
const DISABLE: &str = "users.2fa.disableEmail";
const SEND: &str = "users.2fa.sendEmailCode";

fn refused(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["errorType"].as_str().unwrap_or_default())
}

fn is_good(answer: &Answer) -> bool {
    answer.status == 200 && answer.body["success"] == true
}

/// `zoe`, who has enrolled mail, signed in.
async fn zoe(server: &TestServer) -> Caller {
    server.user_with("zoe", true).await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let enabled = zoe.post(ENABLE, &json!({})).await;
    assert_eq!((enabled.status, &enabled.body), (200, &json!({ "success": true })));
    zoe
}

/// An endpoint that asks for a second factor, and that anybody may call.
async fn step_up(caller: &Caller) -> Answer {
    caller.post(DISABLE, &json!({})).await
}

async fn sign_in(server: &TestServer, code: Option<&str>) -> Answer {
    let mut body = json!({ "user": "zoe", "password": PASSWORD });
    if let Some(code) = code {
        body["code"] = json!(code);
    }
    server.caller().post("login", &body).await
}

async fn send(caller: &Caller, name: &str) -> Answer {
    caller.post(SEND, &json!({ "emailOrUsername": name })).await
}

/// The administrator with a verified address and mail enrolled.
async fn mailing_admin(server: &TestServer) -> Caller {
    server.user_with("root", true).await;
    let admin = server.admin().await;
    let granted = json!({ "roleId": "admin", "username": "root" });
    assert_eq!(admin.post("roles.addUserToRole", &granted).await.status, 200);
    let root = server.caller().sign_in("root", PASSWORD).await;
    assert!(is_good(&root.post(ENABLE, &json!({})).await));
    root
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_mailed_by_the_refusal_good_once_and_remembered() {
    let server = TestServer::start().await;
    let root = mailing_admin(&server).await;
    let list = "sessions/list.all?count=1";
    let none = root.get(list).await;
    assert_eq!(refused(&none), (400, "totp-required"));
    let expires = "2026-01-05T09:10:00.000Z";
    let details = |generated: bool| {
        json!({
            "method": "email", "codeGenerated": generated, "availableMethods": ["email"],
            "emailOrUsername": "root", "codeCount": 1, "codeExpires": [expires],
        })
    };
    assert_eq!(none.body["details"], details(true));
    assert_eq!(root.get(list).await.body["details"], details(false), "the first is good still");
    let password = root.with_code(PASSWORD).get(list).await;
    assert_eq!(refused(&password), (400, "totp-invalid"), "the password is no way around");
    assert_eq!(password.body["details"], details(false));

    let mails = server.outbox().await;
    assert_eq!(mails.len(), 1);
    let mail = &mails[0].mail;
    assert_eq!(mail.to, "root@example.test");
    assert!(mail.text.contains("10 minutes") && mail.text.contains("127.0.0.1"), "{}", mail.text);
    let code = code_in(&mail.text);
    assert!(!mail.subject.contains(&code), "a subject is shown on locked screens");
    // As it is shown, with what people type around it.
    assert_eq!(root.with_mailed(&format!(" {code} ")).get(list).await.status, 200);
    assert_eq!(root.get(list).await.status, 200, "it is remembered");
    let elsewhere = root.with("user-agent", "another");
    let again = elsewhere.with_mailed(&code).get(list).await;
    assert_eq!(refused(&again), (400, "totp-invalid"), "each is good once");
    assert_eq!(again.body["details"]["codeGenerated"], true, "and another was mailed");
    assert_ne!(server.mailed_code("root").await, code);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_asks_for_the_mailed_code_with_401() {
    let server = TestServer::start().await;
    let before = {
        server.user_with("zoe", true).await;
        server.caller().sign_in("zoe", PASSWORD).await
    };
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    assert!(is_good(&zoe.post(ENABLE, &json!({})).await));
    assert_eq!(before.get("me").await.status, 401, "enrolling ends the user's other sessions");
    assert_eq!(zoe.get("me").await.body["services"]["email2fa"], json!({ "enabled": true }));

    let wrong = server.caller().post("login", &json!({ "user": "zoe", "password": "wrong" })).await;
    assert_eq!(wrong.body["error"], "Unauthorized");
    assert!(server.outbox().await.is_empty(), "who has not the password has nothing mailed");
    let none = sign_in(&server, None).await;
    assert_eq!((none.status, &none.body["error"]), (401, &json!("totp-required")));
    assert_eq!(none.body["details"]["method"], "email");
    assert_eq!(none.body["details"]["codeGenerated"], true);
    let code = server.mailed_code("zoe").await;
    let signed_in = sign_in(&server, Some(&code)).await;
    assert_eq!(signed_in.status, 200);
    assert_eq!(signed_in.body["data"]["me"]["services"]["email2fa"]["enabled"], true);
    let used = sign_in(&server, Some(&code)).await;
    assert_eq!((used.status, &used.body["error"]), (401, &json!("totp-invalid")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_for_ten_minutes() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    step_up(&zoe).await;
    let first = server.mailed_code("zoe").await;
    server.pass(Duration::from_millis(599_999)).await;
    assert!(is_good(&send(&zoe, "anybody").await));
    let both = step_up(&zoe).await;
    assert_eq!(both.body["details"]["codeCount"], 2);
    assert_eq!(
        both.body["details"]["codeExpires"],
        json!(["2026-01-05T09:10:00.000Z", "2026-01-05T09:19:59.999Z"])
    );
    server.pass(Duration::from_millis(1)).await;
    let late = step_up(&zoe.with_mailed(&first)).await;
    assert_eq!(refused(&late), (400, "totp-invalid"));
    assert_eq!(late.body["details"]["codeCount"], 1);
    assert_eq!(late.body["details"]["codeGenerated"], false);
    let second = server.mailed_code("zoe").await;
    assert!(is_good(&step_up(&zoe.with_mailed(&second)).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_it_asks_anew_and_is_done_when_it_is_off() {
    let server = TestServer::start().await;
    let root = mailing_admin(&server).await;
    let list = "sessions/list.all?count=1";
    root.get(list).await;
    assert_eq!(root.with_mailed(&server.mailed_code("root").await).get(list).await.status, 200);
    assert_eq!(root.get(list).await.status, 200, "that one remembers");
    let asked = root.post(DISABLE, &json!({})).await;
    assert_eq!(refused(&asked), (400, "totp-required"), "this one does not look at what is remembered");
    let code = server.mailed_code("root").await;
    let other = server.caller().with_credentials(&root.user_id, &root.token);
    assert!(is_good(&root.with_mailed(&code).post(DISABLE, &json!({})).await));
    assert!(root.get("me").await.body["services"].get("email2fa").is_none());
    assert_eq!(other.get("me").await.status, 200, "removing ends no sessions");
    // The password stands in again. What it proves here is not remembered either.
    let other = other.with("user-agent", "another");
    assert_eq!(refused(&other.post(DISABLE, &json!({})).await), (400, "totp-required"));
    let off = other.with_code(PASSWORD).post(DISABLE, &json!({})).await;
    assert_eq!((off.status, &off.body), (200, &json!({ "success": true })));
    assert_eq!(refused(&other.get(list).await), (400, "totp-required"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_verified_addresses_can_be_enrolled() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    for caller in [&zoe, &server.admin().await] {
        let answer = caller.post(ENABLE, &json!({})).await;
        assert_eq!(refused(&answer), (400, "error-invalid-user"), "{answer:?}");
        assert_eq!(
            answer.body["error"],
            "You need to verify your emails before setting up 2FA [error-invalid-user]"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_both_factors_the_authenticator_comes_first_and_either_does() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    let authenticator = zoe.enrol(&server).await;
    let services = zoe.get("me").await.body["services"].clone();
    assert_eq!(
        (&services["totp"]["enabled"], &services["email2fa"]["enabled"]),
        (&json!(true), &json!(true))
    );
    let asked = step_up(&zoe).await;
    assert_eq!(asked.body["details"]["method"], "totp");
    assert_eq!(asked.body["details"]["availableMethods"], json!(["totp", "email"]));
    assert!(asked.body["details"].get("codeExpires").is_none());
    assert!(server.outbox().await.is_empty(), "nothing is mailed to who is asked for something else");
    let by_mail = step_up(&zoe.with("x-2fa-method", "email")).await;
    assert_eq!(
        (&by_mail.body["details"]["method"], &by_mail.body["details"]["codeGenerated"]),
        (&json!("email"), &json!(true))
    );
    // Taking the authenticator away leaves mail.
    let (_, removed) = zoe.call("2fa:disable", &[json!(authenticator.recovery[0])]).await;
    assert_eq!(removed["result"], true);
    let (_, removed) = zoe.call("2fa:disable", &[json!(server.mailed_code("zoe").await)]).await;
    assert_eq!(removed["result"], false, "a mailed code is none of the authenticator's");
    assert_eq!(step_up(&zoe).await.body["details"]["availableMethods"], json!(["email"]));
    assert!(is_good(&step_up(&zoe.with_mailed(&server.mailed_code("zoe").await)).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_code_learns_nothing_and_only_who_wants_one_is_mailed() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    server.user_with("yan", true).await;
    let anyone = server.caller();
    for name in ["nobody", "nobody@example.test", "yan", "yan@example.test", ADMIN, "zoe\n"] {
        let answer = send(&anyone, name).await;
        assert_eq!((answer.status, &answer.body), (200, &json!({ "success": true })), "{name}");
    }
    assert!(server.outbox().await.is_empty());
    for (caller, name) in [(&anyone, "ZOE"), (&anyone, "Zoe@Example.Test"), (&zoe, "yan")] {
        assert_eq!(send(caller, name).await.body, json!({ "success": true }));
    }
    let mails = server.outbox().await;
    assert_eq!(mails.len(), 3);
    assert!(mails.iter().all(|stored| stored.mail.to == "zoe@example.test"));
    let wrong = server.caller().with_credentials(&zoe.user_id, "x");
    assert!(is_good(&send(&wrong, "nobody").await), "wrong credentials are as none");
    for body in [json!({}), json!({ "emailOrUsername": "" })] {
        let answer = anyone.post(SEND, &body).await;
        assert_eq!(refused(&answer), (400, "error-parameter-required"));
        assert_eq!(answer.body["error"], "emailOrUsername is required [error-parameter-required]");
    }
    let admin = server.admin().await;
    let body = json!({ "userId": zoe.user_id, "activeStatus": false });
    assert_eq!(admin.post("users.setActiveStatus", &body).await.status, 200);
    assert!(is_good(&send(&anyone, "zoe").await));
    assert_eq!(server.outbox().await.len(), 3, "a deactivated user is mailed nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_mailed_five_codes_in_ten_minutes_and_more_after_a_right_one() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    for _ in 0..8 {
        assert!(is_good(&send(&server.caller(), "zoe").await), "the same answer, mailed or not");
    }
    assert_eq!(server.outbox().await.len(), 5);
    let asked = step_up(&zoe).await;
    assert_eq!(
        (&asked.body["details"]["codeGenerated"], &asked.body["details"]["codeCount"]),
        (&json!(false), &json!(5))
    );
    // While none is mailed, the last one is good: whoever has the mailbox is never locked out by it.
    server.pass(Duration::from_millis(599_999)).await;
    assert!(is_good(&send(&server.caller(), "zoe").await));
    assert_eq!(server.outbox().await.len(), 5);
    assert_eq!(sign_in(&server, Some(&server.mailed_code("zoe").await)).await.status, 200);
    assert!(is_good(&send(&server.caller(), "zoe").await));
    assert_eq!(server.outbox().await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_fifty_codes_mailed_whosever_they_are() {
    let server = TestServer::start().await;
    zoe(&server).await;
    let stranger = server.caller();
    for n in 0..50 {
        assert!(is_good(&send(&stranger, &format!("nobody{n}")).await));
    }
    assert!(is_good(&send(&stranger, "zoe").await));
    assert!(server.outbox().await.is_empty(), "asking for nobody counts too");
    let restarted = server.restart().await;
    assert!(is_good(&send(&restarted.caller(), "zoe").await));
    assert!(restarted.outbox().await.is_empty(), "over a restart");
    restarted.pass(Duration::from_mins(10)).await;
    assert!(is_good(&send(&restarted.caller(), "zoe").await));
    assert_eq!(restarted.outbox().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_mailed_codes_count_with_all_others_and_a_locked_user_is_mailed_nothing() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    step_up(&zoe).await;
    let code = server.mailed_code("zoe").await;
    for wrong in ["12345", "1234567", "abcdef", "000-00x"] {
        assert_eq!(refused(&step_up(&zoe.with_mailed(wrong)).await), (400, "totp-invalid"), "{wrong}");
    }
    assert_eq!(sign_in(&server, Some("nothing")).await.body["error"], "totp-invalid", "at a sign-in too");
    let locked = step_up(&zoe.with_mailed(&code)).await;
    assert_eq!(refused(&locked), (400, "totp-max-attempts"));
    assert_eq!(locked.body["details"]["codeCount"], 1);
    assert_eq!(sign_in(&server, Some(&code)).await.body["error"], "totp-max-attempts");
    let (_, message) = zoe.call("2fa:disable", &[json!(code)]).await;
    assert_eq!(message["result"], Value::Bool(false), "that one is about authenticators");
    assert_eq!(server.outbox().await.len(), 1);
    server.pass(Duration::from_mins(5)).await;
    assert!(is_good(&step_up(&zoe.with_mailed(&code)).await), "the lock is over, and the code good still");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_show_one_code_at_once_one_passes_and_of_fifty_who_ask_one_is_mailed() {
    let mut config = Config::default();
    (config.service.code_failures.max, config.wire.rate_calls) = (1_000, 1_000);
    let server = TestServer::with(config).await;
    let root = mailing_admin(&server).await;
    let ask = async |code: &str| {
        let asking: Vec<_> = (0..50)
            .map(|i| {
                let caller = root.with_mailed(code).with("user-agent", &format!("agent {i}"));
                tokio::spawn(async move { caller.get("sessions/list.all?count=1").await.status })
            })
            .collect();
        let mut passed = 0;
        for asked in asking {
            passed += usize::from(asked.await.unwrap() == 200);
        }
        passed
    };
    assert_eq!(ask("").await, 0);
    assert_eq!(server.outbox().await.len(), 1);
    let code = server.mailed_code("root").await;
    assert_eq!(ask(&code).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_is_a_factor_for_who_must_have_one() {
    let mut config = Config::default();
    config.service.factor_required_of = [Role::Guest].into_iter().collect();
    config.wire.rate_calls = 1_000;
    let server = TestServer::with(config).await;
    server.user_with("zoe", true).await;
    let granted = json!({ "roleId": "guest", "username": "zoe" });
    assert_eq!(server.admin().await.post("roles.addUserToRole", &granted).await.status, 200);
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    assert_eq!(refused(&zoe.get("sessions/list").await), (400, "totp-required"));
    assert!(is_good(&zoe.post(ENABLE, &json!({})).await));
    assert_eq!(zoe.get("sessions/list").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_enrolled_and_mailed_survives_a_restart_and_is_nowhere_in_the_clear_but_in_the_outbox() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    let asked = step_up(&zoe).await;
    let code = server.mailed_code("zoe").await;
    for (place, bytes) in server.kept().await {
        let digits = code.replace('-', "");
        let holds = |needle: &str| bytes.windows(needle.len()).any(|part| part == needle.as_bytes());
        assert_eq!(holds(&code), place.ends_with("outbox.jsonl"), "{place}");
        assert!(!holds(&format!("is {digits}")), "{place}");
    }
    let server = server.restart().await;
    let zoe = server.caller().with_credentials(&zoe.user_id, &zoe.token);
    let again = step_up(&zoe).await;
    assert_eq!(again.body["details"]["codeExpires"], asked.body["details"]["codeExpires"]);
    assert!(is_good(&step_up(&zoe.with_mailed(&code)).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_the_last_verified_address_loses_the_factor_and_is_not_locked_out() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    step_up(&zoe).await;
    let code = server.mailed_code("zoe").await;
    let admin = server.elevated_admin().await;
    let update = async |data: Value| {
        let answer = admin.post("users.update", &json!({ "userId": zoe.user_id, "data": data })).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    update(json!({ "email": "zoe2@example.test", "verified": true })).await;
    let asked = step_up(&zoe.with_mailed(&code)).await;
    assert_eq!(refused(&asked), (400, "totp-invalid"), "it was mailed to another address");
    assert_eq!(asked.body["details"]["codeGenerated"], true);
    assert_eq!(server.outbox().await.last().unwrap().mail.to, "zoe2@example.test");
    update(json!({ "verified": false })).await;
    assert!(zoe.get("me").await.body["services"].get("email2fa").is_none());
    assert_eq!(step_up(&zoe).await.body["details"]["method"], "password");
    assert_eq!(sign_in(&server, None).await.status, 200);
}
