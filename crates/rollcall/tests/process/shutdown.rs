//! The end: what is accepted is answered, the store is closed, and no secret was ever written to the log.

use crate::observer::Observer;
use crate::place::Place;
use crate::process::{Process, serve};
use rollcall_testkit::{ADMIN, PASSWORD, sha256};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_accepted_is_answered_and_stands_after_the_restart() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let server = Process::start(serve(&data));
    let right = json!({ "user": ADMIN, "password": PASSWORD });
    let mut signing_in = Vec::new();
    for _ in 0..20 {
        let (caller, right) = (server.caller(), right.clone());
        signing_in.push(tokio::spawn(async move {
            let request = caller.request("POST", "/api/v1/login").json(&right);
            let response = request.send().await.ok()?;
            assert_eq!(response.status(), 200);
            let answer: serde_json::Value = response.json().await.unwrap();
            Some(answer["data"]["authToken"].as_str().unwrap().to_owned())
        }));
    }
    // Some are answered, some are being hashed, some have not come yet.
    let first = signing_in.remove(0).await.unwrap().unwrap();
    server.ask_to_end();
    let mut tokens = vec![first];
    for task in signing_in {
        tokens.extend(task.await.unwrap());
    }
    let (status, log) = server.terminate_after_asking();
    assert!(status.success(), "{log:?}");
    assert!(log.iter().any(|line| line.contains("ledger head")), "{log:?}");
    assert!(log.last().unwrap().contains("stopped"));
    let server = Process::start(serve(&data));
    for token in tokens {
        let answer = server.caller().post("login", &json!({ "resume": token })).await;
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_session_was_last_seen_is_written_at_the_end_and_read_at_the_start() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let server = Process::start(serve(&data));
    let (one, two) =
        (server.caller().sign_in(ADMIN, PASSWORD).await, server.caller().sign_in(ADMIN, PASSWORD).await);
    let path = format!("sessions/info?sessionId={}", one.session_id().await);
    let began = Instant::now();
    // Use counts to the second: it takes one until it moves.
    let seen = loop {
        assert_eq!(one.get("me").await.status, 200);
        let info = two.get(&path).await.body;
        if info["lastActivityAt"] != info["loginAt"] {
            break info["lastActivityAt"].clone();
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{info}");
    };
    let (status, log) = server.terminate();
    assert!(status.success(), "{log:?}");
    let server = Process::start(serve(&data));
    let two = server.caller().with_credentials(&two.user_id, &two.token);
    assert_eq!(two.get(&path).await.body["lastActivityAt"], seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_end_under_load_leaves_nothing_unknown() {
    let place = Place::new().await;
    let server = Process::start(place.serve());
    let admin = server.admin().await;
    let observer = Arc::new(Observer::with_users(&admin, 8, Vec::new()).await);
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let (observer, anyone, admin) = (observer.clone(), server.caller(), admin.clone());
            tokio::spawn(async move { observer.load(anyone, admin, task).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    server.ask_to_end();
    let asked_to_end = Instant::now();
    for task in tasks {
        task.await.unwrap();
    }
    let (status, log) = server.terminate_after_asking();
    let (asked, took) = (observer.figures(), asked_to_end.elapsed());
    assert!(status.success(), "{log:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    let last: Vec<Value> =
        log[log.len() - 3..].iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let head = last.iter().find(|event| event["message"] == "ledger head").unwrap();
    assert!(head["seq"].as_u64().unwrap() > 0 && head["hash"].as_str().unwrap().len() == 64, "{head}");
    let live = place.kept(None).await.live;
    let server = Process::start(place.serve());
    let admin = server.caller().with_credentials(&admin.user_id, &admin.token);
    let (broken, done) = observer.compare(&server, &admin, &live).await;
    println!("asked {asked:?}; of the unknown had taken place {done:?}; ended in {took:?}");
    assert!(broken.is_empty(), "{broken:#?}");
    // A connection may close under a request on its way, but then the request did nothing.
    assert_eq!((done.unknown_sign_ins, done.unknown_endings), (0, 0), "done, and not answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_ever_logged() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let mut command = serve(&data);
    command.env("ROLLCALL__LOG__LEVEL", "trace");
    let server = Process::start(command);
    let admin = server.admin().await;
    let secret = "a-secret-of-a-user";
    let body = json!({ "username": "zoe", "name": "Zoe", "email": "zoe@example.test", "password": secret });
    assert_eq!(admin.post("users.create", &body).await.status, 200);
    let zoe = server.caller().sign_in("zoe", secret).await;
    for caller in [&zoe, &admin] {
        caller.post("login", &json!({ "resume": caller.token })).await;
        caller.with_code("a-wrong-code").get("sessions/list.all").await;
        caller.post_raw("login", "application/json", format!("{{\"password\":\"{secret}")).await;
        caller.get(&format!("sessions/list.all?{secret}={secret}")).await;
    }
    server.caller().post("login", &json!({ "user": "zoe", "password": "a-wrong-password" })).await;
    let secrets = [
        PASSWORD.to_owned(),
        sha256(PASSWORD),
        secret.to_owned(),
        sha256(secret),
        zoe.token.clone(),
        admin.token.clone(),
        sha256(&zoe.token),
        "a-wrong-password".to_owned(),
        sha256("a-wrong-code"),
        "$argon2id$".to_owned(),
    ];
    let (_, log) = server.terminate();
    let log = log.join("\n");
    assert!(log.lines().count() > 10, "there is a log");
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret}");
    }
}
