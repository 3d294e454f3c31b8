//! Sockets: signing in on them, whose they are, what they hear, and how they are closed.

use rollcall::config::Config;
use rollcall_testkit::{ADMIN, Caller, PASSWORD, Socket, TestServer, sha256};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0";

fn by_password(password: &str) -> Value {
    let digest = json!({ "digest": sha256(password), "algorithm": "sha-256" });
    json!([{ "user": { "username": ADMIN }, "password": digest }])
}

/// A socket of a caller's session that listens for its end.
async fn listening(server: &TestServer, caller: &Caller) -> Socket {
    let mut socket = Socket::connect(server.address).await;
    let user_id = socket.resume(&caller.token).await;
    socket.frame_of("added").await;
    socket.listen(&user_id).await;
    socket
}

/// The event that says that a session has ended.
fn force_logout(user_id: &str, session_id: &str) -> Value {
    let fields = json!({ "eventName": format!("{user_id}/force_logout"), "args": [session_id] });
    json!({ "msg": "changed", "collection": "stream-notify-user", "id": "id", "fields": fields })
}

/// Hears its session's end and nothing else.
async fn hears_its_end(socket: &mut Socket, user_id: &str, session_id: &str) {
    let closed = (vec![force_logout(user_id, session_id)], 1008, "force_logout".to_owned());
    assert_eq!(socket.until_closed().await, closed);
}

/// Is still there.
async fn answers(socket: &mut Socket) {
    socket.say(&json!({ "msg": "ping", "id": "still" })).await;
    assert_eq!(socket.frame().await, json!({ "msg": "pong", "id": "still" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_on_a_socket_makes_a_row_of_its_upgrade_request() {
    let server = TestServer::start().await;
    let headers = [("user-agent", FIREFOX), ("host", "chat.example.test")];
    let mut socket = Socket::open(server.address, &headers).await.connected().await;
    let answer = socket.call("login", by_password(PASSWORD)).await;
    let result = &answer["result"];
    assert!(answer.get("error").is_none());
    let token = result["token"].as_str().unwrap();
    assert_eq!((token.len(), &result["type"]), (43, &json!("password")));
    let expires_at = server.service.now() + Duration::from_hours(90 * 24);
    assert_eq!(result["tokenExpires"], json!({ "$date": expires_at.as_ms() }));
    let id = result["id"].as_str().unwrap();
    let fields = json!({ "username": ADMIN, "name": ADMIN });
    let added = socket.frame().await;
    assert_eq!((&added["collection"], &added["id"]), (&json!("users"), &json!(id)));
    assert_eq!(added["fields"]["username"], fields["username"]);

    let caller = server.caller().with_credentials(id, token);
    let own = caller.get("sessions/list").await;
    let row = &own.body["sessions"][0];
    assert_eq!((own.body["total"].as_u64(), &row["current"]), (Some(1), &json!(true)));
    assert_eq!((&row["device"]["name"], &row["device"]["os"]["name"]), (&json!("Firefox"), &json!("Linux")));
    assert_eq!((&row["host"], &row["ip"]), (&json!("chat.example.test"), &json!("127.0.0.1")));

    // Resuming makes no row, and closing a socket ends nothing.
    let mut other = Socket::connect(server.address).await;
    let resumed = other.call("login", json!([{ "resume": token }])).await;
    assert_eq!((&resumed["result"]["token"], &resumed["result"]["type"]), (&json!(token), &json!("resume")));
    assert_eq!(resumed["result"]["tokenExpires"], result["tokenExpires"]);
    drop((socket, other));
    assert_eq!(caller.get("sessions/list").await.body["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_fails_is_an_error_and_the_socket_stays() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let zoe = server.user("zoe").await;
    let mut socket = Socket::connect(server.address).await;
    let user = |name: &str| json!({ "user": { "username": name }, "password": PASSWORD });
    for params in [
        by_password("wrong"),
        json!([user("nobody")]),
        json!([{ "user": { "email": "nobody@example.test" }, "password": "x" }]),
        json!([]),
        json!(["x"]),
        json!([{ "password": PASSWORD }]),
        json!([{ "user": { "username": ADMIN } }]),
        json!([{ "totp": { "code": "1" } }]),
    ] {
        let error = socket.call("login", params.clone()).await["error"].clone();
        let wanted = json!({
            "isClientSafe": true, "error": 403, "reason": "User not found",
            "message": "User not found [403]", "errorType": "Meteor.Error"
        });
        assert_eq!(error, wanted, "{params}");
    }
    let dead = socket.call("login", json!([{ "resume": "x".repeat(43) }])).await["error"].clone();
    let sentence = "You've been logged out by the server. Please log in again.";
    assert_eq!((&dead["error"], &dead["reason"]), (&json!(403), &json!(sentence)));
    admin.post("users.setActiveStatus", &json!({ "userId": zoe, "activeStatus": false })).await;
    let error = socket.call("login", json!([user("zoe")])).await["error"].clone();
    assert_eq!(
        (&error["error"], &error["reason"]),
        (&json!("error-user-is-not-activated"), &json!("User is not activated"))
    );
    // Ten wrong passwords of one user block it, as over HTTP: these two, and eight more.
    for _ in 0..8 {
        socket.call("login", by_password("wrong")).await;
    }
    let blocked = socket.call("login", by_password(PASSWORD)).await["error"].clone();
    assert_eq!(blocked["error"], "error-login-blocked-for-user");
    assert_eq!(blocked["reason"], "Login has been temporarily blocked For User");
    answers(&mut socket).await;
    assert!(socket.call("login", json!([{ "resume": admin.token }])).await.get("result").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_asked_for_inside_the_sign_in() {
    let server = TestServer::start().await;
    let authenticator = server.admin().await.enrol(&server).await;
    let mut socket = Socket::connect(server.address).await;
    let plain = by_password(PASSWORD);
    let asked = socket.call("login", plain.clone()).await["error"].clone();
    assert_eq!((&asked["error"], &asked["reason"]), (&json!("totp-required"), &json!("TOTP Required")));
    let details = json!({ "method": "totp", "codeGenerated": false, "availableMethods": ["totp"] });
    assert_eq!(asked["details"], details);
    let with_code = |code: &str| json!([{ "totp": { "code": code, "login": plain[0] } }]);
    let wrong = socket.call("login", with_code("000000")).await["error"].clone();
    assert_eq!((&wrong["error"], &wrong["reason"]), (&json!("totp-invalid"), &json!("TOTP Invalid")));
    let right = socket.call("login", with_code(&authenticator.recovery[0])).await;
    assert_eq!(right["result"]["type"], "password");
    // The methods of the factor are there too, for whose socket it is.
    let left = socket.call("2fa:checkCodesRemaining", json!([])).await;
    assert_eq!(left["result"], json!({ "remaining": 11 }));
    let nobody = Socket::connect(server.address).await.call("2fa:checkCodesRemaining", json!([])).await;
    assert_eq!(
        (&nobody["error"]["error"], &nobody["error"]["message"]),
        (&json!("not-authorized"), &json!("[not-authorized]"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_are_counted_together_and_tokens_resumed_by_socket() {
    let mut config = Config::default();
    config.wire.rate_calls = 4;
    let server = TestServer::with(config).await;
    let admin = server.admin().await;
    let mut socket = Socket::connect(server.address).await;
    for _ in 0..3 {
        assert!(socket.call("login", by_password(PASSWORD)).await.get("result").is_some());
    }
    let refused = socket.call("login", by_password(PASSWORD)).await["error"].clone();
    assert_eq!(
        (&refused["error"], &refused["details"]),
        (&json!("too-many-requests"), &json!({ "timeToReset": 60_000 }))
    );
    assert_eq!(
        server.caller().post("login", &json!({ "user": ADMIN, "password": PASSWORD })).await.status,
        429
    );
    // Tokens are not counted by address, and five a minute on one socket.
    for _ in 0..3 {
        let mut other = Socket::connect(server.address).await;
        for _ in 0..5 {
            other.resume(&admin.token).await;
        }
        let refused = other.call("login", json!([{ "resume": admin.token }])).await["error"].clone();
        assert_eq!(refused["error"], "too-many-requests");
        answers_after_added(&mut other).await;
    }
    server.clock.advance(Duration::from_mins(1));
    socket.resume(&admin.token).await;
}

async fn answers_after_added(socket: &mut Socket) {
    socket.frame_of("added").await;
    answers(socket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_doors_are_open_a_method_is_unavailable_and_the_socket_stays() {
    let server = TestServer::closed().await;
    let mut socket = Socket::connect(server.address).await;
    let error = socket.call("login", json!([{ "resume": "x" }])).await["error"].clone();
    assert_eq!(error["error"], 503);
    answers(&mut socket).await;
}

/// A way to end the session of `zoe`, of whom `other` is another session. `id` is the session's.
type Way = (&'static str, fn(Scene) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>>);

#[derive(Clone)]
struct Scene {
    server: std::sync::Arc<TestServer>,
    admin: Caller,
    zoe: Caller,
    other: Caller,
    id: String,
}

macro_rules! ways {
    ($($what:literal: |$scene:ident| $how:expr;)+) => {
        [$(($what, |$scene: Scene| Box::pin(async move { $how; }))),+]
    };
}

async fn good(answering: impl Future<Output = rollcall_testkit::Answer>) {
    let answer = answering.await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_ends_a_session_its_sockets_hear_it_and_are_closed_before_the_answer() {
    let ways: [Way; 14] = ways! {
        "an administrator": |s| good(s.admin.post("sessions/logout", &json!({ "sessionId": s.id }))).await;
        "the user": |s| good(s.other.post("sessions/logout.me", &json!({ "sessionId": s.id }))).await;
        "the session itself": |s| good(s.zoe.post("logout", &json!({}))).await;
        "a sign-out everywhere": |s| good(s.admin.post("users.logout", &json!({ "userId": s.zoe.user_id }))).await;
        "other clients": |s| good(s.other.post("users.logoutOtherClients", &json!({}))).await;
        "other tokens": |s| good(s.other.post("users.removeOtherTokens", &json!({}))).await;
        "a deactivation": |s| {
            let body = json!({ "userId": s.zoe.user_id, "activeStatus": false });
            good(s.admin.post("users.setActiveStatus", &body)).await;
        };
        "a deletion": |s| good(s.admin.post("users.delete", &json!({ "userId": s.zoe.user_id }))).await;
        "a factor": |s| drop(s.other.enrol(&s.server).await);
        "the cap": |s| {
            for _ in 0..s.server.service.settings().sessions_per_user - 1 {
                drop(s.server.caller().sign_in("zoe", PASSWORD).await);
            }
        };
        "a password of one's own": |s| {
            let data = json!({ "password": "another battery" });
            let body = json!({ "userId": s.zoe.user_id, "data": data });
            good(s.other.with_code(PASSWORD).post("users.update", &body)).await;
        };
        "a password by somebody else": |s| {
            let data = json!({ "password": "another battery" });
            good(s.admin.post("users.update", &json!({ "userId": s.zoe.user_id, "data": data }))).await;
        };
        "idleness": |s| s.server.pass(Duration::from_hours(25)).await;
        "its time": |s| s.server.pass(Duration::from_hours(90 * 24)).await;
    };
    for (what, end) in ways {
        let mut config = Config::default();
        config.wire.rate_calls = 1_000_000;
        config.service.sessions_per_user = 3;
        config.service.session_idle = (what == "idleness").then_some(Duration::from_hours(24));
        let server = std::sync::Arc::new(TestServer::with(config).await);
        server.user("zoe").await;
        let zoe = server.caller().sign_in("zoe", PASSWORD).await;
        let id = zoe.session_id().await;
        let mut sockets = [listening(&server, &zoe).await, listening(&server, &zoe).await];
        server.clock.advance(Duration::from_secs(5));
        let other = server.caller().sign_in("zoe", PASSWORD).await;
        let admin = server.elevated_admin().await;
        let scene = Scene { server: server.clone(), admin, zoe: zoe.clone(), other, id: id.clone() };
        end(scene).await;
        // It was closed before the answer: nothing has to be waited for.
        for socket in &mut sockets {
            let (said, closed) = socket.unheard();
            let event = force_logout(&zoe.user_id, &id).to_string();
            assert!(closed && said.contains(&event) && said.ends_with("force_logout"), "{what}: {said}");
        }
        assert_eq!(zoe.get("me").await.status, 401, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sessions_of_the_same_user_hear_nothing() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let (one, two) =
        (server.caller().sign_in("zoe", PASSWORD).await, server.caller().sign_in("zoe", PASSWORD).await);
    let (mut first, mut second) = (listening(&server, &one).await, listening(&server, &two).await);
    // A socket that does not listen is closed without a word.
    let mut silent = Socket::connect(server.address).await;
    silent.resume(&one.token).await;
    let admin = server.elevated_admin().await;
    let id = one.session_id().await;
    good(admin.post("sessions/logout", &json!({ "sessionId": id }))).await;
    hears_its_end(&mut first, &one.user_id, &id).await;
    silent.frame_of("added").await;
    assert_eq!(silent.until_closed().await, (vec![], 1008, "force_logout".into()));
    answers(&mut second).await;
    let mut again = Socket::connect(server.address).await;
    let refused = again.call("login", json!([{ "resume": one.token }])).await;
    assert_eq!(refused["error"]["error"], 403);
    answers(&mut again).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_on_a_socket_leaves_it_open_and_closes_the_tokens_others() {
    let server = TestServer::start().await;
    let zoe = server.user("zoe").await;
    let caller = server.caller().sign_in("zoe", PASSWORD).await;
    let id = caller.session_id().await;
    let (mut own, mut other) = (listening(&server, &caller).await, listening(&server, &caller).await);
    let answer = own.call("logout", json!([])).await;
    assert_eq!(answer.as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "msg"]);
    assert_eq!(own.frame().await, json!({ "msg": "nosub", "id": "f" }));
    hears_its_end(&mut other, &zoe, &id).await;
    assert_eq!(caller.get("me").await.status, 401);
    assert_eq!(own.call("2fa:checkCodesRemaining", json!([])).await["error"]["error"], "not-authorized");
    let sub = json!({ "msg": "sub", "id": "g", "name": "stream-notify-user", "params": [format!("{zoe}/force_logout"), false] });
    own.say(&sub).await;
    assert_eq!(own.frame_of("nosub").await["error"]["error"], "not-allowed");
    // Once more changes nothing, and another may sign in on it.
    assert!(own.call("logout", json!([])).await.get("error").is_none());
    assert!(own.call("login", by_password(PASSWORD)).await.get("result").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_is_done_in_order() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let mut socket = Socket::connect(server.address).await;
    // As a client does when it comes back: it does not wait for its sign-in.
    let user_id = &admin.user_id;
    socket
        .say(&json!({ "msg": "method", "id": "a", "method": "login", "params": [{ "resume": admin.token }] }))
        .await;
    let params = json!([format!("{user_id}/force_logout"), { "useCollection": false, "args": [] }]);
    socket.say(&json!({ "msg": "sub", "id": "b", "name": "stream-notify-user", "params": params })).await;
    socket.say(&json!({ "msg": "method", "id": "c", "method": "nope", "params": [] })).await;
    socket.say(&json!({ "msg": "unsub", "id": "never" })).await;
    let mut heard = Vec::new();
    for _ in 0..7 {
        heard.push(socket.frame().await);
    }
    let kinds: Vec<_> = heard.iter().map(|frame| frame["msg"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["result", "updated", "added", "ready", "result", "updated", "nosub"]);
    let error = &heard[4]["error"];
    assert_eq!((&error["error"], &error["reason"]), (&json!(404), &json!("Method 'nope' not found")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_socket_may_not_do_closes_it() {
    let server = TestServer::start().await;
    let text = |text: &str| vec![Message::text(text.to_owned())];
    let method =
        r#"{"msg":"method","id":"1","method":"login","params":[{"user":{"username":"x"},"password":"x"}]}"#;
    let sub = |n| {
        Message::text(format!(
            r#"{{"msg":"sub","id":"{n}","name":"stream-notify-all","params":["x",false]}}"#
        ))
    };
    for (what, sent, code) in [
        ("binary", vec![Message::binary(vec![1_u8])], 1003),
        ("no JSON", text("hello"), 1003),
        ("an empty frame", text(""), 1003),
        ("no object", text("[]"), 1003),
        ("a long frame", text(&format!(r#"{{"msg":"ping","id":"{}"}}"#, "x".repeat(64 << 10))), 1008),
        ("the 101st subscription", (0..101).map(sub).collect(), 1008),
        ("the 101st method", vec![Message::text(method); 101], 1008),
    ] {
        let mut socket = Socket::connect(server.address).await;
        socket.send_at_once(sent).await;
        let (_, closed, reason) = socket.until_closed().await;
        assert_eq!(closed, code, "{what}: {reason}");
    }
    for (first, code) in [(r#"{"msg":"ping"}"#, 1002), ("{}", 1002), ("x", 1003)] {
        let mut socket = Socket::open(server.address, &[]).await;
        socket.send(Message::text(first)).await.unwrap();
        let (frames, closed, _) = socket.until_closed().await;
        assert_eq!((frames, closed), (vec![], code), "{first}");
    }
    let mut socket = Socket::open(server.address, &[]).await;
    socket.say(&json!({ "msg": "connect", "version": "pre1", "support": ["1"] })).await;
    let (frames, code, _) = socket.until_closed().await;
    assert_eq!((frames, code), (vec![json!({ "msg": "failed", "version": "1" })], 1002));
    // The longest frame that may be, and what is malformed, are answered.
    let mut socket = Socket::connect(server.address).await;
    let id = "x".repeat((64 << 10) - r#"{"msg":"ping","id":""}"#.len());
    socket.say(&json!({ "msg": "ping", "id": id })).await;
    assert_eq!(socket.frame().await["id"], json!(id));
    socket.say(&json!({ "msg": "sub", "id": 7 })).await;
    assert_eq!(socket.frame().await, json!({ "msg": "error", "reason": "Malformed subscription" }));
    answers(&mut socket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_delays_nobody() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let caller = server.caller().sign_in("zoe", PASSWORD).await;
    let id = caller.session_id().await;
    let mut deaf = listening(&server, &caller).await;
    let mut good = listening(&server, &caller).await;
    // It asks until nothing more gets through, and never reads an answer.
    let ping = Message::text(json!({ "msg": "ping", "id": "x".repeat(60_000) }).to_string());
    while tokio::time::timeout(Duration::from_millis(500), deaf.send(ping.clone())).await.is_ok() {}
    let admin = server.elevated_admin().await;
    let answer = admin.post("sessions/logout", &json!({ "sessionId": id })).await;
    assert_eq!(answer.status, 200);
    hears_its_end(&mut good, &caller.user_id, &id).await;
    assert_eq!(caller.get("me").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_closes_sockets_and_their_sessions_go_on() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let mut sockets = [listening(&server, &admin).await, Socket::connect(server.address).await];
    let server = server.restart().await;
    for socket in &mut sockets {
        assert_eq!(socket.until_closed().await, (vec![], 1001, "the server is stopping".into()));
    }
    let mut again = Socket::connect(server.address).await;
    again.resume(&admin.token).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_office_that_comes_back_at_once_is_let_in() {
    let server = TestServer::with(Config::default()).await;
    let admin = server.admin().await;
    let server = server.restart().await;
    let resuming = (0..200).map(|_| {
        let (address, token) = (server.address, admin.token.clone());
        tokio::spawn(async move {
            let mut socket = Socket::connect(address).await;
            socket.resume(&token).await;
            socket
        })
    });
    let resuming: Vec<_> = resuming.collect();
    let _somebody = server.admin().await;
    for task in resuming {
        answers_after_added(&mut task.await.unwrap()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_asks_for_no_socket_is_told_what_is_here() {
    let server = TestServer::start().await;
    let caller = server.caller();
    let plain = caller.send(caller.request("GET", "/websocket")).await;
    assert_eq!(
        (plain.status, plain.header("upgrade"), plain.header("sec-websocket-version")),
        (426, "websocket", "13")
    );
    assert_eq!(plain.body["success"], false);
    assert_eq!(caller.send(caller.request("POST", "/websocket")).await.status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ending_is_answered_when_all_that_was_open_is_closed_and_not_before() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let admin = server.elevated_admin().await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let id = zoe.session_id().await;
    let principal =
        server.service.authenticate(&rollcall_auth::digest::token(&zoe.token)).await.unwrap().unwrap();
    let mut watch = server.service.watch(&principal).unwrap();
    let ending =
        tokio::spawn(async move { admin.post("sessions/logout", &json!({ "sessionId": id })).await });
    let not_closed = watch.ended().await;
    // The token is refused already, and others do not wait.
    assert_eq!(zoe.get("me").await.status, 401);
    let other = server.caller().sign_in("zoe", PASSWORD).await;
    assert!(!ending.is_finished());
    drop(not_closed);
    assert_eq!(ending.await.unwrap().status, 200);
    assert_eq!(other.get("me").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailed_code_is_asked_for_inside_the_sign_in_too() {
    let server = TestServer::start().await;
    server.user_with("zoe", true).await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    good(zoe.post("users.2fa.enableEmail", &json!({}))).await;
    let mut socket = Socket::connect(server.address).await;
    let login = json!({ "user": { "username": "zoe" }, "password": PASSWORD });
    let asked = socket.call("login", json!([login])).await["error"].clone();
    assert_eq!((&asked["error"], &asked["details"]["method"]), (&json!("totp-required"), &json!("email")));
    assert_eq!(asked["details"]["codeGenerated"], true);
    let code = server.mailed_code("zoe").await;
    let with_code = json!([{ "totp": { "code": code, "login": login } }]);
    assert_eq!(socket.call("login", with_code.clone()).await["result"]["type"], "password");
    let mut other = Socket::connect(server.address).await;
    assert_eq!(other.call("login", with_code).await["error"]["error"], "totp-invalid", "it is good once");
}
