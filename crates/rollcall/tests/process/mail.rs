//! Mails of the built binary: printed from the outbox, kept over a kill, and what is said of a mail server.

use crate::process::{Process, on, rollcall, said, serve, told};
use rollcall_testkit::{
    Behaviour, Caller, Database, Encryption, MailServer, PASSWORD, Received, code_in, in_time,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

fn data_dir() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    (directory, data)
}

/// Settings for a mail server on this machine.
fn by_smtp<'a>(command: &'a mut Command, mails: &MailServer) -> &'a mut Command {
    command
        .env("ROLLCALL__MAIL__TRANSPORT", "smtp")
        .env("ROLLCALL__MAIL__HOST", "127.0.0.1")
        .env("ROLLCALL__MAIL__PORT", mails.address.port().to_string())
        .env("ROLLCALL__MAIL__TLS", "none")
        .env("ROLLCALL__MAIL__FROM", "rollcall@example.test")
}

/// `zoe`, who has enrolled mail, signed in.
async fn zoe(server: &Process) -> Caller {
    let user = json!({ "name": "Zoe", "username": "zoe", "email": "zoe@example.test", "password": PASSWORD, "verified": true });
    let made = server.admin().await.post("users.create", &user).await;
    assert_eq!(made.status, 200, "{made:?}");
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    assert_eq!(zoe.post("users.2fa.enableEmail", &json!({})).await.status, 200);
    zoe
}

async fn sign_in(server: &Process, code: &str) -> u16 {
    let body = json!({ "user": "zoe", "password": PASSWORD, "code": code });
    server.caller().post("login", &body).await.status
}

async fn ask_for_code(server: &Process) {
    let body = json!({ "emailOrUsername": "zoe" });
    assert_eq!(server.caller().post("users.2fa.sendEmailCode", &body).await.status, 200);
}

/// The code in a message, whose text may have been encoded.
fn code_of(received: &Received) -> String {
    code_in(&received.message.replace("=\r\n", ""))
}

/// The mails in the outbox, once there are so many.
fn outbox(data: &Path, mails: usize) -> Vec<Value> {
    for _ in 0..1_000 {
        let (code, out, err) = said(&mut on(data, &["outbox", "--json"]));
        assert_eq!((code, &*err), (0, ""));
        let printed: Value = serde_json::from_str(&out).unwrap();
        let printed = printed["mails"].as_array().unwrap().clone();
        if printed.len() == mails {
            return printed;
        }
    }
    panic!("there are no {mails} mails");
}

/// The node that delivers is killed: what it held, another one does when its time is over.
#[tokio::test(flavor = "multi_thread")]
async fn when_the_node_that_delivers_dies_another_one_does() {
    let (directory, database) = (TempDir::new().unwrap(), Database::new().await);
    let mut mails = MailServer::start().await;
    mails.behave(Behaviour::Down);
    let start = |name: &str| {
        let mut command = serve(&directory.path().join(name));
        command.args(["--store", &database.url(), "--key-file"]).arg(directory.path().join("key"));
        by_smtp(&mut command, &mails);
        Process::start(command)
    };
    let (mut one, two) = (start("one"), start("two"));
    zoe(&one).await;
    ask_for_code(&one).await;
    let failing = async || {
        let ready = one.caller().request("GET", "/readyz");
        one.caller().send(ready).await.body["mail"]["state"] == "failing"
    };
    in_time("a delivery that fails", async { while !failing().await {} }).await;
    one.kill();
    mails.behave(Behaviour::Takes);
    ask_for_code(&two).await;
    assert!(mails.given().is_none(), "it is the dead node's turn still");
    database.end_leases().await;
    let codes = [code_of(&mails.next().await), code_of(&mails.next().await)];
    assert_ne!(codes[0], codes[1]);
    assert_eq!(sign_in(&two, &codes[1]).await, 200);
    assert!(mails.given().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_read_from_the_outbox_beside_the_server_and_signs_in() {
    let (directory, data) = data_dir();
    assert_eq!(said(&mut on(&data, &["outbox"])), (0, String::new(), String::new()));
    let server = Process::start(serve(&data));
    zoe(&server).await;
    // The command line asks for it as it does for any code.
    let login = |code: Option<&str>| {
        let mut command = rollcall(&["login", "--user", "zoe", "--url", &server.base]);
        command.env("XDG_CONFIG_HOME", directory.path()).env("HOME", directory.path());
        told(command.envs(code.map(|code| ("ROLLCALL_CODE", code))), PASSWORD)
    };
    let (code, _, err) = login(None);
    assert_eq!(code, 5, "{err}");
    assert!(err.contains("method: email") && err.contains("mailed"), "{err}");
    let mail = outbox(&data, 1).remove(0);
    assert_eq!((&mail["to"], &mail["subject"]), (&json!("zoe@example.test"), &json!("Your code")));
    let (code, out, _) = said(&mut on(&data, &["outbox"]));
    let mailed = code_in(mail["text"].as_str().unwrap());
    assert!(
        code == 0
            && out.contains("to zoe@example.test: Your code\n    Your code is ")
            && out.contains(&mailed),
        "{out}"
    );
    let (code, _, err) = login(Some(&mailed));
    assert_eq!(code, 0, "{err}");
    let (code, _, err) = login(Some(&mailed));
    assert_eq!(code, 5, "good once: {err}");

    let (status, log) = server.terminate();
    assert!(status.success());
    let log = log.join("\n");
    assert!(
        !log.contains(&mailed) && !log.contains(&mailed.replace('-', "")) && !log.contains("zoe@"),
        "{log}"
    );
    // By the operator's hand the factor is gone.
    let (code, out, err) = said(&mut on(&data, &["user", "reset-factors", "zoe"]));
    assert_eq!(code, 0, "{out}{err}");
    let server = Process::start(serve(&data));
    assert_eq!(sign_in(&server, "").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_mail_survives_a_kill_and_goes_out_when_the_mail_server_is_back() {
    let (_directory, data) = data_dir();
    let mut mails = MailServer::start().await;
    mails.behave(Behaviour::Down);
    let start = || {
        let mut command = serve(&data);
        by_smtp(&mut command, &mails);
        Process::start(command)
    };
    let mut server = start();
    zoe(&server).await;
    ask_for_code(&server).await;
    let ready = async |server: &Process| {
        let caller = server.caller();
        caller.send(caller.request("GET", "/readyz")).await.body
    };
    while ready(&server).await["mail"]["state"] != "failing" {}
    for _ in 0..3 {
        ask_for_code(&server).await;
    }
    while ready(&server).await["mail"]["queued"] != 4 {}
    let lines = server.log().matches("mails cannot be delivered").count();
    assert_eq!(lines, 1, "one line for one change: {}", server.log());
    server.kill();
    mails.behave(Behaviour::Takes);
    let server = start();
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(code_of(&mails.next().await));
    }
    assert_eq!(sign_in(&server, &codes[0]).await, 200);
    assert_eq!(sign_in(&server, &codes[0]).await, 401, "good once, however often it was handed over");
    assert_eq!(sign_in(&server, &codes[3]).await, 200);
}

#[test]
fn settings_that_do_not_go_together_keep_the_server_from_starting() {
    let (directory, data) = data_dir();
    let password = directory.path().join("password");
    std::fs::write(&password, "\n").unwrap();
    let password = format!("mail.password_file={}", password.display());
    let good = ["mail.transport=smtp", "mail.host=mail.example.test", "mail.from=a@example.test"];
    for (more, place) in [
        (&["mail.transport=smtp"][..], "mail.host: not set"),
        (&["mail.transport=smtp", "mail.host=x"], "mail.from: not set"),
        (&[good[0], good[1], good[2], "mail.tls=none"], "mail.tls: `none` is for a server on this machine"),
        (&[good[0], good[1], good[2], "mail.username=us", &password], "mail.password_file: no password"),
        (&[good[0], good[1], good[2], "mail.ca_file=/nowhere"], "mail.ca_file: cannot read /nowhere"),
    ] {
        let flags: Vec<_> = more.iter().flat_map(|setting| ["--set", setting]).collect();
        for mut command in [on(&data, &["serve"]), rollcall(&["config", "check"])] {
            let (code, _, err) = said(command.args(&flags));
            assert!(code == 2 && err.starts_with(place), "{place}: {code} {err}");
        }
    }
    let flags: Vec<_> = good.iter().flat_map(|setting| ["--set", setting]).collect();
    assert_eq!(said(rollcall(&["config", "check"]).args(&flags)).0, 0);
}

#[test]
fn the_mail_servers_password_is_printed_by_nothing() {
    let (_directory, data) = data_dir();
    for arguments in [&["config", "print"][..], &["config", "print", "--json"], &["config", "check"]] {
        let (code, out, err) = said(rollcall(arguments).env("ROLLCALL_MAIL_PASSWORD", "mail-secret"));
        assert!(code == 0 && !format!("{out}{err}").contains("mail-secret"), "{arguments:?}");
    }
    let (_, out, err) = said(on(&data, &["doctor"]).env("ROLLCALL_MAIL_PASSWORD", "mail-secret"));
    assert!(!format!("{out}{err}").contains("mail-secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_signs_in_to_the_mail_server_and_sends_nothing() {
    let (directory, data) = data_dir();
    let mut mails = MailServer::with(Encryption::StartTls).await;
    let certificate = mails.write_certificate(directory.path());
    let found = |tls: &str, password: &str| {
        let mut command = on(&data, &["doctor", "--json", "--listen", "127.0.0.1:0"]);
        by_smtp(&mut command, &mails)
            .env("ROLLCALL__MAIL__TLS", tls)
            .env("ROLLCALL__MAIL__CA_FILE", &certificate)
            .env("ROLLCALL__MAIL__USERNAME", "us")
            .env("ROLLCALL_MAIL_PASSWORD", password);
        let (_, out, _) = said(&mut command);
        let report: Value = serde_json::from_str(&out).unwrap();
        let checks = report["checks"].as_array().unwrap();
        let mail = checks.iter().find(|check| check["check"] == "mail").unwrap();
        format!("{} {}", mail["state"].as_str().unwrap(), mail["what"].as_str().unwrap())
    };
    let place = mails.address;
    assert_eq!(found("starttls", "right"), format!("good {place} lets us in"));
    assert_eq!(
        found("starttls", "wrong"),
        format!("warning {place}: the sign-in failed: the answer was 535")
    );
    assert!(found("implicit", "right").starts_with(&format!("warning {place}: connecting ")));
    assert!(mails.given().is_none());
    let (_, out, _) = said(&mut on(&data, &["doctor", "--json"]));
    assert!(out.contains("no mail server: `rollcall outbox` has 0"), "{out}");
}
