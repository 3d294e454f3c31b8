//! Mails on their way to a mail server: taken, put off, refused, or kept until there is one.

use rollcall::config::Config;
use rollcall_mail::{Tls, Transport};
use rollcall_testkit::{Behaviour, Caller, Encryption, MailServer, PASSWORD, Received, TestServer, code_in};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// Settings for a server on this machine.
pub fn by_smtp(mails: &MailServer) -> Config {
    let mut config = Config::default();
    config.wire.rate_calls = 1_000_000;
    config.mail.transport = Transport::Smtp;
    config.mail.host = Some("127.0.0.1".into());
    config.mail.port = mails.address.port();
    config.mail.tls = Tls::Plain;
    config.mail.from = Some("rollcall@example.test".into());
    config.mail.timeout = Duration::from_secs(1);
    config
}

/// `zoe`, who has enrolled mail, signed in.
pub async fn zoe(server: &TestServer) -> Caller {
    server.user_with("zoe", true).await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    assert_eq!(zoe.post("users.2fa.enableEmail", &json!({})).await.status, 200);
    zoe
}

pub async fn send(server: &TestServer) {
    let body = json!({ "emailOrUsername": "zoe" });
    assert_eq!(server.caller().post("users.2fa.sendEmailCode", &body).await.status, 200);
}

async fn readiness(server: &TestServer) -> Value {
    let caller = server.caller();
    let answer = caller.send(caller.request("GET", "/readyz")).await;
    assert_eq!(
        (answer.status, &answer.body["ready"]),
        (200, &json!(true)),
        "mail is no reason not to be ready"
    );
    answer.body["mail"].clone()
}

fn good(queued: u64) -> Value {
    json!({ "state": "good", "queued": queued })
}

/// The code in a message, whose text may have been encoded.
pub fn code_of(received: &Received) -> String {
    code_in(&received.message.replace("=\r\n", ""))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_is_given_the_code_that_signs_in() {
    let mut mails = MailServer::start().await;
    let server = TestServer::with(by_smtp(&mails)).await;
    zoe(&server).await;
    send(&server).await;
    // By itself: nobody has to wake whoever delivers.
    let received = mails.next().await;
    assert_eq!((&*received.from, &*received.to), ("rollcall@example.test", "zoe@example.test"));
    assert_eq!(received.header("To"), "zoe@example.test");
    assert_eq!(received.header("From"), "Rollcall <rollcall@example.test>");
    assert_eq!(received.header("Subject"), "Your code");
    assert_eq!(received.header("Date"), "Mon, 05 Jan 2026 09:00:00 +0000");
    assert!(received.credentials.is_none());
    let body = json!({ "user": "zoe", "password": PASSWORD, "code": code_of(&received) });
    assert_eq!(server.caller().post("login", &body).await.status, 200);
    server.service.deliver_mails().await;
    assert!(mails.given().is_none(), "once");
    assert_eq!(readiness(&server).await, good(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_delays_no_answer_and_is_tried_until_it_is_back() {
    for behaviour in [Behaviour::Down, Behaviour::ShuttingDown, Behaviour::Silent] {
        let mut mails = MailServer::start().await;
        mails.behave(behaviour);
        let server = TestServer::with(by_smtp(&mails)).await;
        let zoe = zoe(&server).await;
        let asked = zoe.post("users.2fa.disableEmail", &json!({})).await;
        assert_eq!(asked.body["details"]["codeGenerated"], true, "queued is on its way");
        server.service.deliver_mails().await;
        let state = readiness(&server).await;
        assert_eq!((&state["state"], &state["queued"]), (&json!("failing"), &json!(1)), "{state}");
        assert_eq!(state["since"], "2026-01-05T09:00:00.000Z");
        let reason = state["reason"].as_str().unwrap();
        assert!(reason.starts_with("connecting "), "{reason}");
        assert!(!reason.contains("Service not available") && !reason.contains("127.0.0.1"), "{reason}");

        mails.behave(Behaviour::Takes);
        server.service.deliver_mails().await;
        assert_eq!(readiness(&server).await, state, "{behaviour:?}: not before its time");
        server.pass(Duration::from_secs(5)).await;
        let code = code_of(&mails.next().await);
        assert_eq!(readiness(&server).await, good(0));
        assert_eq!(zoe.with_mailed(&code).post("users.2fa.disableEmail", &json!({})).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wait_grows_to_a_minute_and_a_code_that_is_good_no_more_is_dropped() {
    let mut mails = MailServer::start().await;
    mails.behave(Behaviour::Down);
    let server = TestServer::with(by_smtp(&mails)).await;
    zoe(&server).await;
    send(&server).await;
    server.service.deliver_mails().await;
    for wait in [5, 10, 20, 40, 60, 60] {
        mails.behave(Behaviour::Takes);
        server.pass(Duration::from_millis(wait * 1_000 - 1)).await;
        assert!(mails.given().is_none(), "{wait}");
        mails.behave(Behaviour::Down);
        server.pass(Duration::from_millis(1)).await;
    }
    assert_eq!(readiness(&server).await["queued"], 1);
    server.pass(Duration::from_secs(600 - 195)).await;
    assert_eq!(readiness(&server).await["queued"], 0, "it is of no use any more");
    send(&server).await;
    mails.behave(Behaviour::Takes);
    server.pass(Duration::from_mins(1)).await;
    mails.next().await;
    assert!(mails.given().is_none());
    assert_eq!(readiness(&server).await, good(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_put_off_is_sent_again_and_one_that_is_refused_is_not() {
    let mut mails = MailServer::start().await;
    let server = TestServer::with(by_smtp(&mails)).await;
    zoe(&server).await;
    mails.behave(Behaviour::PutsOff);
    send(&server).await;
    server.service.deliver_mails().await;
    let state = readiness(&server).await;
    assert_eq!((&state["state"], &state["queued"]), (&json!("failing"), &json!(1)));
    assert_eq!(state["reason"], "the server put it off: the answer was 451", "and not the answer's text");
    mails.behave(Behaviour::Takes);
    server.pass(Duration::from_secs(5)).await;
    let first = mails.next().await;
    assert_eq!(readiness(&server).await, good(0));

    mails.behave(Behaviour::Refuses);
    send(&server).await;
    server.service.deliver_mails().await;
    assert_eq!(readiness(&server).await, good(0), "the server is well: it does not know the recipient");
    mails.behave(Behaviour::Takes);
    server.pass(Duration::from_mins(1)).await;
    assert!(mails.given().is_none());
    send(&server).await;
    assert_ne!(mails.next().await.header("Message-ID"), first.header("Message-ID"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_taking_was_not_heard_of_is_sent_twice_and_its_code_is_good_once() {
    let mut mails = MailServer::start().await;
    let server = TestServer::with(by_smtp(&mails)).await;
    let zoe = zoe(&server).await;
    mails.behave(Behaviour::Breaks);
    send(&server).await;
    let first = mails.next().await;
    server.service.deliver_mails().await;
    mails.behave(Behaviour::Takes);
    server.pass(Duration::from_secs(5)).await;
    let second = mails.next().await;
    assert_eq!(first.message, second.message, "whoever gets it twice can tell");
    let code = code_of(&first);
    let disable = async |caller: &Caller| caller.post("users.2fa.disableEmail", &json!({})).await.status;
    assert_eq!(disable(&zoe.with_mailed(&code)).await, 200);
    assert_eq!(zoe.post("users.2fa.enableEmail", &json!({})).await.status, 200);
    assert_eq!(disable(&zoe.with_mailed(&code)).await, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_mail_survives_a_restart_even_one_that_nobody_tried() {
    let mut mails = MailServer::start().await;
    mails.behave(Behaviour::Down);
    let server = TestServer::with(by_smtp(&mails)).await;
    zoe(&server).await;
    send(&server).await;
    send(&server).await;
    let server = server.restart().await;
    mails.behave(Behaviour::Takes);
    // What is tried before the restart's own first look, it may find down.
    server.pass(Duration::from_secs(5)).await;
    let (first, second) = (mails.next().await, mails.next().await);
    assert_ne!(first.message, second.message);
    let body = json!({ "user": "zoe", "password": PASSWORD, "code": code_of(&second) });
    assert_eq!(server.caller().post("login", &body).await.status, 200);
}

/// Settings for a server with TLS, which trust it or do not.
fn with_tls(mails: &MailServer, tls: Tls, trusted: Option<PathBuf>) -> Config {
    let mut config = by_smtp(mails);
    (config.mail.tls, config.mail.ca_file) = (tls, trusted);
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_and_passwords_go_over_tls_to_a_server_that_is_trusted() {
    let directory = tempfile::tempdir().unwrap();
    let password = directory.path().join("password");
    std::fs::write(&password, "right\n").unwrap();
    for (encryption, tls) in [(Encryption::StartTls, Tls::StartTls), (Encryption::Implicit, Tls::Implicit)] {
        let mut mails = MailServer::with(encryption).await;
        let mut config = with_tls(&mails, tls, Some(mails.write_certificate(directory.path())));
        (config.mail.username, config.mail.password_file) = (Some("us".into()), Some(password.clone()));
        let server = TestServer::with(config).await;
        zoe(&server).await;
        send(&server).await;
        let received = mails.next().await;
        assert!(received.encrypted, "{tls:?}");
        assert_eq!(received.credentials, Some(("us".into(), "right".into())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_to_a_server_that_is_not_trusted_or_has_no_tls() {
    let directory = tempfile::tempdir().unwrap();
    let strangers = MailServer::with(Encryption::StartTls).await.write_certificate(directory.path());
    for (encryption, why) in [
        (Encryption::StartTls, "STARTTLS failed: invalid peer certificate"),
        (Encryption::None, "the server does not offer STARTTLS"),
    ] {
        let mut mails = MailServer::with(encryption).await;
        let server = TestServer::with(with_tls(&mails, Tls::StartTls, Some(strangers.clone()))).await;
        zoe(&server).await;
        send(&server).await;
        server.service.deliver_mails().await;
        let reason = readiness(&server).await["reason"].as_str().unwrap().to_owned();
        assert!(reason.starts_with(why), "{reason}");
        assert!(mails.given().is_none());
        let said = mails.said();
        assert!(
            said.iter().all(|line| ["EHLO", "STARTTLS", "QUIT"].iter().any(|good| line.starts_with(good))),
            "{said:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_for_the_server_drops_no_mail_and_is_shown_by_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let password = directory.path().join("password");
    std::fs::write(&password, "wrong-secret\n").unwrap();
    let mut mails = MailServer::start().await;
    let mut config = by_smtp(&mails);
    (config.mail.username, config.mail.password_file) = (Some("us".into()), Some(password));
    assert!(!format!("{config:?}").contains("wrong-secret"));
    let server = TestServer::with(config).await;
    zoe(&server).await;
    send(&server).await;
    server.service.deliver_mails().await;
    let state = readiness(&server).await;
    assert_eq!(
        (&state["reason"], &state["queued"]),
        (&json!("the sign-in failed: the answer was 535"), &json!(1))
    );
    assert!(mails.given().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_user_is_welcomed_where_mails_reach_people() {
    let user = |username: &str| json!({ "name": username, "username": username, "email": format!("{username}@example.test"), "password": PASSWORD, "sendWelcomeEmail": true });
    let mut mails = MailServer::start().await;
    let server = TestServer::with(by_smtp(&mails)).await;
    let made = server.admin().await.post("users.create", &user("zoe")).await;
    assert_eq!((made.status, &made.body["user"]["username"]), (200, &json!("zoe")));
    let received = mails.next().await;
    assert_eq!(received.to, "zoe@example.test");
    assert!(received.message.contains("zoe") && !received.message.contains(PASSWORD));
    // An address that is none is no way into a header.
    let mut injected = user("yan");
    injected["email"] = json!("yan@example.test\r\nBcc: all@example.test");
    assert_eq!(server.admin().await.post("users.create", &injected).await.status, 200);
    server.service.deliver_mails().await;
    assert!(mails.given().is_none());
    assert_eq!(readiness(&server).await, good(0));

    let server = TestServer::start().await;
    assert_eq!(server.admin().await.post("users.create", &user("zoe")).await.status, 200);
    assert!(server.outbox().await.is_empty(), "the outbox is read by the operator");
}
