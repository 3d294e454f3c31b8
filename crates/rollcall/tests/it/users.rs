//! Making and deleting users.

use rollcall_testkit::{ADMIN, Caller, PASSWORD, TestServer};
use serde_json::{Value, json};

fn body(changes: &Value) -> Value {
    let mut body =
        json!({ "username": "zoe", "name": "Zoë", "email": "zoe@example.test", "password": PASSWORD });
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

async fn create(admin: &Caller, changes: &Value) -> rollcall_testkit::Answer {
    admin.post("users.create", &body(changes)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_made_with_its_fields_and_shows_no_secret() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let changes = json!({
        "verified": true, "nickname": "Z", "bio": "b", "statusText": "s", "requirePasswordChange": true,
        "customFields": { "team": "red" }, "roles": ["user", "bot"], "joinDefaultChannels": true,
    });
    let made = create(&admin, &changes).await;
    let user = &made.body["user"];
    assert_eq!(made.status, 200);
    assert_eq!(user["emails"], json!([{ "address": "zoe@example.test", "verified": true }]));
    assert_eq!(
        (&user["roles"], &user["active"], &user["type"]),
        (&json!(["user", "bot"]), &true.into(), &"user".into())
    );
    assert_eq!(
        (&user["customFields"], &user["requirePasswordChange"]),
        (&json!({ "team": "red" }), &true.into())
    );
    assert!(!made.text.contains("argon2") && !made.text.contains(PASSWORD) && user.get("services").is_none());
    let me = server.caller().sign_in("zoe", PASSWORD).await.get("me").await;
    assert_eq!((&me.body["email"], &me.body["name"]), (&"zoe@example.test".into(), &"Zoë".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deactivated_user_learns_so_only_with_the_right_password() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    assert_eq!(create(&admin, &json!({ "active": false })).await.status, 200);
    let sign_in = async |password: &str| {
        let answer = server.caller().post("login", &json!({ "user": "zoe", "password": password })).await;
        (answer.status, answer.body["error"].as_str().unwrap().to_owned())
    };
    assert_eq!(sign_in(PASSWORD).await, (401, "error-user-is-not-activated".into()));
    assert_eq!(sign_in("wrong").await, (401, "Unauthorized".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_refused_in_order() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let refused = |error_type: &str, error: &str| (400, error_type.to_owned(), error.to_owned());
    for (changes, expected) in [
        (
            json!({ "roles": ["king"], "name": "" }),
            refused(
                "error-action-not-allowed",
                "The field Roles consist invalid role id [error-action-not-allowed]",
            ),
        ),
        (
            json!({ "name": " ", "username": "" }),
            refused(
                "error-the-field-is-required",
                "The field Name is required [error-the-field-is-required]",
            ),
        ),
        (
            json!({ "username": "", "password": "" }),
            refused(
                "error-the-field-is-required",
                "The field Username is required [error-the-field-is-required]",
            ),
        ),
        (
            json!({ "password": "", "username": "a b" }),
            refused(
                "error-the-field-is-required",
                "The field Password is required [error-the-field-is-required]",
            ),
        ),
        (
            json!({ "username": "a b" }),
            refused(
                "error-input-is-not-a-valid-field",
                "a b is not a valid username [error-input-is-not-a-valid-field]",
            ),
        ),
        (
            json!({ "username": ADMIN.to_uppercase() }),
            refused("error-field-unavailable", "BOSS is already in use :( [error-field-unavailable]"),
        ),
        (json!({ "name": 7 }), refused("invalid-params", "must be string")),
    ] {
        let answer = create(&admin, &changes).await;
        let text = |name: &str| answer.body[name].as_str().unwrap_or_default().to_owned();
        assert_eq!((answer.status, text("errorType"), text("error")), expected, "{changes}");
    }
    assert_eq!(create(&admin, &json!({})).await.status, 200);
    let email = create(&admin, &json!({ "username": "other", "email": "ZOE@example.test" })).await;
    assert_eq!(email.body["error"], "ZOE@example.test is already in use :( [error-field-unavailable]");
    let missing = admin.post("users.create", &json!({ "name": "x" })).await;
    assert_eq!(missing.body["error"], "must have required property 'email'");
    let random =
        json!({ "username": "r", "email": "r@example.test", "name": "R", "setRandomPassword": true });
    assert_eq!(admin.post("users.create", &random).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_user_ends_its_sessions_before_the_answer() {
    let server = TestServer::start().await;
    let id = server.user("zoe").await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let admin = server.elevated_admin().await;
    let answer = admin.post("users.delete", &json!({ "userId": id })).await;
    assert_eq!((answer.status, answer.body), (200, json!({ "deletedRooms": [], "success": true })));
    assert_eq!(zoe.get("me").await.status, 401);
    assert_eq!(admin.get("sessions/list.all?filter=name+of+zoe").await.body["total"], 0);
    let again = admin.post("users.delete", &json!({ "username": "zoe" })).await;
    assert_eq!((again.status, &again.body["errorType"]), (400, &"error-invalid-user".into()));
    assert_eq!(create(&admin, &json!({})).await.status, 200, "the names are free again");
    let nobody = admin.post("users.delete", &json!({})).await;
    assert_eq!(nobody.body["errorType"], "error-user-param-not-provided");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_administrators_who_delete_each_other_at_once_one_is_left() {
    for _ in 0..5 {
        let server = TestServer::start().await;
        let boss = server.admin().await;
        let other = create(&boss, &json!({ "roles": ["admin"] })).await;
        let other_id = other.body["user"]["_id"].as_str().unwrap().to_owned();
        let zoe = server.caller().sign_in("zoe", PASSWORD).await;
        let (of_zoe, of_boss) = (json!({ "userId": other_id }), json!({ "userId": boss.user_id }));
        let (one, two) = tokio::join!(boss.post("users.delete", &of_zoe), zoe.post("users.delete", &of_boss));
        let deleted = [&one, &two].iter().filter(|answer| answer.status == 200).count();
        assert_eq!(deleted, 1, "{one:?} {two:?}");
    }
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let last = admin.post("users.delete", &json!({ "username": ADMIN })).await;
    assert_eq!(
        last.body["error"],
        "Leaving the app without an active admin is not allowed [error-action-not-allowed]"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_users_neither_make_nor_delete() {
    let server = TestServer::start().await;
    server.user("adam").await;
    let adam = server.caller().sign_in("adam", PASSWORD).await;
    let made = create(&adam, &json!({})).await;
    assert_eq!(
        (made.status, &made.body["error"]),
        (400, &"Adding user is not allowed [error-action-not-allowed]".into())
    );
    assert_eq!(made.body["details"], json!({ "method": "insertOrUpdateUser", "action": "Adding_user" }));
    let deleted = adam.post("users.delete", &json!({ "username": ADMIN })).await;
    assert_eq!((deleted.status, deleted.text.as_str()), (403, r#"{"success":false,"error":"unauthorized"}"#));
}
