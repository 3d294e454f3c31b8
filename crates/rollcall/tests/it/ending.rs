//! Ending sessions: the token is dead at the next call, the row gone, and it happens once.

use rollcall_testkit::{PASSWORD, TestServer};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_token_is_refused_on_the_next_call() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let admin = server.elevated_admin().await;
    let (one, two) =
        (server.caller().sign_in("zoe", PASSWORD).await, server.caller().sign_in("zoe", PASSWORD).await);
    let id = one.session_id().await;
    let answer = admin.post("sessions/logout", &json!({ "sessionId": id })).await;
    assert_eq!((answer.status, answer.body), (200, json!({ "sessionId": id, "success": true })));
    assert_eq!(one.get("me").await.status, 401);
    assert_eq!(two.get("me").await.status, 200);
    assert!(!admin.get("sessions/list.all").await.ids().contains(&id));
    let again = admin.post("sessions/logout", &json!({ "sessionId": id })).await;
    assert_eq!(
        (again.status, again.text.as_str()),
        (404, r#"{"success":false,"error":"Session not found"}"#)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_ends_its_own_sessions_and_no_others() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let admin = server.admin().await;
    let (one, two) =
        (server.caller().sign_in("zoe", PASSWORD).await, server.caller().sign_in("zoe", PASSWORD).await);
    let (one_id, two_id) = (one.session_id().await, two.session_id().await);
    let strangers = one.post("sessions/logout.me", &json!({ "sessionId": admin.session_id().await })).await;
    assert_eq!(strangers.status, 404);
    assert_eq!(admin.get("me").await.status, 200);
    assert_eq!(one.post("sessions/logout.me", &json!({ "sessionId": two_id })).await.status, 200);
    assert_eq!(two.get("me").await.status, 401);
    assert_eq!(one.post("sessions/logout.me", &json!({ "sessionId": two_id })).await.status, 404);
    // The calling one, too.
    assert_eq!(one.post("sessions/logout.me", &json!({ "sessionId": one_id })).await.status, 200);
    assert_eq!(one.get("me").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_end_one_session_at_once_one_does() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let admin = server.elevated_admin().await;
    let id = server.caller().sign_in("zoe", PASSWORD).await.session_id().await;
    let mut ending = Vec::new();
    for _ in 0..20 {
        let (admin, id) = (admin.clone(), id.clone());
        ending.push(tokio::spawn(async move {
            admin.post("sessions/logout", &json!({ "sessionId": id })).await.status
        }));
    }
    let mut statuses = Vec::new();
    for task in ending {
        statuses.push(task.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (200, &[404; 19][..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ending_is_a_chained_event_with_reason_and_actor() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let admin = server.elevated_admin().await;
    let id = server.caller().sign_in("zoe", PASSWORD).await.session_id().await;
    admin.post("sessions/logout", &json!({ "sessionId": id })).await;
    let ledger = server.store.ledger(rollcall_model::Seq(0), 1_000).await.unwrap();
    let ended = ledger.last().unwrap();
    let opened = ledger.iter().rfind(|row| row.envelope.kind == 4).unwrap();
    assert_eq!(ended.envelope.session.unwrap().0, opened.envelope.seq.0, "a session is known by its opening");
    assert_eq!(ended.envelope.subject, opened.envelope.subject);
    assert_ne!(ended.envelope.actor, opened.envelope.actor);
    let detail: serde_json::Value = serde_json::from_slice(&ended.detail.as_ref().unwrap()[16..]).unwrap();
    assert_eq!(detail, json!({ "id": id, "reason": "ended-by-administrator" }));
    assert!(server.store.verify().await.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_and_refusals_are_told_to_the_ledger_once_a_window() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    for _ in 0..3 {
        admin.get("sessions/list.all?filter=chrome").await;
        server.caller().get("me").await;
    }
    server.service.do_what_is_due().await;
    server.pass(std::time::Duration::from_mins(1)).await;
    let ledger = server.store.ledger(rollcall_model::Seq(0), 1_000).await.unwrap();
    let mut told: Vec<String> = ledger
        .iter()
        .filter(|row| row.envelope.kind >= 7)
        .map(|row| String::from_utf8_lossy(&row.detail.as_ref().unwrap()[16..]).into_owned())
        .filter(|detail| detail.contains("chrome") || detail.contains("not-signed-in"))
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            r#"{"endpoint":"/api/v1/me","from":"127.0.0.1","reason":"not-signed-in","times":1}"#,
            r#"{"endpoint":"/api/v1/me","from":"127.0.0.1","reason":"not-signed-in","times":2}"#,
            r#"{"endpoint":"/api/v1/sessions/list.all","filter":"chrome","times":1}"#,
            r#"{"endpoint":"/api/v1/sessions/list.all","filter":"chrome","times":2}"#,
        ]
        .map(str::to_owned)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_sessions_or_all_others_end_at_once() {
    let server = TestServer::start().await;
    let id = server.user("zoe").await;
    let (admin, elevated) = (server.admin().await, server.elevated_admin().await);
    let sign_in = async || server.caller().sign_in("zoe", PASSWORD).await;
    let (first, second, third) = (sign_in().await, sign_in().await, sign_in().await);
    let kept = first.post("users.logoutOtherClients", &json!({})).await;
    assert_eq!((kept.status, kept.body["token"].as_str()), (200, Some(&*first.token)));
    assert!(kept.body["tokenExpires"].is_string());
    assert_eq!(first.get("me").await.status, 200);
    for ended in [&second, &third] {
        assert_eq!(ended.get("me").await.status, 401);
    }
    let fourth = sign_in().await;
    let removed = fourth.post("users.removeOtherTokens", &json!({})).await;
    assert_eq!(removed.body, json!({ "success": true }));
    assert_eq!((first.get("me").await.status, fourth.get("me").await.status), (401, 200));

    // One's own sessions without a right, another's with one.
    let other = json!({ "userId": admin.user_id });
    let refused = fourth.post("users.logout", &other).await;
    assert_eq!((refused.status, &refused.body["error"]), (403, &json!("unauthorized")));
    let out = fourth.post("users.logout", &json!({})).await;
    assert_eq!(out.body["message"], format!("User {id} has been logged out!"));
    assert_eq!(fourth.get("me").await.status, 401);
    let fifth = sign_in().await;
    assert_eq!(admin.post("users.logout", &json!({ "userId": id })).await.status, 200);
    assert_eq!(fifth.get("me").await.status, 401);
    assert_eq!(elevated.get("sessions/list.all?filter=zoe").await.body["total"], 0);
    for nobody in ["aaaaaaaaaaaaaaaaa", "x"] {
        let answer = admin.post("users.logout", &json!({ "userId": nobody })).await;
        assert_eq!((answer.status, &answer.body["errorType"]), (400, &json!("error-invalid-user-id")));
    }
}
