//! Saved filters, and help for whoever types one.

use rollcall_testkit::{Caller, PASSWORD, TestServer};
use serde_json::{Value, json};

async fn scene() -> (TestServer, Caller, Caller) {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    let other = json!({ "username": "ops", "name": "Ops", "email": "ops@example.test", "password": PASSWORD,
        "roles": ["admin"], "verified": true });
    assert_eq!(admin.post("users.create", &other).await.status, 200);
    let ops = server.caller().sign_in("ops", PASSWORD).await;
    (server, admin, ops)
}

async fn seen(caller: &Caller) -> Vec<Value> {
    let listed = caller.get_v2("views").await;
    listed.body["items"].as_array().unwrap_or_else(|| panic!("{listed:?}")).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_saved_in_its_one_form_and_seen_by_others_when_it_is_shared() {
    let (server, admin, ops) = scene().await;
    let old = json!({ "q": "  USER:zoe   seen>1440m ", "sort": "-seen,user" });
    let put = admin.v2("PUT", "views/Old%20ones", Some(&old)).await;
    let kept = json!({
        "name": "Old ones",
        "q": "user:zoe seen>1d",
        "sort": "-seen,user",
        "shared": false,
        "updated_at": "2026-01-05T09:00:00.000Z",
    });
    assert_eq!((put.status, &put.body), (200, &kept));
    let mut own = kept.clone();
    own["own"] = json!(true);
    own["user"] = json!({ "id": admin.user_id, "username": "boss" });
    assert_eq!(seen(&admin).await, [own.clone()]);
    assert_eq!(seen(&ops).await, [Value::Null; 0]);

    let shared = json!({ "q": "user:zoe", "shared": true });
    assert_eq!(admin.v2("PUT", "views/Old%20ones", Some(&shared)).await.status, 200);
    let seen_by_other = seen(&ops).await;
    assert_eq!(seen_by_other.len(), 1);
    assert_eq!(
        (&seen_by_other[0]["q"], &seen_by_other[0]["own"], &seen_by_other[0]["user"]["username"]),
        (&json!("user:zoe"), &json!(false), &json!("boss"))
    );
    // Only one's own go.
    let not_own = ops.delete_v2("views/Old%20ones").await;
    assert_eq!((not_own.status, not_own.problem()), (404, "no-such-view"));
    let server = server.restart().await;
    let admin = server.admin().await;
    assert_eq!(seen(&admin).await.len(), 1);
    assert_eq!(admin.delete_v2("views/Old%20ones").await.status, 204);
    assert_eq!(seen(&admin).await, [Value::Null; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_saved_is_a_problem() {
    let (_server, admin, _ops) = scene().await;
    for (name, body, problem) in [
        ("a", json!({ "q": "divice:x" }), "bad-filter"),
        ("a", json!({ "sort": "colour" }), "bad-sort"),
        ("a", json!({ "shared": "yes" }), "not-as-declared"),
        (&"x".repeat(101), json!({}), "not-as-declared"),
    ] {
        let answer = admin.v2("PUT", &format!("views/{name}"), Some(&body)).await;
        assert_eq!((answer.status, answer.problem()), (400, problem), "{answer:?}");
    }
    for n in 0..100 {
        assert_eq!(admin.v2("PUT", &format!("views/{n}"), Some(&json!({}))).await.status, 200);
    }
    let full = admin.v2("PUT", "views/100", Some(&json!({}))).await;
    assert_eq!((full.status, full.problem()), (409, "too-many-views"));
    assert_eq!(admin.v2("PUT", "views/99", Some(&json!({ "q": "x" }))).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_completed_by_the_language_and_by_what_sessions_have() {
    let (_server, admin, _ops) = scene().await;
    let fields = admin.get_v2("filter/complete?q=user:boss%20dev").await;
    assert_eq!(
        fields.body,
        json!({
            "replaces": { "from": 10, "to": 13 },
            "suggestions": [{ "text": "device:", "meaning": "browser or app" }],
            "values": [],
            "more": 0,
        })
    );
    let values = admin.get_v2("filter/complete?q=user:B&cursor=6").await;
    assert_eq!(values.body["values"], json!([{ "text": "boss", "count": 1 }]));
    let spaced = admin.get_v2("filter/complete?q=os:mac").await;
    assert_eq!(spaced.body["values"], json!([{ "text": "\"Mac OS\"", "count": 2 }]));
}
