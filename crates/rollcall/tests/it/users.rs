//! Making, looking up, deactivating and deleting users.

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

fn usernames(page: &rollcall_testkit::Answer) -> Vec<&str> {
    let rows = page.body["users"].as_array().unwrap_or_else(|| panic!("no page: {page:?}"));
    rows.iter().map(|row| row["username"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_listed_in_pages_and_orders_with_an_exact_total() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for (username, name) in [("carl", "Émile"), ("Bob", "zoe"), ("anna", "Zoë")] {
        let email = format!("{username}@example.test");
        let changes = json!({ "username": username, "name": name, "email": email });
        assert_eq!(create(&admin, &changes).await.status, 200);
        server.clock.advance(std::time::Duration::from_secs(1));
    }
    let default = admin.get("users.list").await;
    assert_eq!(usernames(&default), ["anna", "Bob", ADMIN, "carl"]);
    assert_eq!(
        (&default.body["total"], &default.body["count"], &default.body["offset"]),
        (&json!(4), &json!(4), &json!(0))
    );
    let page = admin.get("users.list?offset=1&count=2").await;
    assert_eq!(usernames(&page), ["Bob", ADMIN]);
    assert_eq!(
        (&page.body["total"], &page.body["count"], &page.body["offset"]),
        (&json!(4), &json!(2), &json!(1))
    );
    let _ = server.caller().sign_in("Bob", PASSWORD).await;
    for (sort, expected) in [
        (r#"{"name":1}"#, [ADMIN, "Bob", "anna", "carl"]),
        (r#"{"username":-1}"#, ["carl", ADMIN, "Bob", "anna"]),
        (r#"{"createdAt":-1}"#, ["anna", "Bob", "carl", ADMIN]),
        (r#"{"lastLogin":-1,"username":-1}"#, ["Bob", ADMIN, "carl", "anna"]),
        (r#"{"active":1,"createdAt":1}"#, [ADMIN, "carl", "Bob", "anna"]),
    ] {
        assert_eq!(usernames(&admin.get(&format!("users.list?sort={sort}")).await), expected, "{sort}");
    }
    assert_eq!(usernames(&admin.get("users.list?email=BOB@example.test").await), ["Bob"]);
    assert_eq!(usernames(&admin.get("users.list?query={}&fields={}").await).len(), 4);
    for (query, error) in [
        ("query={\"a\":1}", "error-invalid-query"),
        ("sort=x", "error-invalid-sort"),
        ("offset=-1", "error-invalid-params"),
    ] {
        let answer = admin.get(&format!("users.list?{query}")).await;
        assert_eq!((answer.status, &answer.body["errorType"]), (400, &json!(error)), "{query}");
    }
    let keys = admin.get("users.list?sort={\"roles\":1}").await;
    assert_eq!((keys.status, &keys.body["error"]), (400, &json!("error-invalid-sort-keys")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_sign_in_is_remembered_when_its_session_is_history() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let admin = server.admin().await;
    let last_login = async || admin.get("users.info?username=zoe").await.body["user"]["lastLogin"].clone();
    assert!(last_login().await.is_null());
    server.clock.advance(std::time::Duration::from_secs(1));
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let signed_in = last_login().await;
    assert!(signed_in.is_string());
    server.clock.advance(std::time::Duration::from_secs(5));
    assert_eq!(zoe.post("logout", &json!({})).await.status, 200);
    server.pass(std::time::Duration::from_secs(2)).await;
    assert_eq!(last_login().await, signed_in);
    let page = admin.get("users.list?sort={\"lastLogin\":1}").await;
    assert_eq!(usernames(&page), [ADMIN, "zoe"]);
    assert_eq!(page.body["users"][1]["lastLogin"], signed_in);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_user_sees_the_outline_of_others_and_all_of_itself() {
    let server = TestServer::start().await;
    for username in ["zoe", "bob"] {
        server.user(username).await;
    }
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let info = async |query: &str| zoe.get(&format!("users.info?{query}")).await;
    let bob = info("username=bob").await;
    let fields: Vec<_> = bob.body["user"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        fields,
        ["_id", "active", "canViewAllInfo", "name", "status", "type", "username", "utcOffset"]
    );
    assert_eq!(bob.body["user"]["canViewAllInfo"], false);
    let own = info(&format!("userId={}", zoe.user_id)).await;
    assert_eq!(own.body["user"]["canViewAllInfo"], true);
    assert_eq!(own.body["user"]["emails"][0]["address"], "zoe@example.test");
    assert!(own.body["user"]["lastLogin"].is_string());
    let list = zoe.get("users.list").await;
    for row in list.body["users"].as_array().unwrap() {
        assert_eq!(row.get("emails").is_some(), row["username"] == "zoe", "{row}");
        assert_eq!(row.get("roles").is_some(), row["username"] == "zoe", "{row}");
    }
    // An address must not be found out by asking whose it is, nor a sign-in by sorting.
    let unknown = info("username=nobody").await;
    assert_eq!((unknown.status, &unknown.body["error"]), (400, &json!("User not found.")));
    assert_eq!(info("email=bob@example.test").await.body, unknown.body);
    assert_eq!(info("email=zoe@example.test").await.status, 200);
    assert_eq!(zoe.get("users.list?email=bob@example.test").await.body["total"], 0);
    assert_eq!(zoe.get("users.list?email=zoe@example.test").await.body["total"], 1);
    assert_eq!(zoe.get("users.list?sort={\"lastLogin\":1}").await.body["error"], "error-invalid-sort-keys");
    for query in ["", "username=zoe&userId=x", "importId=1&email=a"] {
        let answer = info(query).await;
        assert_eq!(
            (answer.status, &answer.body["errorType"]),
            (400, &json!("error-invalid-params")),
            "{query}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deactivating_ends_every_session_before_the_answer() {
    let server = TestServer::start().await;
    let id = server.user("zoe").await;
    let admin = server.elevated_admin().await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let again = server.caller().sign_in("zoe", PASSWORD).await;
    let set = async |active: bool| {
        admin.post("users.setActiveStatus", &json!({ "userId": id, "activeStatus": active })).await
    };
    let answer = set(false).await;
    assert_eq!((answer.status, &answer.body["user"]), (200, &json!({ "_id": id, "active": false })));
    for caller in [&zoe, &again] {
        assert_eq!(caller.get("me").await.status, 401);
    }
    assert_eq!(admin.get("sessions/list.all?filter=zoe").await.body["total"], 0);
    assert_eq!(set(false).await.status, 200, "doing it again is no fault");
    let refused = server.caller().post("login", &json!({ "user": "zoe", "password": PASSWORD })).await;
    assert_eq!(refused.body["error"], "error-user-is-not-activated");
    let wrong = server.caller().post("login", &json!({ "user": "zoe", "password": "wrong" })).await;
    assert_eq!(wrong.body["error"], "Unauthorized");
    assert_eq!(set(true).await.status, 200);
    assert_eq!(server.caller().sign_in("zoe", PASSWORD).await.get("me").await.status, 200);
    assert_eq!(zoe.get("me").await.status, 401, "an ended session does not come back");
    for user_id in ["aaaaaaaaaaaaaaaaa", "no id", ""] {
        let body = json!({ "userId": user_id, "activeStatus": true });
        let answer = admin.post("users.setActiveStatus", &body).await;
        assert_eq!((answer.status, &answer.body["error"]), (400, &json!("User not found")), "{user_id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_administrators_who_deactivate_each_other_at_once_one_stays() {
    let server = TestServer::start().await;
    for round in 0..10 {
        let username = format!("second{round}");
        let changes =
            json!({ "username": username, "email": format!("{username}@example.test"), "roles": ["admin"] });
        let made = create(&server.admin().await, &changes).await;
        let (first, second) = (server.admin().await, server.caller().sign_in(&username, PASSWORD).await);
        let each_other = [(first.clone(), second.user_id.clone()), (second.clone(), first.user_id.clone())];
        let asking = each_other.map(|(caller, other)| {
            let body = json!({ "userId": other, "activeStatus": false });
            tokio::spawn(async move { caller.post("users.setActiveStatus", &body).await.status })
        });
        let mut answers = Vec::new();
        for asked in asking {
            answers.push(asked.await.unwrap());
        }
        // The other is refused as the last one, or as somebody whose session has just ended.
        let done = answers.iter().filter(|status| **status == 200).count();
        assert!(done == 1 && answers.iter().all(|status| [200, 400, 401].contains(status)), "{answers:?}");
        let stayed = if first.get("me").await.status == 200 { &first } else { &second };
        assert_eq!(stayed.get("me").await.status, 200);
        let gone = if stayed.user_id == first.user_id { &second.user_id } else { &first.user_id };
        let body = json!({ "userId": gone, "activeStatus": true });
        assert_eq!(stayed.post("users.setActiveStatus", &body).await.status, 200);
        let delete = json!({ "userId": made.body["user"]["_id"] });
        assert_eq!(server.admin().await.post("users.delete", &delete).await.status, 200);
    }
    let admin = server.admin().await;
    let alone = json!({ "userId": admin.user_id, "activeStatus": false });
    let answer = admin.post("users.setActiveStatus", &alone).await;
    assert_eq!((answer.status, &answer.body["errorType"]), (400, &json!("error-action-not-allowed")));
}
