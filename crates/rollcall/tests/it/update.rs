//! Changing a user: who may, what is refused, and what holds at once.

use rollcall_model::user::NameKey;
use rollcall_model::{Permission, Role};
use rollcall_store::WhichUser;
use rollcall_testkit::{ADMIN, Answer, Caller, PASSWORD, TestServer, sha256};
use serde_json::{Value, json};

async fn update(caller: &Caller, user_id: &str, data: Value) -> Answer {
    caller.post("users.update", &json!({ "userId": user_id, "data": data })).await
}

fn error(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["error"].as_str().unwrap_or_default())
}

/// Zoe, signed in, with a second factor proved.
async fn zoe(server: &TestServer) -> Caller {
    server.user("zoe").await;
    elevated(&server.caller().sign_in("zoe", PASSWORD).await, PASSWORD).await
}

async fn elevated(caller: &Caller, password: &str) -> Caller {
    let answer = update(&caller.with_code(password), &caller.user_id, json!({})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    caller.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_shows_at_once_wherever_a_user_is_shown() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    server.user("Mia").await;
    let mia = server.caller().sign_in("mia", PASSWORD).await;
    let admin = server.elevated_admin().await;
    let before = admin.get("users.info?username=zoe").await;
    server.clock.advance(std::time::Duration::from_secs(1));
    let data = json!({ "username": "Abel", "name": "Émile", "bio": "b", "nickname": "n", "statusText": "s" });
    let answer = update(&zoe, &zoe.user_id, data).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let user = &answer.body["user"];
    assert_eq!(
        (&user["username"], &user["name"], &user["bio"]),
        (&json!("Abel"), &json!("Émile"), &json!("b"))
    );
    assert_eq!((&user["nickname"], &user["statusText"]), (&json!("n"), &json!("s")));
    assert!(user["_updatedAt"].as_str() > before.body["user"]["_updatedAt"].as_str());
    assert!(user.get("services").is_none());

    assert_eq!(
        zoe.get("me").await.body["username"],
        "Abel",
        "the token that was there is of the user as it is"
    );
    let named = async |query: &str| {
        let page = admin.get(&format!("sessions/list.all?{query}")).await;
        let rows = page.body["sessions"].as_array().unwrap_or_else(|| panic!("{page:?}"));
        let names: Vec<_> =
            rows.iter().map(|row| row["_user"]["username"].as_str().unwrap().to_owned()).collect();
        (page.body["total"].as_u64().unwrap(), names)
    };
    let some = |names: &[&str]| (names.len() as u64, names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(named("filter=zoe").await, some(&[]));
    assert_eq!(named("filter=abel").await, some(&["Abel"]));
    assert_eq!(named("filter=%C3%89MILE").await, some(&["Abel"]));
    assert_eq!(named("sort={\"_user.username\":1}").await, some(&["Abel", ADMIN, "Mia"]));
    assert_eq!(named("sort={\"_user.name\":-1}").await, some(&["Abel", "Mia", ADMIN]));
    let list = admin.get("users.list").await;
    assert_eq!((&list.body["users"][0]["username"], &list.body["total"]), (&json!("Abel"), &json!(3)));
    assert_eq!(admin.get("users.info?username=abel").await.body["user"]["_id"], zoe.user_id);
    assert_eq!(admin.get("users.info?username=zoe").await.status, 400);

    let old = server.caller().post("login", &json!({ "user": "zoe", "password": PASSWORD })).await;
    assert_eq!(old.status, 401);
    assert_eq!(server.caller().sign_in("ABEL", PASSWORD).await.get("me").await.body["username"], "Abel");
    // The name is free, and somebody else's sessions are not mixed up with those of who had it.
    assert_eq!(update(&admin, &mia.user_id, json!({ "username": "zoe" })).await.status, 200);
    assert_eq!(named("filter=zoe").await, some(&["zoe"]));
    assert_eq!(mia.get("sessions/list").await.body["total"], 1);
    assert_eq!(zoe.get("sessions/list").await.body["total"], 2);

    let server = server.restart().await;
    let admin = server.caller().with_credentials(&admin.user_id, &admin.token);
    let page = admin.get("sessions/list.all?filter=zoe").await;
    assert_eq!(page.body["sessions"][0]["_user"]["username"], "zoe");
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_are_asked_for_in_their_order() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    let admin = server.elevated_admin().await;
    let other = server.user("other").await;
    let allowed = async |permission: Permission, roles: &[&str]| {
        let grant = json!({ "permissions": [{ "_id": permission.as_str(), "roles": roles }] });
        assert_eq!(admin.post("permissions.update", &grant).await.status, 200);
    };
    let editing = (400, "Editing user is not allowed [error-action-not-allowed]");
    let verifying = (400, "Editing email verification is not allowed [error-action-not-allowed]");
    let assigning = (400, "Assigning admin is not allowed [error-action-not-allowed]");
    let everything = json!({ "roles": ["admin"], "verified": true, "active": true, "password": "x" });
    for (user, data, refusal) in [
        (&other, json!({}), editing),
        (&other, everything.clone(), editing),
        (&zoe.user_id, everything.clone(), editing),
        (&zoe.user_id, json!({ "roles": ["user"] }), editing),
        (&zoe.user_id, json!({ "active": true }), editing),
        (&zoe.user_id, json!({ "verified": true }), verifying),
    ] {
        assert_eq!(error(&update(&zoe, user, data.clone()).await), refusal, "{data}");
    }
    let answer = update(&zoe, &zoe.user_id, json!({ "verified": false })).await;
    let details = json!({ "method": "insertOrUpdateUser", "action": "Editing_user" });
    assert_eq!(
        (&answer.body["errorType"], &answer.body["details"]),
        (&json!("error-action-not-allowed"), &details)
    );

    allowed(Permission::EditOtherUserInfo, &["admin", "user"]).await;
    assert_eq!(error(&update(&zoe, &other, json!({ "password": "x" })).await), editing);
    assert_eq!(error(&update(&zoe, &other, json!({ "roles": ["admin"] })).await), assigning);
    assert_eq!(error(&update(&zoe, &zoe.user_id, json!({ "roles": ["admin"] })).await), assigning);
    let others = json!({ "roles": ["bot", "user"], "verified": true, "active": true, "bio": "x" });
    assert_eq!(update(&zoe, &other, others.clone()).await.status, 200);
    assert_eq!(update(&zoe, &zoe.user_id, others).await.status, 200, "one's own too");
    allowed(Permission::EditOtherUserPassword, &["admin", "user"]).await;
    assert_eq!(update(&zoe, &other, json!({ "password": "x" })).await.status, 200);
    allowed(Permission::AssignAdminRole, &["admin", "user"]).await;
    assert_eq!(
        update(&zoe, &zoe.user_id, json!({ "roles": ["admin"] })).await.body["user"]["roles"],
        json!(["admin"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_refused_in_its_order_and_nothing_is_changed() {
    let server = TestServer::start().await;
    let zoe = server.user("zoe").await;
    let admin = server.elevated_admin().await;
    let before = admin.get(&format!("users.info?userId={zoe}")).await.body;
    for (data, error_type, says) in [
        (json!({ "name": 7 }), "invalid-params", "must be string"),
        (json!({ "active": "yes", "roles": "admin" }), "invalid-params", "must be boolean\n must be array"),
        (json!({ "email": null }), "invalid-params", "must be string"),
        (json!([]), "invalid-params", "must be object"),
        (
            json!({ "roles": ["king"], "name": "", "username": "" }),
            "error-action-not-allowed",
            "The field Roles consist invalid role id [error-action-not-allowed]",
        ),
        (
            json!({ "name": " ", "username": "", "password": "" }),
            "error-the-field-is-required",
            "The field Name is required [error-the-field-is-required]",
        ),
        (
            json!({ "username": "", "password": "" }),
            "error-the-field-is-required",
            "The field Username is required [error-the-field-is-required]",
        ),
        (
            json!({ "password": " ", "username": "a b" }),
            "error-the-field-is-required",
            "The field Password is required [error-the-field-is-required]",
        ),
        (
            json!({ "username": "a b", "bio": "new" }),
            "error-input-is-not-a-valid-field",
            "a b is not a valid username [error-input-is-not-a-valid-field]",
        ),
        (
            json!({ "username": "BOSS", "bio": "new" }),
            "error-field-unavailable",
            "BOSS is already in use :( [error-field-unavailable]",
        ),
    ] {
        let answer = update(&admin, &zoe, data.clone()).await;
        assert_eq!((error(&answer), &answer.body["errorType"]), ((400, says), &json!(error_type)), "{data}");
    }
    server.user("other").await;
    let taken = update(&admin, &zoe, json!({ "email": " OTHER@example.test " })).await;
    assert_eq!(error(&taken), (400, "OTHER@example.test is already in use :( [error-field-unavailable]"));
    for nobody in ["aaaaaaaaaaaaaaaaa", "no id", ""] {
        let answer = update(&admin, nobody, json!({ "name": "" })).await;
        assert_eq!(error(&answer), (400, "Invalid user [error-invalid-user]"), "{nobody}");
    }
    let last = update(&admin, &admin.user_id, json!({ "roles": ["user"], "name": "No boss" })).await;
    assert_eq!(
        error(&last),
        (400, "Leaving the app without an active admin is not allowed [error-action-not-allowed]")
    );
    assert_eq!(admin.get("me").await.body["name"], ADMIN);
    let missing = admin.post("users.update", &json!({ "userId": zoe })).await;
    assert_eq!(error(&missing), (400, "must have required property 'data'"));
    assert_eq!(admin.get(&format!("users.info?userId={zoe}")).await.body, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_asked_for_before_anything_is_said() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let asked = update(&zoe, &zoe.user_id, json!({ "username": "a b" })).await;
    assert_eq!((asked.status, &asked.body["errorType"]), (400, &json!("totp-required")));
    let wrong = update(&zoe.with_code("wrong"), &zoe.user_id, json!({ "name": "x" })).await;
    assert_eq!((wrong.status, &wrong.body["errorType"]), (400, &json!("totp-invalid")));
    assert_eq!(zoe.get("me").await.body["name"], "Name of zoe");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_change_at_all_gives_the_user() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    let shown = zoe.get(&format!("users.info?userId={}", zoe.user_id)).await;
    for data in [json!({}), json!({ "sendWelcomeEmail": true, "status": "busy", "settings": {} })] {
        let answer = update(&zoe, &zoe.user_id, data).await;
        assert_eq!((answer.status, &answer.body["success"]), (200, &json!(true)));
        for (field, value) in answer.body["user"].as_object().unwrap() {
            assert_eq!(*value, shown.body["user"][field], "{field}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_verified_by_an_administrator_and_until_it_is_another() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    let admin = server.elevated_admin().await;
    let emails =
        async |caller: &Caller, data| update(caller, &zoe.user_id, data).await.body["user"]["emails"].clone();
    let email = |address: &str, verified: bool| json!([{ "address": address, "verified": verified }]);
    let old = "zoe@example.test";
    assert_eq!(emails(&admin, json!({ "verified": true })).await, email(old, true));
    assert_eq!(zoe.get("me").await.body["email"], old);
    assert_eq!(emails(&zoe, json!({ "email": "ZOE@example.test" })).await, email("ZOE@example.test", true));
    assert_eq!(emails(&zoe, json!({ "email": "z@example.test" })).await, email("z@example.test", false));
    assert_eq!(zoe.get("me").await.body.get("email"), None);
    let both = json!({ "email": "y@example.test", "verified": true });
    assert_eq!(emails(&admin, both).await, email("y@example.test", true));
    let login = json!({ "email": "Y@example.test", "password": PASSWORD });
    assert_eq!(server.caller().post("login", &login).await.status, 200);
    assert_eq!(emails(&zoe, json!({ "email": "" })).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn free_fields_come_and_go() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    let fields = json!({ "customFields": { "team": "red" }, "requirePasswordChange": true, "bio": "b" });
    assert_eq!(update(&zoe, &zoe.user_id, fields).await.status, 200);
    let me = zoe.get("me").await;
    assert_eq!(
        (&me.body["customFields"], &me.body["requirePasswordChange"]),
        (&json!({ "team": "red" }), &json!(true))
    );
    let answer = update(&zoe, &zoe.user_id, json!({ "requirePasswordChange": false, "bio": "" })).await;
    let user = &answer.body["user"];
    assert_eq!((user.get("requirePasswordChange"), user.get("bio")), (None, None));
    assert_eq!(user["customFields"], json!({ "team": "red" }), "what is not named stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_what_it_has_to_end() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    let other = server.caller().sign_in("zoe", PASSWORD).await;
    assert_eq!(update(&zoe, &zoe.user_id, json!({ "password": "new one" })).await.status, 200);
    assert_eq!((zoe.get("me").await.status, other.get("me").await.status), (200, 401));
    let old = server.caller().post("login", &json!({ "user": "zoe", "password": PASSWORD })).await;
    assert_eq!(old.status, 401);
    let again = server.caller().sign_in("zoe", "new one").await;
    let admin = server.elevated_admin().await;
    let set = json!({ "password": "by the boss", "active": true });
    assert_eq!(update(&admin, &zoe.user_id, set).await.status, 200);
    assert_eq!((zoe.get("me").await.status, again.get("me").await.status), (401, 401));
    assert_eq!(server.caller().sign_in("zoe", "by the boss").await.get("me").await.status, 200);
    let ledger = server.store.ledger(rollcall_model::Seq(0), 1_000).await.unwrap();
    for row in ledger {
        let detail = String::from_utf8_lossy(&row.detail.unwrap()[16..]).into_owned();
        for secret in ["new one", "by the boss", &sha256("new one"), "argon2"] {
            assert!(!detail.contains(secret), "{detail}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_deactivated_and_activated_as_by_the_endpoint_for_it() {
    let server = TestServer::start().await;
    let zoe = zoe(&server).await;
    let admin = server.elevated_admin().await;
    let answer = update(&admin, &zoe.user_id, json!({ "active": false, "name": "Gone" })).await;
    assert_eq!(
        (&answer.body["user"]["active"], &answer.body["user"]["name"]),
        (&json!(false), &json!("Gone"))
    );
    assert_eq!(zoe.get("me").await.status, 401);
    assert_eq!(admin.get("sessions/list.all?filter=gone").await.body["total"], 0);
    let refused = server.caller().post("login", &json!({ "user": "zoe", "password": PASSWORD })).await;
    assert_eq!(refused.body["error"], "error-user-is-not-activated");
    assert_eq!(update(&admin, &zoe.user_id, json!({ "active": true })).await.status, 200);
    assert_eq!(server.caller().sign_in("zoe", PASSWORD).await.get("me").await.body["name"], "Gone");
}

/// A thousand times over, by each of the ways to take a role, as each meets the other.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_administrators_who_demote_each_other_a_thousand_times_one_is_always_left() {
    const ROUNDS: usize = 1_000;
    let server = TestServer::start().await;
    server.user("second").await;
    let first = server.elevated_admin().await;
    let roles = json!({ "roleId": "admin", "username": "second" });
    assert_eq!(first.post("roles.addUserToRole", &roles).await.status, 200);
    let second = elevated(&server.caller().sign_in("second", PASSWORD).await, PASSWORD).await;
    let administrators = [(first, ADMIN), (second, "second")];
    let mut refused_last = 0;
    for round in 0..ROUNDS {
        let demote = |by: usize, of: usize| {
            let (caller, (other, username)) = (administrators[by].0.clone(), &administrators[of]);
            let (path, body) = if (round >> by).is_multiple_of(2) {
                ("users.update", json!({ "userId": other.user_id, "data": { "roles": ["user"] } }))
            } else {
                ("roles.removeUserFromRole", json!({ "roleId": "admin", "username": username }))
            };
            tokio::spawn(async move { caller.post(path, &body).await })
        };
        let (one, two) = (demote(0, 1), demote(1, 0));
        let (one, two) = (one.await.unwrap(), two.await.unwrap());
        let says = |answer: &Answer| answer.body["error"].as_str().unwrap_or_default().to_owned();
        // The other is refused as the last one in the commit, or already at the door.
        refused_last += [&one, &two].iter().filter(|answer| says(answer).contains("admin")).count();
        let done = [one.status == 200, two.status == 200];
        let mut left = Vec::new();
        for (i, (_, username)) in administrators.iter().enumerate() {
            let which = WhichUser::Username(NameKey::of(username));
            let user = server.store.credential(which).await.unwrap().unwrap().user;
            if user.active && user.owner.roles.contains(Role::Admin) {
                left.push(i);
            }
        }
        assert_eq!(left.len(), 1, "round {round}: {one:?} {two:?}");
        assert_ne!(done[0], done[1], "round {round}: {one:?} {two:?}");
        assert!(done[left[0]], "who is left has demoted the other");
        let gone = administrators[1 - left[0]].1;
        let roles = json!({ "roleId": "admin", "username": gone });
        assert_eq!(administrators[left[0]].0.post("roles.addUserToRole", &roles).await.status, 200);
    }
    println!("{ROUNDS} rounds; {refused_last} times the commit refused the second, else the guard");
    assert!(refused_last > 0, "the commit was asked to leave nobody");
}
