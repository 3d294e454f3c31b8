//! Frames as they go over a socket: a difference is a decision about compatibility.

use rollcall::config::Config;
use rollcall_testkit::{ADMIN, Heard, PASSWORD, Socket, TestServer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio_tungstenite::tungstenite::Message;

/// Sends a frame, and gives what comes up to the answer of a ping behind it, or up to the close.
async fn said(socket: &mut Socket, frame: &Value) -> Value {
    said_to(socket, Message::text(frame.to_string())).await
}

async fn said_to(socket: &mut Socket, message: Message) -> Value {
    let end = json!({ "msg": "pong", "id": "end" });
    let ping = Message::text(json!({ "msg": "ping", "id": "end" }).to_string());
    socket.send_at_once(vec![message]).await;
    let mut frames = Vec::new();
    // A method is answered behind a ping that came after it: that is sent when something was said.
    let first = socket.hear().await;
    socket.send_at_once(vec![ping]).await;
    let mut heard = first;
    loop {
        match heard {
            Heard::Frame(frame) if frame == end => break,
            Heard::Frame(frame) => frames.push(redacted(frame)),
            Heard::Closed(code, reason) => {
                frames.push(json!(format!("closed {code} {reason}")));
                break;
            }
            Heard::Broken => panic!("it broke off after {frames:?}"),
        }
        heard = socket.hear().await;
    }
    Value::Array(frames)
}

fn redacted(mut frame: Value) -> Value {
    if frame["session"].is_string() {
        frame["session"] = json!("«id»");
    }
    if frame["msg"] == "added" {
        frame["id"] = json!("«id»");
    }
    if let Some(result) = frame.get_mut("result").filter(|result| result["token"].is_string()) {
        (result["id"], result["token"]) = (json!("«id»"), json!("«token»"));
    }
    if let Some(fields) = frame.get_mut("fields").filter(|fields| fields["eventName"].is_string()) {
        *fields = json!({ "eventName": "«id»/force_logout", "args": ["«id»"] });
    }
    frame
}

fn method(name: &str, params: &Value) -> Value {
    json!({ "msg": "method", "id": "1", "method": name, "params": params })
}

fn login(user: &Value, password: &str) -> Value {
    method("login", &json!([{ "user": user, "password": password }]))
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_as_they_were() {
    let mut config = Config::default();
    config.wire.rate_calls = 1_000;
    config.service.user_failures.max = 2;
    let server = TestServer::with(config).await;
    let (zoe, gone) = (server.user("zoe").await, server.user("gone").await);
    let admin = server.elevated_admin().await;
    let deactivate = json!({ "userId": gone, "activeStatus": false });
    assert_eq!(admin.post("users.setActiveStatus", &deactivate).await.status, 200);
    let sub = |id: &str, stream: &str, params: Value| json!({ "msg": "sub", "id": id, "name": stream, "params": params });
    let named = |name: &str| json!({ "username": name });
    let mut told = BTreeMap::new();

    let mut first = Socket::open(server.address, &[]).await;
    let connect = |version: &str| json!({ "msg": "connect", "version": version, "support": ["1"] });
    told.insert("connect", said(&mut first, &connect("1")).await);
    let mut other = Socket::open(server.address, &[]).await;
    told.insert("connect, another version", said(&mut other, &connect("2")).await);
    let mut other = Socket::open(server.address, &[]).await;
    told.insert("a method before connect", said(&mut other, &method("logout", &json!([]))).await);

    let mut socket = Socket::connect(server.address).await;
    told.insert("a ping without an id", said(&mut socket, &json!({ "msg": "ping" })).await);
    told.insert("no such method", said(&mut socket, &method("nope", &json!([]))).await);
    told.insert(
        "a method without an id",
        said(&mut socket, &json!({ "msg": "method", "method": "login" })).await,
    );
    told.insert("not signed in", said(&mut socket, &method("2fa:enable", &json!([]))).await);
    told.insert("a wrong password", said(&mut socket, &login(&named("nobody"), "wrong")).await);
    told.insert("a deactivated user", said(&mut socket, &login(&named("gone"), PASSWORD)).await);
    let dead = method("login", &json!([{ "resume": "x" }]));
    told.insert("a token that is not live", said(&mut socket, &dead).await);
    for _ in 0..2 {
        said(&mut socket, &login(&named(ADMIN), "wrong")).await;
    }
    // The administrator signed in from there, so that the counter is of this address.
    told.insert("too many wrong passwords", said(&mut socket, &login(&named(ADMIN), "wrong")).await);
    let stream = "stream-notify-user";
    let event = json!([format!("{zoe}/force_logout"), { "useCollection": false, "args": [null] }]);
    told.insert("a foreign event", said(&mut socket, &sub("s", stream, event.clone())).await);
    told.insert("no such stream", said(&mut socket, &sub("s", "nope", json!([]))).await);
    told.insert("no event", said(&mut socket, &sub("s", stream, json!([]))).await);
    told.insert("an unsubscription", said(&mut socket, &json!({ "msg": "unsub", "id": "never" })).await);
    told.insert(
        "a sign-in",
        said(&mut socket, &login(&json!({ "email": "zoe@example.test" }), PASSWORD)).await,
    );
    told.insert("a subscription", said(&mut socket, &sub("f", stream, event)).await);
    told.insert("a code of another type", said(&mut socket, &method("2fa:disable", &json!([{}]))).await);
    told.insert("a wrong code", said(&mut socket, &method("2fa:disable", &json!(["000000"]))).await);
    told.insert(
        "enrolled by no code",
        said(&mut socket, &method("2fa:validateTempToken", &json!(["0"]))).await,
    );
    told.insert(
        "codes that are left",
        said(&mut socket, &method("2fa:checkCodesRemaining", &json!([]))).await,
    );
    told.insert(
        "no codes to replace",
        said(&mut socket, &method("2fa:regenerateCodes", &json!(["0"]))).await,
    );
    let resume = method("login", &json!([{ "resume": admin.token }]));
    let mut resuming = Socket::connect(server.address).await;
    told.insert("a token is resumed", said(&mut resuming, &resume).await);
    for _ in 0..4 {
        said(&mut resuming, &resume).await;
    }
    told.insert("resumed too often", said(&mut resuming, &resume).await);
    let mut leaving = Socket::connect(server.address).await;
    said(&mut leaving, &login(&named("zoe"), PASSWORD)).await;
    said(&mut leaving, &sub("all", "stream-notify-all", json!(["x", false]))).await;
    told.insert("a sign-out", said(&mut leaving, &method("logout", &json!([]))).await);
    told.insert("a binary frame", said_to(&mut leaving, Message::binary(vec![0_u8])).await);
    assert_eq!(admin.post("users.logout", &json!({ "userId": zoe })).await.status, 200);
    let (frames, code, reason) = socket.until_closed().await;
    let mut ended: Vec<_> = frames.into_iter().map(redacted).collect();
    ended.push(json!(format!("closed {code} {reason}")));
    told.insert("the session was ended", Value::Array(ended));
    let enrolled = server.caller().sign_in("zoe", PASSWORD).await.enrol(&server).await;
    let mut socket = Socket::connect(server.address).await;
    told.insert("a code is wanted", said(&mut socket, &login(&named("zoe"), PASSWORD)).await);
    let with_code = |code: &str| {
        let login = json!({ "user": named("zoe"), "password": PASSWORD });
        method("login", &json!([{ "totp": { "code": code, "login": login } }]))
    };
    told.insert("a sign-in with a wrong code", said(&mut socket, &with_code("000000")).await);
    told.insert("a sign-in with a code", said(&mut socket, &with_code(&enrolled.recovery[0])).await);
    insta::assert_json_snapshot!("frames", told);
}
