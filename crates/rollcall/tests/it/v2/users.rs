//! Users for administrators: found by what their names contain, contained at once, and rid of factors and tokens.

use data_encoding::HEXLOWER;
use rollcall_model::Seq;
use rollcall_testkit::{Answer, Caller, PASSWORD, TestServer};
use serde_json::{Value, json};
use std::time::Duration;

fn names(answer: &Answer) -> Vec<&str> {
    let items = answer.body["items"].as_array().unwrap_or_else(|| panic!("no page: {answer:?}"));
    items.iter().map(|item| item["username"].as_str().unwrap()).collect()
}

/// Makes a personal token, and gives who calls with it.
async fn personal(caller: &Caller, name: &str) -> Caller {
    let body = json!({ "tokenName": name, "bypassTwoFactor": true });
    let made = caller.with_code(PASSWORD).post("users.generatePersonalAccessToken", &body).await;
    assert_eq!(made.status, 200, "{made:?}");
    caller.with_credentials(&caller.user_id, made.body["token"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_found_a_page_at_a_time_and_told_with_what_they_have() {
    let server = TestServer::start().await;
    for name in ["zoe", "Ann", "joanna"] {
        server.user(name).await;
    }
    server.clock.advance(Duration::from_mins(1));
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let _again = server.caller().sign_in("zoe", PASSWORD).await;
    let admin = server.admin().await;
    assert_eq!(names(&admin.get_v2("users").await), ["Ann", "boss", "joanna", "zoe"]);
    assert_eq!(names(&admin.get_v2("users?q=aNN").await), ["Ann", "joanna"]);
    assert_eq!(names(&admin.get_v2("users?q=zoe%40example").await), ["zoe"]);
    let first = admin.get_v2("users?limit=3").await;
    let next = first.body["next"].as_str().unwrap();
    let rest = admin.get_v2(&format!("users?limit=3&cursor={next}")).await;
    assert_eq!((names(&rest), &rest.body["next"]), (vec!["zoe"], &Value::Null));
    assert_eq!(
        rest.body["items"][0],
        json!({
            "id": zoe.user_id,
            "username": "zoe",
            "name": "Name of zoe",
            "emails": [{ "address": "zoe@example.test", "verified": false }],
            "roles": ["user"],
            "active": true,
            "created_at": "2026-01-05T09:00:00.000Z",
            "last_login_at": "2026-01-05T09:01:00.000Z",
            "factors": { "totp": false, "mail": false },
            "live_sessions": 2,
        })
    );
    assert_eq!(admin.get_v2(&format!("users?q=a&cursor={next}")).await.problem(), "bad-cursor");
    assert_eq!(zoe.get_v2("users").await.problem(), "not-permitted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_sessions_are_listed_by_filter_and_cursor() {
    let server = TestServer::start().await;
    let id = server.user("zoe").await;
    server.user("adam").await;
    let mut ids = Vec::new();
    for agent in ["curl/8.5.0", "RC Mobile; android 14; v4.48.1 (1234)", "curl/8.5.0"] {
        server.clock.advance(Duration::from_secs(1));
        let caller = server.caller().with("user-agent", agent).sign_in("zoe", PASSWORD).await;
        ids.insert(0, caller.session_id().await);
    }
    let _adam = server.caller().sign_in("adam", PASSWORD).await;
    let admin = server.elevated_admin().await;
    let path = format!("users/{id}/sessions");
    let all = admin.get_v2(&path).await;
    assert_eq!((all.item_ids(), &all.body["total"]), (ids.clone(), &json!(3)));
    assert_eq!(admin.get_v2(&format!("{path}?q=type:mobile*")).await.item_ids(), [ids[1].clone()]);
    let first = admin.get_v2(&format!("{path}?limit=2")).await;
    let next = first.body["next"].as_str().unwrap();
    let rest = admin.get_v2(&format!("{path}?limit=2&cursor={next}")).await;
    assert_eq!((rest.item_ids(), &rest.body["next"]), (ids[2..].to_vec(), &Value::Null));
    assert_eq!(admin.get_v2("users/aaaaaaaaaaaaaaaaa/sessions").await.problem(), "no-such-user");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contained_user_has_nothing_any_more_and_the_receipt_is_the_ledgers() {
    let server = TestServer::start().await;
    let id = server.user("zoe").await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let other = server.caller().sign_in("zoe", PASSWORD).await;
    let ci = personal(&zoe, "ci").await;
    let admin = server.elevated_admin().await;
    let path = format!("users/{id}/contain");
    // What is remembered is not enough.
    let asked = admin.v2("POST", &path, None).await;
    assert_eq!((asked.status, asked.problem()), (403, "step-up-required"));
    let admin = admin.with_code(PASSWORD);
    let done = admin.v2("POST", &path, None).await;
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!((&done.body["sessions_ended"], &done.body["tokens_ended"]), (&json!(2), &json!(1)));
    for caller in [&zoe, &other, &ci] {
        assert_eq!(caller.get_v2("me").await.status, 401);
    }
    let number = |value: &Value| value.as_u64().unwrap();
    let (first, last) = (number(&done.body["ledger"]["first"]), number(&done.body["ledger"]["last"]));
    let rows = server.store.ledger(Seq(first - 1), 4).await.unwrap();
    let kinds: Vec<_> = rows.iter().map(|row| row.envelope.kind).collect();
    assert_eq!((kinds, last - first), (vec![5, 5, 25, 10], 3));
    assert_eq!(done.body["head"], json!({ "seq": last, "hash": HEXLOWER.encode(&rows[3].hash) }));
    // Once more there is nothing to do.
    let again = admin.v2("POST", &path, None).await;
    assert_eq!(
        (again.status, &again.body["sessions_ended"], &again.body["ledger"]),
        (200, &json!(0), &Value::Null)
    );
    let boss = format!("users/{}/contain", admin.user_id);
    let last = admin.v2("POST", &boss, None).await;
    assert_eq!((last.status, last.problem()), (409, "last-administrator"));
    let nobody = admin.v2("POST", "users/aaaaaaaaaaaaaaaaa/contain", None).await;
    assert_eq!((nobody.status, nobody.problem()), (404, "no-such-user"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contained_user_is_let_in_again_and_gets_nothing_back() {
    let server = TestServer::start().await;
    let id = server.user("zoe").await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let admin = server.elevated_admin().await;
    let (contain, activate) = (format!("users/{id}/contain"), format!("users/{id}/activate"));
    assert_eq!(admin.with_code(PASSWORD).v2("POST", &contain, None).await.status, 200);
    let body = json!({ "user": "zoe", "password": PASSWORD });
    let refused = server.caller().post("login", &body).await;
    assert_eq!(refused.status, 401, "{refused:?}");
    // Who proved nothing may not, and neither may who has not the right.
    let unproven = server.admin().await.v2("POST", &activate, None).await;
    assert_eq!((unproven.status, unproven.problem()), (403, "step-up-required"));
    server.user("kim").await;
    let kim = server.caller().sign_in("kim", PASSWORD).await.with_code(PASSWORD);
    let denied = kim.v2("POST", &activate, None).await;
    assert_eq!((denied.status, denied.problem()), (403, "not-permitted"));
    // Once more changes nothing.
    for _ in 0..2 {
        let done = admin.v2("POST", &activate, None).await;
        assert_eq!(done.status, 204, "{done:?}");
    }
    assert_eq!(zoe.get_v2("me").await.status, 401);
    let again = server.caller().sign_in("zoe", PASSWORD).await;
    assert_eq!(again.get_v2("me").await.status, 200);
    let nobody = admin.v2("POST", "users/aaaaaaaaaaaaaaaaa/activate", None).await;
    assert_eq!((nobody.status, nobody.problem()), (404, "no-such-user"));
}

#[tokio::test(flavor = "multi_thread")]
async fn containing_asks_for_both_rights() {
    let server = TestServer::start().await;
    let id = server.user("zoe").await;
    let admin = server.elevated_admin().await;
    for permission in ["edit-other-user-active-status", "logout-device-management"] {
        let grant = |roles: Value| json!({ "permissions": [{ "_id": permission, "roles": roles }] });
        let taken = admin.post("permissions.update", &grant(json!(["bot"]))).await;
        assert_eq!(taken.status, 200, "{taken:?}");
        let moderation = json!({ "permissions": [{ "_id": "manage-moderation-actions", "roles": ["bot"] }] });
        assert_eq!(admin.post("permissions.update", &moderation).await.status, 200);
        let denied = admin.with_code(PASSWORD).v2("POST", &format!("users/{id}/contain"), None).await;
        assert_eq!((denied.status, denied.problem()), (403, "not-permitted"), "{permission}");
        assert_eq!(admin.post("permissions.update", &grant(json!(["admin"]))).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn factors_are_taken_away_with_all_that_the_user_has() {
    let server = TestServer::start().await;
    let id = server.user_with("zoe", true).await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let enabled = zoe.with_code(PASSWORD).post("users.2fa.enableEmail", &json!({})).await;
    assert_eq!(enabled.status, 200, "{enabled:?}");
    let admin = server.elevated_admin().await;
    let factors = async || admin.get_v2("users?q=zoe").await.body["items"][0]["factors"].clone();
    assert_eq!(factors().await, json!({ "totp": false, "mail": true }));
    assert_eq!(admin.v2("POST", &format!("users/{id}/factors/reset"), None).await.status, 204);
    assert_eq!(factors().await, json!({ "totp": false, "mail": false }));
    assert_eq!(zoe.get_v2("me").await.status, 401);
    let again = server.caller().sign_in("zoe", PASSWORD).await;
    assert_eq!(again.get_v2("me").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sees_personal_tokens_and_ends_one() {
    let server = TestServer::start().await;
    let id = server.user("zoe").await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let (ci, cron) = (personal(&zoe, "ci").await, personal(&zoe, "cron").await);
    let admin = server.elevated_admin().await;
    let listed = admin.get_v2(&format!("users/{id}/tokens")).await;
    let first = listed.body["items"][0].clone();
    assert_eq!(
        first,
        json!({
            "id": first["id"],
            "name": "ci",
            "last_part": ci.token[37..],
            "bypasses_step_up": true,
            "created_at": "2026-01-05T09:00:00.000Z",
        })
    );
    let path = format!("tokens/{}", first["id"].as_str().unwrap());
    assert_eq!(zoe.delete_v2(&path).await.problem(), "not-permitted");
    assert_eq!(admin.delete_v2(&path).await.status, 204);
    assert_eq!((ci.get_v2("me").await.status, cron.get_v2("me").await.status), (401, 200));
    for gone in [&*path, "tokens/x", "tokens/99999"] {
        let answer = admin.delete_v2(gone).await;
        assert_eq!((answer.status, answer.problem()), (404, "no-such-token"), "{gone}");
    }
    let left = admin.get_v2(&format!("users/{id}/tokens")).await;
    assert_eq!(left.body["items"].as_array().unwrap().len(), 1);
}
