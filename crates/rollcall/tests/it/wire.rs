//! Answers as they go over the wire: a difference is a decision about compatibility.

use rollcall_testkit::{ADMIN, Answer, PASSWORD, TestServer, sha256};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Status, headers and body, with what differs each time made equal.
fn shown(answer: &Answer) -> Value {
    let headers: BTreeMap<_, _> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id", "content-length"].contains(&name.as_str()))
        .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()))
        .collect();
    let mut body = answer.body.clone();
    redact(&mut body);
    json!({ "status": answer.status, "headers": headers, "body": body })
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match name.as_str() {
                    "_id" | "sessionId" | "userId" => *field = json!("«id»"),
                    "lastTokenPart" => *field = json!("«part»"),
                    "token" | "authToken" => *field = json!("«token»"),
                    "host" | "avatarUrl" => *field = json!("«host»"),
                    "searchTerm" => *field = json!("«text»"),
                    _ => redact(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_as_they_were() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let login = server.caller().post("login", &json!({ "user": "zoe", "password": PASSWORD })).await;
    let text = |name: &str| login.body["data"][name].as_str().unwrap().to_owned();
    let zoe = server.caller().with_credentials(&text("userId"), &text("authToken"));
    let admin = server.admin().await;
    let id = zoe.session_id().await;
    let mut answers = vec![
        ("login", login),
        ("me", zoe.get("me").await),
        ("info, plain", zoe.get("info").await),
        ("info, administrator", admin.get("info").await),
        ("sessions/list", zoe.get("sessions/list").await),
        ("sessions/info", zoe.get(&format!("sessions/info?sessionId={id}")).await),
        ("list.all without a code", admin.get("sessions/list.all").await),
        ("list.all, wrong code", admin.with("x-2fa-code", &sha256("wrong")).get("sessions/list.all").await),
        ("list.all", admin.with_code(PASSWORD).get("sessions/list.all?filter=name+of+zoe").await),
        ("info.admin", admin.get(&format!("sessions/info.admin?sessionId={id}")).await),
        ("no permission", zoe.get("sessions/list.all").await),
        ("no credentials", server.caller().get("me").await),
        ("no such path", server.caller().get("nope").await),
        ("no such method", server.caller().post("me", &json!({})).await),
        ("unknown parameter", admin.get("sessions/list.all?query={}").await),
        ("bad sort", admin.get("sessions/list.all?sort=x").await),
        ("bad sort key", admin.get("sessions/list.all?sort={\"userId\":1}").await),
        ("preflight", {
            let request =
                server.caller().request("OPTIONS", "/api/v1/me").header("origin", "http://evil.test");
            server.caller().send(request).await
        }),
        ("users.list, plain", zoe.get("users.list").await),
        ("users.list", admin.get("users.list?email=zoe@example.test").await),
        ("users.info, plain", zoe.get(&format!("users.info?username={ADMIN}")).await),
        ("users.info", admin.get("users.info?username=zoe").await),
        ("users.info, nobody", admin.get("users.info?username=nobody").await),
        ("2fa:checkCodesRemaining", zoe.call("2fa:checkCodesRemaining", &[]).await.0),
        ("2fa:regenerateCodes, refused", zoe.call("2fa:regenerateCodes", &[json!("123456")]).await.0),
        ("no such call", zoe.call("nope", &[]).await.0),
        ("no call", zoe.post("method.call/2fa:enable", &json!({ "message": "x" })).await),
        ("roles.list", zoe.get("roles.list").await),
        (
            "roles.addUserToRole",
            admin.post("roles.addUserToRole", &json!({ "roleId": "bot", "username": "zoe" })).await,
        ),
        ("roles.removeUserFromRole", {
            admin.post("roles.removeUserFromRole", &json!({ "roleId": "bot", "username": "zoe" })).await
        }),
        ("permissions.listAll", zoe.get("permissions.listAll?updatedSince=2026-01-05T09:00:00.000Z").await),
        ("permissions.update", {
            let change = json!({ "permissions": [{ "_id": "nope", "roles": [] }] });
            admin.post("permissions.update", &change).await
        }),
        ("users.logout, not permitted", {
            zoe.post("users.logout", &json!({ "userId": "aaaaaaaaaaaaaaaaa" })).await
        }),
        ("enableEmail, not verified", zoe.post("users.2fa.enableEmail", &json!({})).await),
        ("sendEmailCode, nobody named", server.caller().post("users.2fa.sendEmailCode", &json!({})).await),
        ("disableEmail without a code", zoe.post("users.2fa.disableEmail", &json!({})).await),
        ("users.removeOtherTokens", zoe.post("users.removeOtherTokens", &json!({})).await),
        ("users.setActiveStatus, nobody", {
            let body = json!({ "userId": "aaaaaaaaaaaaaaaaa", "activeStatus": true });
            admin.post("users.setActiveStatus", &body).await
        }),
        ("sessions/logout", admin.post("sessions/logout", &json!({ "sessionId": id })).await),
        ("not found", admin.post("sessions/logout", &json!({ "sessionId": id })).await),
        ("missing parameter", admin.post("sessions/logout", &json!({})).await),
        ("last administrator", admin.post("users.delete", &json!({ "username": ADMIN })).await),
        ("logout", admin.post("logout", &json!({})).await),
    ];
    let shown: Vec<_> = answers.drain(..).map(|(what, answer)| json!({ what: shown(&answer) })).collect();
    insta::assert_json_snapshot!(shown);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_about_changes_of_users_and_their_tokens_are_as_they_were() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let admin = server.elevated_admin().await;
    let mut answers = vec![
        ("users.update without a code", {
            zoe.post("users.update", &json!({ "userId": zoe.user_id, "data": {} })).await
        }),
        ("users.update", {
            let data = json!({ "name": "Zoë", "bio": "b", "customFields": { "a": 1 }, "verified": true });
            admin.post("users.update", &json!({ "userId": zoe.user_id, "data": data })).await
        }),
        ("users.update, not permitted", {
            zoe.post("users.update", &json!({ "userId": admin.user_id, "data": {} })).await
        }),
        ("users.update, own verification", {
            zoe.post("users.update", &json!({ "userId": zoe.user_id, "data": { "verified": true } })).await
        }),
        ("users.update, a field of another type", {
            zoe.post("users.update", &json!({ "userId": zoe.user_id, "data": { "name": null } })).await
        }),
        ("users.update, nobody", { admin.post("users.update", &json!({ "userId": "x", "data": {} })).await }),
        ("users.update, a name in use", {
            let body = json!({ "userId": zoe.user_id, "data": { "username": ADMIN } });
            admin.post("users.update", &body).await
        }),
        ("users.update, the last administrator", {
            let body = json!({ "userId": admin.user_id, "data": { "roles": ["user"] } });
            admin.post("users.update", &body).await
        }),
        ("users.generatePersonalAccessToken", {
            let body = json!({ "tokenName": "ci", "bypassTwoFactor": true });
            admin.post("users.generatePersonalAccessToken", &body).await
        }),
        ("users.generatePersonalAccessToken, the name again", {
            admin.post("users.generatePersonalAccessToken", &json!({ "tokenName": "ci" })).await
        }),
        ("users.generatePersonalAccessToken, no name", {
            admin.post("users.generatePersonalAccessToken", &json!({})).await
        }),
        ("users.getPersonalAccessTokens", admin.get("users.getPersonalAccessTokens").await),
        ("users.removePersonalAccessToken", {
            admin.post("users.removePersonalAccessToken", &json!({ "tokenName": "ci" })).await
        }),
        ("users.removePersonalAccessToken, unknown", {
            admin.post("users.removePersonalAccessToken", &json!({ "tokenName": "ci" })).await
        }),
    ];
    let shown: Vec<_> = answers.drain(..).map(|(what, answer)| json!({ what: shown(&answer) })).collect();
    insta::assert_json_snapshot!(shown);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_about_codes_by_mail_are_as_they_were() {
    let server = TestServer::start().await;
    server.user_with("zoe", true).await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let sign_in = async |code: &str| {
        let body = json!({ "user": "zoe", "password": PASSWORD, "code": code });
        server.caller().post("login", &body).await
    };
    let send = json!({ "emailOrUsername": "zoe" });
    let disable = "users.2fa.disableEmail";
    let mut answers = vec![
        ("enableEmail", zoe.post("users.2fa.enableEmail", &json!({})).await),
        ("me", zoe.get("me").await),
        ("without a code", zoe.post(disable, &json!({})).await),
        ("wrong code", zoe.with_mailed("12345").post(disable, &json!({})).await),
        ("sendEmailCode", server.caller().post("users.2fa.sendEmailCode", &send).await),
        ("login without a code", sign_in("").await),
        ("login with a wrong code", sign_in("12345").await),
    ];
    for _ in 0..3 {
        sign_in("12345").await;
    }
    answers.push(("login, too many wrong codes", sign_in("12345").await));
    answers.push(("too many wrong codes", zoe.with_mailed("12345").post(disable, &json!({})).await));
    server.pass(std::time::Duration::from_mins(5)).await;
    let code = server.mailed_code("zoe").await;
    answers.push(("disableEmail", zoe.with_mailed(&code).post(disable, &json!({})).await));
    let shown: Vec<_> = answers.drain(..).map(|(what, answer)| json!({ what: shown(&answer) })).collect();
    insta::assert_json_snapshot!(shown);
}
