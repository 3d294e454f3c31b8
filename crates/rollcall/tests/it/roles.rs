//! Roles and permissions: a change holds at the very next request, for tokens that were there before too.

use rollcall::config::Config;
use rollcall_model::{Permission, Role};
use rollcall_testkit::{ADMIN, Answer, Caller, PASSWORD, TestServer};
use serde_json::{Value, json};

async fn role(admin: &Caller, what: &str, role: &str, username: &str) -> Answer {
    admin.post(&format!("roles.{what}"), &json!({ "roleId": role, "username": username })).await
}

fn error(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["error"].as_str().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_given_or_taken_holds_at_the_next_request_of_a_token_that_is_there() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let admin = server.admin().await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let list = "sessions/list.all?count=1";
    assert_eq!(zoe.with_code(PASSWORD).get(list).await.status, 403);
    let given = role(&admin, "addUserToRole", "admin", "ZOE").await;
    assert_eq!(given.status, 200);
    assert_eq!(
        given.body["role"],
        json!({ "_id": "admin", "name": "admin", "description": "Admin", "mandatory2fa": false, "protected": true, "scope": "Users" })
    );
    assert_eq!(zoe.with_code(PASSWORD).get(list).await.status, 200, "in the middle of paging too");
    assert_eq!(zoe.get("me").await.body["roles"], json!(["admin", "user"]));
    // A token of afterwards, and one that outlives a restart, are the same user's.
    let later = server.caller().sign_in("zoe", PASSWORD).await;
    let server = server.restart().await;
    for caller in [&zoe, &later] {
        let caller = server.caller().with_credentials(&caller.user_id, &caller.token);
        assert_eq!(caller.with_code(PASSWORD).get(list).await.status, 200);
    }
    let admin = server.caller().with_credentials(&admin.user_id, &admin.token);
    let zoe = server.caller().with_credentials(&zoe.user_id, &zoe.token);
    assert_eq!(role(&admin, "removeUserFromRole", "admin", "zoe").await.status, 200);
    assert_eq!(zoe.with_code(PASSWORD).get(list).await.status, 403);
    assert_eq!(admin.with_code(PASSWORD).get("sessions/list.all?filter=zoe").await.body["total"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_refused_in_the_words_that_clients_know() {
    let mut config = Config::default();
    config.service.factor_required_of = [Role::Guest].into_iter().collect();
    config.wire.rate_calls = 1_000;
    let server = TestServer::with(config).await;
    server.user("zoe").await;
    let admin = server.admin().await;
    let list = admin.get("roles.list").await;
    let roles = list.body["roles"].as_array().unwrap();
    assert_eq!(roles.len(), 9);
    let guest = roles.iter().find(|role| role["_id"] == "guest").unwrap();
    assert_eq!((&guest["mandatory2fa"], &guest["protected"]), (&json!(true), &json!(true)));

    for (what, id, username, says) in [
        ("addUserToRole", "bot", "nobody", "Invalid user [error-invalid-user]"),
        ("addUserToRole", "nope", "nobody", "Invalid user [error-invalid-user]"),
        ("addUserToRole", "nope", "zoe", "Role not found [error-role-not-found]"),
        ("addUserToRole", "user", "zoe", "User already in role [error-user-already-in-role]"),
        ("removeUserFromRole", "bot", "nobody", "Invalid user [error-invalid-user]"),
        ("removeUserFromRole", "nope", "zoe", "Role not found [error-invalid-roleId]"),
        ("removeUserFromRole", "bot", "zoe", "User is not in this role [error-user-not-in-role]"),
        ("removeUserFromRole", "admin", ADMIN, "You need to have at least one admin [error-admin-required]"),
    ] {
        assert_eq!(error(&role(&admin, what, id, username).await), (400, says), "{what} {id} {username}");
    }
    let in_a_room = json!({ "roleId": "bot", "username": "zoe", "roomId": "x" });
    let answer = admin.post("roles.addUserToRole", &in_a_room).await;
    assert_eq!(error(&answer), (400, "Invalid user [error-invalid-user]"));
    let by_id = json!({ "roleId": "bot", "userId": admin.user_id });
    assert_eq!(admin.post("roles.addUserToRole", &by_id).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_change_all_or_none_and_hold_at_the_next_request() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let admin = server.admin().await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let all = zoe.get("permissions.listAll").await;
    assert_eq!(all.body["update"].as_array().unwrap().len(), Permission::ALL.len());
    assert_eq!(all.body["remove"], json!([]));
    let list = "sessions/list.all?count=1";
    let change = |id: &str, roles: Value| json!({ "permissions": [{ "_id": id, "roles": roles }] });

    server.clock.advance(std::time::Duration::from_mins(1));
    let changed =
        admin.post("permissions.update", &change("view-device-management", json!(["admin", "user"]))).await;
    assert_eq!(changed.status, 200);
    assert_eq!(changed.body["permissions"].as_array().unwrap().len(), Permission::ALL.len());
    assert_eq!(zoe.with_code(PASSWORD).get(list).await.status, 200);
    let since = zoe.get("permissions.listAll?updatedSince=2026-01-05T09:00:30Z").await;
    let since = since.body["update"].as_array().unwrap();
    assert_eq!((since.len(), &since[0]["roles"]), (1, &json!(["admin", "user"])));
    assert_eq!(
        admin.post("permissions.update", &change("view-device-management", json!(["admin"]))).await.status,
        200
    );
    assert_eq!(zoe.with_code(PASSWORD).get(list).await.status, 403);

    let half = json!({ "permissions": [
        { "_id": "view-device-management", "roles": ["user"] }, { "_id": "nope", "roles": ["user"] },
    ] });
    assert_eq!(
        error(&admin.post("permissions.update", &half).await),
        (400, "Invalid permission [error-invalid-permission]")
    );
    assert_eq!(zoe.with_code(PASSWORD).get(list).await.status, 403, "nothing of it was done");
    let role = change("view-statistics", json!(["nope"]));
    assert_eq!(
        error(&admin.post("permissions.update", &role).await),
        (400, "Invalid role [error-invalid-role]")
    );
    for bad in [change("view-statistics", json!(["user", "user"])), change("view-statistics", json!("user"))]
    {
        let answer = admin.post("permissions.update", &bad).await;
        assert_eq!((answer.status, &answer.body["errorType"]), (400, &json!("invalid-params")));
    }
    let date = zoe.get("permissions.listAll?updatedSince=soon").await;
    assert_eq!((date.status, &date.body["errorType"]), (400, &json!("error-roomId-param-invalid")));
    let server = server.restart().await;
    let zoe = server.caller().with_credentials(&zoe.user_id, &zoe.token);
    assert_eq!(zoe.with_code(PASSWORD).get(list).await.status, 403, "and it is remembered");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_administrators_who_demote_each_other_leave_one() {
    let server = TestServer::start().await;
    server.user("second").await;
    for _ in 0..10 {
        let first = server.admin().await;
        assert_eq!(role(&first, "addUserToRole", "admin", "second").await.status, 200);
        let second = server.caller().sign_in("second", PASSWORD).await;
        let (a, b) = (first.clone(), second.clone());
        let demoting = [
            tokio::spawn(async move { role(&a, "removeUserFromRole", "admin", "second").await.status }),
            tokio::spawn(async move { role(&b, "removeUserFromRole", "admin", ADMIN).await.status }),
        ];
        let mut statuses = Vec::new();
        for demoted in demoting {
            statuses.push(demoted.await.unwrap());
        }
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        let first_stayed = statuses[0] == 200;
        if !first_stayed {
            // The second one stayed: it makes the first an administrator again, and steps down.
            assert_eq!(role(&second, "addUserToRole", "admin", ADMIN).await.status, 200);
            assert_eq!(role(&second, "removeUserFromRole", "admin", "second").await.status, 200);
        }
    }
}
