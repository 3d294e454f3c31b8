//! Personal access tokens: what they are good for, and when they end.

use rollcall::config::Config;
use rollcall_model::Role;
use rollcall_testkit::{Answer, Caller, PASSWORD, TestServer};
use serde_json::{Value, json};

async fn generate(caller: &Caller, name: &str, bypass: bool) -> Answer {
    caller
        .post("users.generatePersonalAccessToken", &json!({ "tokenName": name, "bypassTwoFactor": bypass }))
        .await
}

/// Who calls with a new personal token of the caller's user.
async fn personal(caller: &Caller, name: &str, bypass: bool) -> Caller {
    let made = generate(&caller.with_code(PASSWORD), name, bypass).await;
    assert_eq!(made.status, 200, "{made:?}");
    caller.with_credentials(&caller.user_id, made.body["token"].as_str().unwrap())
}

async fn zoe(server: &TestServer) -> Caller {
    server.user("zoe").await;
    server.caller().sign_in("zoe", PASSWORD).await
}

async fn tokens(caller: &Caller) -> Vec<Value> {
    let list = caller.get("users.getPersonalAccessTokens").await;
    list.body["tokens"].as_array().unwrap_or_else(|| panic!("{list:?}")).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_personal_token_is_shown_once_and_authenticates_like_a_login_token() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    let ci = personal(&zoe, "ci", false).await;
    assert_eq!(ci.token.len(), 43);
    assert_eq!(ci.get("me").await.body["username"], "zoe");
    let listed = json!({
        "name": "ci",
        "createdAt": "2026-01-05T09:00:00.000Z",
        "lastTokenPart": ci.token[37..],
        "bypassTwoFactor": false,
    });
    assert_eq!(tokens(&zoe).await, std::slice::from_ref(&listed));
    let others = server.caller().with_credentials(&server.admin().await.user_id, &ci.token);
    assert_eq!(others.get("me").await.status, 401, "it is the user's own");

    let server = server.restart().await;
    let ci = server.caller().with_credentials(&ci.user_id, &ci.token);
    assert_eq!(tokens(&ci).await, [listed]);
    let admin = server.admin().await;
    let role = json!({ "roleId": "admin", "username": "zoe" });
    assert_eq!(admin.post("roles.addUserToRole", &role).await.status, 200);
    assert_eq!(ci.get("me").await.body["roles"], json!(["admin", "user"]));
    assert_eq!(ci.get("info").await.body["version"], "8.8.1", "a new role holds for it at once");
    for row in server.store.ledger(rollcall_model::Seq(0), 1_000).await.unwrap() {
        let detail = String::from_utf8_lossy(&row.detail.unwrap()[16..]).into_owned();
        assert!(!detail.contains(&ci.token) && !detail.contains(&ci.token[37..]), "{detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_personal_token_is_no_session() {
    let mut config = Config::default();
    config.wire.rate_calls = 1_000;
    config.service.sessions_per_user = 2;
    let server = TestServer::with(config).await;
    let zoe = zoe(&server).await;
    let ci = personal(&zoe, "ci", true).await;
    let admin = server.elevated_admin().await;
    let total = async || admin.get("sessions/list.all?filter=zoe").await.body["total"].clone();
    assert_eq!(total().await, 1);
    let list = ci.get("sessions/list").await;
    assert_eq!((&list.body["total"], &list.body["sessions"][0]["current"]), (&json!(1), &json!(false)));
    let second = server.caller().sign_in("zoe", PASSWORD).await;
    assert_eq!(
        (zoe.get("me").await.status, total().await),
        (200, json!(2)),
        "it takes no place of a session"
    );

    let resumed = server.caller().post("login", &json!({ "resume": ci.token })).await;
    let unknown = server.caller().post("login", &json!({ "resume": "unknown" })).await;
    assert_eq!((resumed.status, &resumed.body), (401, &unknown.body));

    // With it, all sessions are others.
    let left = ci.post("users.logoutOtherClients", &json!({})).await;
    assert_eq!(
        (left.status, &left.body["token"], left.body.get("tokenExpires")),
        (200, &json!(ci.token), None)
    );
    assert_eq!((zoe.get("me").await.status, second.get("me").await.status), (401, 401));
    let again = server.caller().sign_in("zoe", PASSWORD).await;
    assert_eq!(again.post("users.logoutOtherClients", &json!({})).await.status, 200);
    let own = json!({ "sessionId": again.session_id().await });
    assert_eq!(ci.post("sessions/logout.me", &own).await.status, 200);
    assert_eq!((again.get("me").await.status, ci.get("me").await.status), (401, 200));
    // Enrolling from it leaves no session, and the token.
    let again = server.caller().sign_in("zoe", PASSWORD).await;
    ci.enrol(&server).await;
    assert_eq!((again.get("me").await.status, ci.get("me").await.status), (401, 200));

    let out = ci.post("logout", &json!({})).await;
    assert_eq!((out.status, ci.get("me").await.status), (200, 401), "signing out with it ends it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_asked_of_a_token_and_remembered_for_it_unless_it_bypasses() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    let (asked, bypasses) = (personal(&zoe, "asked", false).await, personal(&zoe, "bypasses", true).await);
    let guarded = async |caller: &Caller| {
        let body = json!({ "userId": caller.user_id, "data": {} });
        let answer = caller.post("users.update", &body).await;
        (answer.status, answer.body["errorType"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(guarded(&bypasses).await, (200, String::new()));
    assert_eq!(
        guarded(&asked).await,
        (400, "totp-required".into()),
        "the session's window is not the token's"
    );
    assert_eq!(guarded(&asked.with_code("wrong")).await, (400, "totp-invalid".into()));
    assert_eq!(guarded(&asked.with_code(PASSWORD)).await.0, 200);
    assert_eq!(guarded(&asked).await.0, 200, "it is remembered");
    assert_eq!(guarded(&asked.with("user-agent", "curl/8")).await.0, 400, "for this agent");
    let server = server.restart().await;
    let asked = server.caller().with_credentials(&asked.user_id, &asked.token);
    assert_eq!(guarded(&asked).await.0, 200, "over a restart too");
    server.clock.advance(std::time::Duration::from_mins(30));
    assert_eq!(guarded(&asked).await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_personal_token_is_refused_in_the_words_that_clients_know() {
    let mut config = Config::default();
    config.wire.rate_calls = 1_000;
    config.service.factor_required_of = [Role::Bot].into_iter().collect();
    let server = TestServer::with(config).await;
    let zoe = zoe(&server).await;
    let elevated = zoe.with_code(PASSWORD);
    let error =
        |answer: &Answer| (answer.status, answer.body["error"].as_str().unwrap_or_default().to_owned());
    let says = |status: u16, text: &str| (status, text.to_owned());
    let remove = async |name: &str| {
        let body = json!({ "tokenName": name });
        elevated.post("users.removePersonalAccessToken", &body).await
    };
    let nameless = says(400, "The 'tokenName' param is required");
    assert_eq!(error(&generate(&elevated, "", false).await), nameless);
    assert_eq!(error(&elevated.post("users.generatePersonalAccessToken", &json!({})).await), nameless);
    assert_eq!(error(&remove("").await), nameless);
    let unknown = says(400, "Token does not exist [error-token-does-not-exists]");
    assert_eq!(error(&remove("ci").await), unknown);
    let ci = personal(&zoe, "ci", false).await;
    let taken = says(400, "A token with this name already exists [error-token-already-exists]");
    assert_eq!(error(&generate(&elevated, "ci", false).await), taken);
    assert_eq!(remove("ci").await.body, json!({ "success": true }));
    assert_eq!((ci.get("me").await.status, error(&remove("ci").await)), (401, unknown));
    for n in 0..100 {
        assert_eq!(generate(&elevated, &format!("token {n}"), false).await.status, 200);
    }
    let many = says(400, "A user has at most 100 personal access tokens [error-too-many-tokens]");
    assert_eq!(error(&generate(&elevated, "one more", false).await), many);

    let admin = server.admin().await;
    let guest = json!({ "username": "guest", "name": "G", "email": "g@example.test", "password": PASSWORD, "roles": ["guest"] });
    assert_eq!(admin.post("users.create", &guest).await.status, 200);
    let guest = server.caller().sign_in("guest", PASSWORD).await;
    let denied =
        says(403, "User does not have the permissions required for this action [error-unauthorized]");
    assert_eq!(error(&generate(&guest, "x", false).await), denied);
    assert_eq!(error(&guest.get("users.getPersonalAccessTokens").await), denied);
    assert_eq!(error(&guest.post("users.removePersonalAccessToken", &json!({})).await), denied);

    // A role that must have a factor is held up with a token that bypasses it, too.
    let bypasses = personal(&admin, "ci", true).await;
    let bot = json!({ "roleId": "bot", "userId": bypasses.user_id });
    assert_eq!(admin.post("roles.addUserToRole", &bot).await.status, 200);
    let held_up = bypasses.get("users.getPersonalAccessTokens").await;
    assert_eq!((held_up.status, &held_up.body["errorType"]), (400, &json!("totp-required")));
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_tokens_outlive_a_new_password_of_ones_own_and_nothing_that_others_do() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    let admin = server.elevated_admin().await;
    let update = async |caller: &Caller, data: Value| {
        let answer = caller.post("users.update", &json!({ "userId": zoe.user_id, "data": data })).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    let first = personal(&zoe, "first", true).await;
    update(&zoe, json!({ "password": "own" })).await;
    assert_eq!((zoe.get("me").await.status, first.get("me").await.status), (200, 200));
    // Set with a personal token, no session outlives it.
    update(&first, json!({ "password": PASSWORD })).await;
    assert_eq!((zoe.get("me").await.status, first.get("me").await.status), (401, 200));

    update(&admin, json!({ "password": PASSWORD })).await;
    assert_eq!(first.get("me").await.status, 401);
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let second = personal(&zoe, "second", true).await;
    update(&admin, json!({ "active": false })).await;
    assert_eq!(second.get("me").await.status, 401);
    update(&admin, json!({ "active": true })).await;
    assert_eq!(second.get("me").await.status, 401, "it does not come back");
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let third = personal(&zoe, "third", true).await;
    assert_eq!(admin.post("users.logout", &json!({ "userId": zoe.user_id })).await.status, 200);
    assert_eq!((zoe.get("me").await.status, third.get("me").await.status), (401, 200), "login tokens only");
    assert_eq!(admin.post("users.delete", &json!({ "userId": zoe.user_id })).await.status, 200);
    assert_eq!(third.get("me").await.status, 401);
}
