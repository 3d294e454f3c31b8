//! Service tokens: made, rotated and revoked by who manages them; what programs do by them, from where, and until when.

use crate::nodes::{config, two_nodes};
use rollcall::config::Config;
use rollcall_http::client_address::TrustedProxies;
use rollcall_model::{Timestamp, limits};
use rollcall_testkit::{ADMIN, Answer, Caller, PASSWORD, TestServer};
use serde_json::{Value, json};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// A program that sends this secret.
pub fn authorization(server: &TestServer, secret: &str) -> Caller {
    let mut caller = server.caller().with("authorization", &format!("Bearer {secret}"));
    caller.token = secret.into();
    caller
}

async fn make(admin: &Caller, request: &Value) -> Answer {
    admin.with_code(PASSWORD).v2("POST", "service-tokens", Some(request)).await
}

/// A program that calls with a new token.
pub async fn made(server: &TestServer, admin: &Caller, request: Value) -> Caller {
    let made = make(admin, &request).await;
    assert_eq!(made.status, 201, "{made:?}");
    authorization(server, secret(&made))
}

fn secret(answer: &Answer) -> &str {
    answer.body["secret"].as_str().unwrap_or_else(|| panic!("{answer:?}"))
}

fn id(answer: &Answer) -> String {
    answer.body["id"].as_str().unwrap_or_else(|| panic!("{answer:?}")).into()
}

async fn rotate(admin: &Caller, id: &str, request: Value) -> Answer {
    admin.with_code(PASSWORD).v2("POST", &format!("service-tokens/{id}/rotate"), Some(&request)).await
}

async fn list(admin: &Caller) -> Vec<Value> {
    let answer = admin.get_v2("service-tokens").await;
    answer.body["items"].as_array().unwrap_or_else(|| panic!("{answer:?}")).clone()
}

/// What a program hears that reads sessions.
async fn reads(program: &Caller) -> u16 {
    program.get_v2("sessions").await.status
}

fn siem() -> Value {
    json!({ "name": "siem", "scopes": ["view-device-management"] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_token_is_shown_once_and_listed_without_its_secret() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    let now = server.service.now();
    let request = json!({ "name": " siem ", "scopes": ["view-audit", "view-device-management", "view-audit"],
        "networks": ["127.0.0.9/8", "2001:db8::1"], "expires_in": "30d" });
    let answer = make(&admin, &request).await;
    let secret = secret(&answer).to_owned();
    assert!(secret.len() == 47 && secret.starts_with("rcs_"), "{secret}");
    let mut shown = answer.body.clone();
    shown.as_object_mut().unwrap().remove("secret");
    let made_at = now.to_string();
    assert_eq!(
        shown,
        json!({
            "id": id(&answer),
            "name": "siem",
            "scopes": ["view-device-management", "view-audit"],
            "networks": ["127.0.0.0/8", "2001:db8::1/128"],
            "expires_at": (now + DAY * 30).to_string(),
            "previous_secret_until": null,
            "created_at": made_at,
            "created_by": { "id": admin.user_id, "username": ADMIN },
            "last_used_at": null,
        })
    );
    assert_eq!(list(&admin).await, [shown]);

    let program = authorization(&server, &secret);
    assert_eq!(reads(&program).await, 200);
    server.clock.advance(Duration::from_secs(7));
    assert_eq!(reads(&program).await, 200);
    let used_at = json!((now + Duration::from_secs(7)).to_string());
    assert_eq!(list(&admin).await[0]["last_used_at"], used_at, "before it is written down");
    server.pass(Duration::from_mins(2)).await;
    let kept = server.store.service_tokens().await.unwrap();
    assert_eq!(json!(kept[0].last_used_at.map(|at| at.to_string())), used_at, "and after it");
    let server = server.restart().await;
    assert_eq!(reads(&authorization(&server, &secret)).await, 200, "it is loaded at a start");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_kept_nowhere() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    let first = make(&admin, &siem()).await;
    let second = rotate(&admin, &id(&first), json!({})).await;
    for secret in [secret(&first), secret(&second)] {
        assert_eq!(reads(&authorization(&server, secret)).await, 200);
        // Refused, and so told to the ledger.
        assert_eq!(authorization(&server, secret).get_v2("me").await.status, 403);
    }
    server.pass(Duration::from_mins(2)).await;
    for (place, bytes) in server.kept().await {
        for secret in [secret(&first), secret(&second)] {
            assert!(!bytes.windows(20).any(|part| part == &secret.as_bytes()[4..24]), "{place}");
        }
    }
    for row in server.store.ledger(rollcall_model::Seq(0), 1_000).await.unwrap() {
        assert!(!format!("{row:?}").contains("rcs_"));
    }
    assert!(!format!("{:?}", server.store.service_tokens().await.unwrap()).contains("rcs_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_request_is_said() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    let with = |field: &str, value: Value| {
        let mut request = siem();
        request[field] = value;
        request
    };
    let at = |time: Duration| json!((server.service.now() + time).to_string());
    let many: Vec<_> = (0..=limits::SERVICE_NETWORKS).map(|n| format!("10.0.{n}.0/24")).collect();
    for (request, problem) in [
        (with("name", json!("")), "no-name"),
        (with("name", json!("  \t")), "no-name"),
        (with("name", json!("a\u{1b}[2J")), "no-name"),
        (with("name", json!("x".repeat(limits::SERVICE_NAME_CHARS + 1))), "not-as-declared"),
        (with("scopes", json!([])), "no-scope"),
        (with("scopes", json!(["view-audits"])), "bad-scope"),
        (with("scopes", json!(["manage-service-tokens"])), "bad-scope"),
        (with("scopes", json!("view-audit")), "not-as-declared"),
        (with("networks", json!(["10.0.0.0/33"])), "bad-network"),
        (with("networks", json!(["office"])), "bad-network"),
        (with("networks", json!(many)), "not-as-declared"),
        (with("expires_in", json!("soon")), "bad-time"),
        (with("expires_in", json!("0d")), "bad-expiry"),
        (with("expires_in", json!("366d")), "bad-expiry"),
        (with("expires_in", json!("400000000w")), "bad-time"),
        (with("expires_at", json!("tomorrow")), "bad-time"),
        (with("expires_at", at(Duration::ZERO)), "bad-expiry"),
        (with("expires_at", at(DAY * 366)), "bad-expiry"),
        (with("expires_at", json!("9999-12-31T23:59:59Z")), "bad-expiry"),
        (with("more", json!(1)), "not-as-declared"),
    ] {
        let answer = make(&admin, &request).await;
        assert_eq!((answer.status, answer.problem()), (400, problem), "{request}: {answer:?}");
    }
    let nearest = make(&admin, &with("scopes", json!(["view-audits"]))).await;
    assert_eq!(nearest.body["nearest"], "view-audit");
    let mut both = with("expires_in", json!("1d"));
    both["expires_at"] = at(DAY);
    assert_eq!(make(&admin, &both).await.problem(), "not-as-declared");
    assert!(list(&admin).await.is_empty());

    let token = make(&admin, &with("expires_at", at(DAY * 365))).await;
    assert_eq!(token.status, 201);
    let again = make(&admin, &siem()).await;
    assert_eq!((again.status, again.problem()), (409, "name-in-use"));
    for (request, problem) in [
        (json!({ "overlap": "8d" }), "bad-overlap"),
        (json!({ "overlap": "a while" }), "bad-time"),
        (json!({ "expires_in": "366d" }), "bad-expiry"),
    ] {
        let answer = rotate(&admin, &id(&token), request.clone()).await;
        assert_eq!((answer.status, answer.problem()), (400, problem), "{request}: {answer:?}");
    }
    for unknown in ["1", "99999999", "-1", "x", "aaaaaaaaaaaaaaaaa"] {
        for answer in [
            rotate(&admin, unknown, json!({})).await,
            admin.delete_v2(&format!("service-tokens/{unknown}")).await,
        ] {
            assert_eq!((answer.status, answer.problem()), (404, "no-such-token"), "{unknown}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn managing_them_takes_the_permission_and_a_code_each_time() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    assert_eq!(make(&zoe, &siem()).await.problem(), "not-permitted");
    let admin = server.elevated_admin().await;
    let remembered = admin.v2("POST", "service-tokens", Some(&siem())).await;
    assert_eq!(remembered.problem(), "step-up-required", "what is remembered is not enough");
    let token = make(&admin, &siem()).await;
    let path = format!("service-tokens/{}/rotate", id(&token));
    assert_eq!(admin.v2("POST", &path, Some(&json!({}))).await.problem(), "step-up-required");
    // A program manages none, whatever its scopes.
    let all = json!({ "name": "all", "scopes": ["view-device-management", "logout-device-management",
        "view-audit", "introspect-tokens"] });
    let program = made(&server, &admin, all).await;
    for (method, path) in [("GET", "service-tokens"), ("POST", "service-tokens"), ("POST", &*path)] {
        let answer = program.v2(method, path, Some(&siem())).await;
        assert_eq!((answer.status, answer.problem()), (403, "not-for-services"), "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_secrets_are_good_until_the_overlap_is_over() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    let first = make(&admin, &siem()).await;
    let second = rotate(&admin, &id(&first), json!({ "overlap": "2h" })).await;
    assert_eq!((second.status, id(&second)), (200, id(&first)), "{second:?}");
    let [old, new] = [&first, &second].map(|answer| authorization(&server, secret(answer)));
    let until = (server.service.now() + Duration::from_hours(2)).to_string();
    assert_eq!(list(&admin).await[0]["previous_secret_until"], until);
    server.clock.advance(Duration::from_hours(2) - Duration::from_millis(1));
    assert_eq!([reads(&old).await, reads(&new).await], [200, 200]);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!([reads(&old).await, reads(&new).await], [401, 200]);

    // Without an overlap the old one is dead at once; what an overlap of before spared, with the next rotation.
    let admin = server.elevated_admin().await;
    assert_eq!(list(&admin).await[0]["previous_secret_until"], Value::Null);
    let third = rotate(&admin, &id(&first), json!({})).await;
    let fourth = rotate(&admin, &id(&first), json!({ "overlap": "0m" })).await;
    let [third, fourth] = [&third, &fourth].map(|answer| authorization(&server, secret(answer)));
    assert_eq!([reads(&new).await, reads(&third).await, reads(&fourth).await], [401, 401, 200]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_expires_and_a_rotation_can_give_it_more_time() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    let token = make(&admin, &siem()).await;
    let program = authorization(&server, secret(&token));
    server.clock.advance(limits::SERVICE_LIFE.checked_sub(Duration::from_millis(1)).unwrap());
    assert_eq!(reads(&program).await, 200);
    server.clock.advance(Duration::from_millis(1));
    let expired = program.get_v2("sessions").await;
    assert_eq!((expired.status, expired.problem()), (401, "not-signed-in"));
    let admin = server.elevated_admin().await;
    assert_eq!(list(&admin).await.len(), 1, "it is listed until it is revoked");
    let refused = rotate(&admin, &id(&token), json!({})).await;
    assert_eq!((refused.status, refused.problem()), (409, "service-token-expired"));
    let rotated = rotate(&admin, &id(&token), json!({ "expires_in": "1d" })).await;
    assert_eq!(reads(&authorization(&server, secret(&rotated))).await, 200);
    assert_eq!(reads(&program).await, 401, "what had expired is not good again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_from_its_networks_by_what_trusted_proxies_say() {
    let mut config = Config::default();
    config.wire.proxies = TrustedProxies::new(vec!["127.0.0.1/32".parse().unwrap()]);
    config.wire.rate_calls = 1_000_000;
    let server = TestServer::with(config).await;
    let admin = server.elevated_admin().await;
    let mut request = siem();
    request["networks"] = json!(["192.0.2.0/24", "2001:db8::/32"]);
    let program = made(&server, &admin, request).await;
    let from = |ip: &str| program.with("x-forwarded-for", ip);
    for ip in ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::9", "198.51.100.1, 192.0.2.7"] {
        assert_eq!(reads(&from(ip)).await, 200, "{ip}");
    }
    for ip in ["192.0.3.7", "::ffff:192.0.3.7", "2001:db9::9", "192.0.2.7, 198.51.100.1", "nonsense"] {
        let refused = from(ip).get_v2("sessions").await;
        assert_eq!((refused.status, refused.problem()), (403, "network-not-allowed"), "{ip}");
    }
    let refused = from("203.0.113.9").get_v2("sessions").await;
    assert!(refused.body["detail"].as_str().unwrap().contains("203.0.113.9"), "{refused:?}");
    // Before anything else is said of what it may.
    assert_eq!(from("203.0.113.9").get_v2("me").await.problem(), "network-not-allowed");
    server.pass(Duration::from_mins(2)).await;
    let audit = server.elevated_admin().await.get_v2("audit?q=actor:siem%20outcome:refused").await;
    let items = audit.body["items"].as_array().unwrap();
    let of_address = items.iter().find(|item| item["detail"]["from"] == "203.0.113.9").unwrap();
    assert_eq!(of_address["detail"]["reason"], "network-not-allowed");
    assert_eq!(of_address["actor"]["service"]["name"], "siem");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_program_does_is_told_with_its_token() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let session = zoe.session_id().await;
    let admin = server.elevated_admin().await;
    let answer = make(&admin, &json!({ "name": "soar", "scopes": ["logout-device-management"] })).await;
    let program = authorization(&server, secret(&answer));
    assert_eq!(program.delete_v2(&format!("sessions/{session}")).await.status, 204);
    assert_eq!(zoe.get_v2("me").await.status, 401);
    assert_eq!(program.get_v2("sessions").await.status, 403);
    server.pass(Duration::from_mins(2)).await;
    let admin = server.elevated_admin().await;
    assert_eq!(admin.delete_v2(&format!("service-tokens/{}", id(&answer))).await.status, 204);

    // Its name outlives it.
    let actor = json!({ "service": { "id": id(&answer), "name": "soar" } });
    for q in ["actor:soar".to_owned(), format!("actor:{}", id(&answer))] {
        let audit = admin.get_v2(&format!("audit?q={q}")).await;
        let items = audit.body["items"].as_array().unwrap();
        let kinds: Vec<_> = items.iter().map(|item| item["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["request.refused", "session.ended"], "{q}");
        assert!(items.iter().all(|item| item["actor"] == actor), "{items:?}");
        assert_eq!(items[0]["detail"]["from"], "127.0.0.1", "of a program it is told from where it came");
    }
    let made = admin.get_v2("audit?q=kind:service-token.*").await;
    let kinds: Vec<_> = made.body["items"].as_array().unwrap().iter().map(|item| &item["kind"]).collect();
    assert_eq!(kinds, ["service-token.revoked", "service-token.made"]);
    assert_eq!(made.body["items"][0]["detail"], json!({ "id": id(&answer), "name": "soar" }));
    let history = admin.get_v2(&format!("sessions/{session}")).await;
    assert_eq!(history.body["history"][1]["actor"], actor);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_revokes_by_a_filter_what_it_froze_and_is_asked_for_no_code() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let admin = server.elevated_admin().await;
    let both = ["view-device-management", "logout-device-management"];
    let soar = made(&server, &admin, json!({ "name": "soar", "scopes": both })).await;
    let other = made(&server, &admin, json!({ "name": "other", "scopes": both })).await;
    let frozen = soar.v2("POST", "revocations/preview", Some(&json!({ "q": "user:zoe" }))).await;
    assert_eq!((&frozen.body["count"], &frozen.body["includes_current"]), (&json!(1), &json!(false)));
    let request =
        json!({ "preview": frozen.body["preview"], "digest": frozen.body["digest"], "reason": "lost" });
    let refused = other.v2("POST", "revocations", Some(&request)).await;
    assert_eq!(refused.problem(), "preview-of-another");
    assert_eq!(
        admin.with_code(PASSWORD).v2("POST", "revocations", Some(&request)).await.problem(),
        "preview-of-another"
    );
    let receipt = soar.v2("POST", "revocations", Some(&request)).await;
    assert_eq!((receipt.status, &receipt.body["ended"]), (200, &json!(1)), "{receipt:?}");
    assert_eq!(zoe.get_v2("me").await.status, 401);
    let audit = admin.get_v2("audit?q=actor:soar%20kind:revocation.*").await;
    assert_eq!(audit.body["items"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_counted_by_itself() {
    let mut config = Config::default();
    (config.wire.rate_calls, config.wire.principal_calls) = (1_000_000, 5);
    let server = TestServer::with(config).await;
    let admin = server.admin().await;
    let one = made(&server, &admin, json!({ "name": "one", "scopes": ["view-audit"] })).await;
    let two = made(&server, &admin, json!({ "name": "two", "scopes": ["view-audit"] })).await;
    for _ in 0..5 {
        assert_eq!(one.get_v2("audit").await.status, 200);
    }
    assert_eq!(one.get_v2("audit").await.status, 429);
    assert_eq!(two.get_v2("audit").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_dead_at_once_and_its_stream_says_nothing_more() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    let answer = make(&admin, &siem()).await;
    let program = authorization(&server, secret(&answer));
    let mut stream = program.stream("sessions/stream").await;
    stream.expect("ready").await;
    assert_eq!(admin.delete_v2(&format!("service-tokens/{}", id(&answer))).await.status, 204);
    assert_eq!(reads(&program).await, 401);
    assert!(list(&admin).await.is_empty());
    let again = admin.delete_v2(&format!("service-tokens/{}", id(&answer))).await;
    assert_eq!(again.problem(), "no-such-token");
    // Something happens that it would have heard of.
    server.user("zoe").await;
    assert_eq!(stream.expect("closed").await.data["reason"], "not-permitted");
    assert_eq!(stream.next().await, None);
    assert_eq!(make(&admin, &siem()).await.status, 201, "the name is free again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_outlives_who_made_it() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    server.user("zoe").await;
    let role = json!({ "roleId": "admin", "username": "zoe" });
    assert_eq!(admin.post("roles.addUserToRole", &role).await.status, 200);
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let program = made(&server, &zoe, siem()).await;
    let deactivate = json!({ "userId": zoe.user_id, "activeStatus": false, "confirmRelinquish": true });
    assert_eq!(admin.post("users.setActiveStatus", &deactivate).await.status, 200);
    assert_eq!([zoe.get_v2("me").await.status, reads(&program).await], [401, 200]);
    let admin = server.elevated_admin().await;
    assert_eq!(list(&admin).await[0]["created_by"]["username"], "zoe");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_says_of_another_whose_it_is_and_of_nothing_else_more_than_that_it_is_not_good() {
    let server = TestServer::start().await;
    let zoe_id = server.user("zoe").await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let admin = server.elevated_admin().await;
    let gate = made(&server, &admin, json!({ "name": "gate", "scopes": ["introspect-tokens"] })).await;
    let introspect = async |token: &str| {
        let answer = gate.v2("POST", "introspect", Some(&json!({ "token": token }))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    };
    let good = introspect(&zoe.token).await;
    let expires_at = good["expires_at"].as_str().and_then(Timestamp::parse).unwrap();
    assert!(expires_at > server.service.now());
    assert_eq!(
        good,
        json!({ "active": true, "user_id": zoe_id, "username": "zoe", "name": "Name of zoe", "roles": ["user"],
            "session_id": zoe.session_id().await, "expires_at": good["expires_at"] })
    );
    let none = json!({ "active": false });
    for token in ["", "x", &gate.token, &zoe.token[1..]] {
        assert_eq!(introspect(token).await, none, "{token}");
    }
    assert_eq!(zoe.post("logout", &json!({})).await.status, 200);
    assert_eq!(introspect(&zoe.token).await, none);
    // Who lacks the permission hears nothing of it.
    server.user("adam").await;
    let adam = server.caller().sign_in("adam", PASSWORD).await;
    let refused = adam.v2("POST", "introspect", Some(&json!({ "token": admin.token }))).await;
    assert_eq!(refused.problem(), "not-permitted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_on_all_nodes_and_ends_on_all() {
    let [one, other] = two_nodes(config()).await;
    let admin = one.elevated_admin().await;
    let first = make(&admin, &siem()).await;
    let elsewhere = authorization(&other, secret(&first));
    assert_eq!(reads(&elsewhere).await, 200, "a secret that a node does not know is asked for");
    let second = rotate(&admin, &id(&first), json!({ "overlap": "0m" })).await;
    let new = authorization(&other, secret(&second));
    assert_eq!([reads(&new).await, reads(&elsewhere).await], [200, 401]);
    assert_eq!(admin.delete_v2(&format!("service-tokens/{}", id(&first))).await.status, 204);
    other.catch_up().await;
    assert_eq!(reads(&new).await, 401);
}
