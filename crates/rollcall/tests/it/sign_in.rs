//! Signing in and out: body forms, refusals, what is counted, and what a token is good for.

use rollcall_model::event::PasswordHash;
use rollcall_model::user::{NameKey, Profile, UserKind};
use rollcall_model::{Actor, Command, NewUser, Role, SessionNo, UserId, UserNo};
use rollcall_store::{LiveSets, WhichUser};
use rollcall_testkit::{ADMIN, Caller, PASSWORD, TestServer, sha256};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn every_body_form_signs_in() {
    let server = TestServer::start().await;
    server.user("Zoe").await;
    let caller = server.caller();
    let digest = json!({ "digest": sha256(PASSWORD).to_uppercase(), "algorithm": "sha-256" });
    let email = "zoe@EXAMPLE.test";
    for body in [
        json!({ "user": "zoe", "password": PASSWORD }),
        json!({ "username": "ZOE", "password": PASSWORD }),
        json!({ "email": email, "password": PASSWORD }),
        json!({ "user": email, "password": PASSWORD }),
        json!({ "user": { "username": "zoe" }, "password": digest }),
        json!({ "user": { "email": email }, "password": digest, "other": 1 }),
    ] {
        let answer = caller.post("login", &body).await;
        assert_eq!((answer.status, &answer.body["data"]["me"]["username"]), (200, &"Zoe".into()), "{body}");
        assert_eq!(answer.body["data"]["authToken"].as_str().unwrap().len(), 43);
    }
    let form = format!("user=zoe&password={}", PASSWORD.replace(' ', "+"));
    assert_eq!(caller.post_raw("login", "application/x-www-form-urlencoded", form).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_sign_in_gets_one_answer() {
    let server = TestServer::start().await;
    let caller = server.caller();
    let unauthorized =
        r#"{"success":false,"status":"error","error":"Unauthorized","message":"Unauthorized"}"#;
    for body in [
        json!({ "user": ADMIN, "password": "wrong" }),
        json!({ "user": "nobody", "password": PASSWORD }),
        json!({ "user": ADMIN }),
        json!({ "user": ADMIN, "password": "" }),
        json!({ "user": ADMIN, "password": null }),
        json!({ "user": ADMIN, "password": { "digest": "abc", "algorithm": "sha-256" } }),
        json!({ "user": ADMIN, "password": { "digest": sha256(PASSWORD), "algorithm": "md5" } }),
        json!({ "user": 7, "password": PASSWORD }),
        json!({ "user": [ADMIN], "password": [PASSWORD] }),
        json!({ "resume": 7 }),
        json!({}),
        json!([]),
        json!("text"),
        Value::Null,
    ] {
        let answer = caller.post("login", &body).await;
        assert_eq!((answer.status, answer.text.as_str()), (401, unauthorized), "{body}");
        server.clock.advance(Duration::from_mins(6));
    }
    let answer = caller.post_raw("login", "application/json", "{").await;
    assert_eq!((answer.status, &answer.body["error"]), (400, &"Invalid JSON body".into()));
    let doubled = format!(r#"{{"user":"{ADMIN}","user":"{ADMIN}","password":"{PASSWORD}"}}"#);
    assert_eq!(caller.post_raw("login", "application/json", doubled).await.status, 401);
}

async fn fail(caller: &Caller, user: &str) -> String {
    let answer = caller.post("login", &json!({ "user": user, "password": "wrong" })).await;
    assert_eq!(answer.status, 401);
    answer.body["error"].as_str().unwrap().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_wrong_passwords_block_the_user_and_unknown_names_alike() {
    let server = TestServer::start().await;
    let caller = server.caller();
    server.user("zoe").await;
    for name in ["zoe", "nobody"] {
        for _ in 0..10 {
            assert_eq!(fail(&caller, name).await, "Unauthorized", "{name}");
        }
        assert_eq!(fail(&caller, name).await, "error-login-blocked-for-user", "{name}");
    }
    let right = json!({ "user": "zoe", "password": PASSWORD });
    assert_eq!(caller.post("login", &right).await.status, 401);
    // The counters are rows: a restart does not help.
    let server = server.restart().await;
    let answer = server.caller().post("login", &right).await;
    assert_eq!(answer.body["message"], "Login has been temporarily blocked For User");
    server.clock.advance(Duration::from_mins(5));
    assert_eq!(server.caller().post("login", &right).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_cannot_lock_a_user_out_of_a_known_address() {
    let mut config = rollcall::config::Config::default();
    config.wire.rate_calls = 1_000_000;
    let proxy = vec!["127.0.0.0/8".parse().unwrap()];
    config.wire.proxies = rollcall_http::client_address::TrustedProxies::new(proxy);
    let server = TestServer::with(config).await;
    let home = server.caller().with("x-forwarded-for", "198.51.100.1");
    let stranger = server.caller().with("x-forwarded-for", "203.0.113.9");
    let _ = home.sign_in(ADMIN, PASSWORD).await;
    for _ in 0..11 {
        fail(&stranger, ADMIN).await;
    }
    assert_eq!(fail(&stranger, ADMIN).await, "error-login-blocked-for-user");
    let _ = home.sign_in(ADMIN, PASSWORD).await;
    // Fifty failures block an address for everybody.
    for n in 0..40 {
        fail(&stranger, &format!("name-{n}")).await;
    }
    assert_eq!(fail(&stranger, "another").await, "error-login-blocked-for-ip");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_resets_the_users_counter() {
    let server = TestServer::start().await;
    let caller = server.caller();
    for _ in 0..2 {
        for _ in 0..9 {
            assert_eq!(fail(&caller, ADMIN).await, "Unauthorized");
        }
        let _ = caller.sign_in(ADMIN, PASSWORD).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn resume_gives_the_same_token_and_opens_nothing() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    let answer = server.caller().post("login", &json!({ "resume": admin.token })).await;
    assert_eq!((answer.status, &answer.body["data"]["authToken"]), (200, &admin.token.as_str().into()));
    assert_eq!(admin.get("sessions/list.all").await.body["total"], 1);
    let dead = server.caller().post("login", &json!({ "resume": "x".repeat(43) })).await;
    assert_eq!(dead.status, 401);
    assert_eq!(dead.body["message"], "You've been logged out by the server. Please log in again.");
}

/// Nobody has a session.
struct NoSessions;

impl LiveSets for NoSessions {
    fn sessions_of(&self, _user: UserNo) -> Vec<SessionNo> {
        Vec::new()
    }
}

/// bcrypt over the hex SHA-256 of `PASSWORD`, made with libxcrypt.
const BCRYPT: &str = "$2a$10$N9qo8uLOickgx2ZMRZoMyewJeZyOwf.RfZ8NZsJGXrx/452O9GiNC";

/// Makes a user with a hash from elsewhere, as an operator does.
pub async fn from_elsewhere(server: &TestServer, username: &str, password: PasswordHash) {
    let user = NewUser {
        id: UserId::random(&rollcall_auth::SystemRandomness),
        username: username.into(),
        name: None,
        roles: [Role::User].into_iter().collect(),
        emails: Vec::new(),
        kind: UserKind::User,
        active: true,
        profile: Profile::default(),
    };
    let command = Command::CreateUser { user: Box::new(user), password, welcome: None, by: Actor::Operator };
    let now = server.service.now();
    server.store.commit([command].into(), Arc::new(NoSessions), now).await.unwrap();
}

/// A server on a store with `ann`, who came with a hash from elsewhere.
async fn with_ann_from_elsewhere() -> TestServer {
    let server = TestServer::start().await;
    from_elsewhere(&server, "ann", PasswordHash(BCRYPT.into())).await;
    // As an operator does it: the server starts with the user.
    server.restart().await
}

async fn hash_of_ann(server: &TestServer) -> String {
    let found = server.store.credential(WhichUser::Username(NameKey::of("ann"))).await.unwrap();
    found.unwrap().password.0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_from_elsewhere_signs_in_and_is_hashed_anew_without_ending_sessions() {
    let server = with_ann_from_elsewhere().await;
    let wrong = json!({ "user": "ann", "password": "wrong" });
    let nobody = json!({ "user": "nobody", "password": "wrong" });
    let [refused, of_nobody] =
        [server.caller().post("login", &wrong).await, server.caller().post("login", &nobody).await];
    assert_eq!((refused.status, &refused.text), (401, &of_nobody.text));
    assert_eq!(hash_of_ann(&server).await, BCRYPT, "a wrong password changes nothing");

    let first = server.caller().sign_in("ann", PASSWORD).await;
    let mut hash = hash_of_ann(&server).await;
    while hash == BCRYPT {
        tokio::task::yield_now().await;
        hash = hash_of_ann(&server).await;
    }
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert_eq!(first.get("me").await.status, 200, "the session goes on");
    let second = server.caller().sign_in("ann", PASSWORD).await;
    assert_eq!(second.get("sessions/list").await.body["total"], 2);
    assert_eq!(server.caller().post("login", &wrong).await.status, 401);
    let server = server.restart().await;
    let first = server.caller().with_credentials(&first.user_id, &first.token);
    assert_eq!(first.get("me").await.status, 200);
    assert_eq!(hash_of_ann(&server).await, hash, "ours is not replaced again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_for_its_own_user_and_for_nobody_else() {
    let server = TestServer::start().await;
    let zoe_id = server.user("zoe").await;
    let admin = server.admin().await;
    let refusal = r#"{"success":false,"status":"error","error":"You must be logged in to do this.","message":"You must be logged in to do this."}"#;
    let (id, token) = (admin.user_id.as_str(), admin.token.as_str());
    let half = &token[..20];
    for (id, token) in
        [(zoe_id.as_str(), token), (id, half), (id, ""), ("", token), (id, &token.to_lowercase())]
    {
        let answer = server.caller().with_credentials(id, token).get("me").await;
        assert_eq!((answer.status, answer.text.as_str()), (401, refusal));
    }
    assert_eq!(server.caller().with("x-auth-token", token).get("me").await.status, 401);
    assert_eq!(admin.get("me").await.body["roles"], json!(["admin", "user"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fifty_first_sign_in_ends_the_session_not_seen_for_longest() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let mut sessions = Vec::new();
    for _ in 0..50 {
        server.clock.advance(Duration::from_secs(2));
        sessions.push(server.caller().sign_in("zoe", PASSWORD).await);
    }
    // The oldest is used once more: now the second is the one not seen for longest.
    server.clock.advance(Duration::from_secs(2));
    assert_eq!(sessions[0].get("me").await.status, 200);
    let last = server.caller().sign_in("zoe", PASSWORD).await;
    assert_eq!(sessions[1].get("me").await.status, 401);
    for alive in [&sessions[0], &sessions[2], &last] {
        assert_eq!(alive.get("me").await.status, 200);
    }
    assert_eq!(last.get("sessions/list").await.body["total"], 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_calling_session_only() {
    let server = TestServer::start().await;
    for method in ["POST", "GET"] {
        let (one, two) = (server.admin().await, server.admin().await);
        let head = one.send(one.request("HEAD", "/api/v1/logout")).await;
        assert_eq!((head.status, head.header("allow")), (405, "POST,GET"));
        // The body is not looked at.
        let answer = one.send(one.request(method, "/api/v1/logout").body("{")).await;
        let expected = r#"{"status":"success","data":{"message":"You've been logged out!"},"success":true}"#;
        assert_eq!((answer.status, answer.text.as_str()), (200, expected));
        assert_eq!(one.get("me").await.status, 401);
        assert_eq!(one.post("login", &json!({ "resume": one.token })).await.status, 401);
        assert_eq!(two.get("me").await.status, 200);
    }
}
