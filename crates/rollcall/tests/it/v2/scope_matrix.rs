//! Every endpoint × every scope: a service token opens what its scope is for, and nothing else.

use super::refusal_matrix::least_body;
use super::service_tokens::{authorization, made};
use rollcall_auth::digest;
use rollcall_http::declarations_of;
use rollcall_http::endpoint::{Declaration, Method, Route, Version, Who};
use rollcall_model::command::{Asker, NewServiceToken};
use rollcall_model::{Command, Networks, Scopes, ServiceSecret};
use rollcall_testkit::{Answer, Caller, Socket, TestServer};
use serde_json::json;
use std::time::Duration;

/// What each scope opens. What is not here is closed to programs, new endpoints too.
const OPENED: [(&str, &[&str]); 4] = [
    (
        "view-device-management",
        &[
            "GET /api/v2/sessions",
            "GET /api/v2/sessions/export",
            "GET /api/v2/sessions/stream",
            "GET /api/v2/sessions/{id}",
            "GET /api/v2/users/{id}/sessions",
            "POST /api/v2/revocations/preview",
        ],
    ),
    (
        "logout-device-management",
        &["DELETE /api/v2/sessions/{id}", "POST /api/v2/revocations", "GET /api/v2/revocations/{id}"],
    ),
    ("view-audit", &["GET /api/v2/audit"]),
    ("introspect-tokens", &["POST /api/v2/introspect"]),
];

fn opened(scope: &str, route: Route) -> bool {
    let opened = OPENED.iter().find(|(known, _)| *known == scope).map_or(&[][..], |(_, routes)| routes);
    opened.contains(&&*format!("{} {}", route.method.as_str(), route.path))
}

/// A call that is well-formed, does nothing, and comes to its end: what is looked for is not there, and filters are none.
async fn call(caller: &Caller, endpoint: &Declaration, route: Route) -> Answer {
    let path = route.path.replace("{id}", "aaaaaaaaaaaaaaaaa").replace("{name}", "a");
    let mut request = caller.request(route.method.as_str(), &path);
    if endpoint.query.iter().any(|field| field.name == "q") {
        request = request.query(&[("q", "(")]);
    }
    if matches!(route.method, Method::Post | Method::Put) {
        request = request.json(&least_body(endpoint));
    }
    caller.send(request).await
}

/// A token without scopes; nobody can ask for one.
async fn of_no_scope(server: &TestServer) -> String {
    let admin = server.admin().await;
    let principal = server.service.authenticate(&digest::token(&admin.token)).await.unwrap().unwrap();
    let secret = ServiceSecret::random(&rollcall_auth::SystemRandomness);
    let new = NewServiceToken {
        by: Asker { user: principal.user(), token: principal.token() },
        secret: digest::token(secret.reveal()),
        name: "nothing".into(),
        scopes: Scopes::default(),
        networks: Networks::default(),
        expires_at: server.service.now() + Duration::from_mins(1),
    };
    server.service.carry_out(Command::MakeServiceToken(Box::new(new))).await.unwrap();
    secret.reveal().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_opens_its_endpoints_and_no_others() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    let mut tokens = vec![("none", authorization(&server, &of_no_scope(&server).await))];
    for scope in Scopes::ALL.iter().map(|permission| permission.as_str()) {
        tokens.push((scope, made(&server, &admin, json!({ "name": scope, "scopes": [scope] })).await));
    }
    let (mut open, mut closed) = (0, 0);
    for endpoint in declarations_of(Version::V2) {
        if endpoint.who != Who::SignedIn {
            continue;
        }
        for route in endpoint.routes {
            for (scope, caller) in &tokens {
                let (answer, expected) = (call(caller, &endpoint, *route).await, opened(scope, *route));
                let is_declared = endpoint.scopes().iter().any(|permission| permission.as_str() == *scope);
                assert_eq!(is_declared, expected, "{route:?} declares {scope}");
                if expected {
                    open += 1;
                    assert!(![401, 403].contains(&answer.status), "{scope} {route:?}: {answer:?}");
                } else {
                    closed += 1;
                    assert_eq!(answer.status, 403, "{scope} {route:?}: {answer:?}");
                    // It is no one who could prove anything.
                    let problem = answer.problem();
                    assert!(["not-permitted", "not-for-services"].contains(&problem), "{route:?}: {problem}");
                }
            }
        }
    }
    let all: usize = OPENED.iter().map(|(_, routes)| routes.len()).sum();
    assert_eq!(open, all, "each of them was asked");
    assert!(closed > 100, "{closed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn v1_and_sockets_know_no_service_tokens() {
    let server = TestServer::start().await;
    let admin = server.elevated_admin().await;
    let all: Vec<_> = Scopes::ALL.iter().map(|permission| permission.as_str()).collect();
    let bearer = made(&server, &admin, json!({ "name": "siem", "scopes": all })).await;
    let pair = server.caller().with_credentials(&admin.user_id, &bearer.token);
    let cookie = server.caller().with("cookie", &format!("rollcall={}", bearer.token));
    let mut asked = 0;
    for endpoint in declarations_of(Version::V1) {
        let over_http = endpoint.routes.iter().filter(|route| route.path.starts_with("/api/"));
        for route in over_http.filter(|_| endpoint.who == Who::SignedIn) {
            for caller in [&bearer, &pair] {
                let answer = caller.send(caller.request(route.method.as_str(), route.path)).await;
                assert_eq!(answer.status, 401, "{route:?}: {answer:?}");
                asked += 1;
            }
        }
    }
    assert!(asked > 30, "{asked}");
    for caller in [&pair, &cookie] {
        assert_eq!(
            caller.get_v2("sessions").await.status,
            401,
            "it is sent as a bearer's, and in no other way"
        );
    }
    let mut socket = Socket::connect(server.address).await;
    let refused = socket.call("login", json!([{ "resume": bearer.token }])).await;
    assert_eq!(refused["error"]["error"], 403, "{refused}");
    // A user's token does not become a program's.
    let as_bearer = server.caller().with("authorization", &format!("Bearer rcs_{}", admin.token));
    assert_eq!(as_bearer.get_v2("sessions").await.status, 401);
}
