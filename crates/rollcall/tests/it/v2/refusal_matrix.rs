//! Every endpoint of v2 with all its faults at once, healed from the front: each stage answers in its turn, as a problem
//! document. Which faults there are is derived from the declarations.

use rollcall::config::Config;
use rollcall_http::declarations_of;
use rollcall_http::endpoint::{Declaration, Method, Rate, Route, Version, Who};
use rollcall_http::input::{Field, Kind, Unknown};
use rollcall_testkit::{Answer, Caller, PASSWORD, TestServer};
use serde_json::{Value, json};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Credentials,
    Permission,
    Query,
    Body,
    Rate,
    StepUp,
}

impl Stage {
    /// The status and the problem.
    const fn refusal(self) -> (u16, &'static str) {
        match self {
            Self::Credentials => (401, "not-signed-in"),
            Self::Permission => (403, "not-permitted"),
            Self::Query | Self::Body => (400, "not-as-declared"),
            Self::Rate => (429, "too-many-requests"),
            Self::StepUp => (403, "step-up-required"),
        }
    }
}

fn stages(endpoint: &Declaration, route: Route) -> Vec<Stage> {
    let takes_body = matches!(route.method, Method::Post | Method::Put);
    let faults = [
        (endpoint.who == Who::SignedIn, Stage::Credentials),
        (endpoint.needs.permissions().is_some(), Stage::Permission),
        (endpoint.query_unknown == Unknown::Refused, Stage::Query),
        (takes_body && endpoint.body_unknown == Unknown::Refused, Stage::Body),
        (endpoint.rate == Rate::Principal && endpoint.who == Who::SignedIn, Stage::Rate),
        (endpoint.step_up.asks_first(), Stage::StepUp),
    ];
    faults.into_iter().filter_map(|(is_one, stage)| is_one.then_some(stage)).collect()
}

struct Scene {
    server: TestServer,
    admin: Caller,
    plain: Caller,
    /// Calls are counted by user: this one has called as often as it may.
    spent: Caller,
}

async fn scene() -> Scene {
    let mut config = Config::default();
    (config.wire.principal_calls, config.wire.rate_calls) = (1, 1_000_000);
    let server = TestServer::with(config).await;
    server.user("plain").await;
    let admin = server.admin().await;
    let made = json!({ "username": "spent", "name": "spent", "email": "spent@example.test", "password": PASSWORD,
        "roles": ["admin"], "verified": true });
    assert_eq!(admin.post("users.create", &made).await.status, 200);
    let plain = server.caller().sign_in("plain", PASSWORD).await;
    let spent = server.caller().sign_in("spent", PASSWORD).await;
    Scene { server, admin, plain, spent }
}

/// A body with nothing in it but what has to be there.
pub fn least_body(endpoint: &Declaration) -> Value {
    let value = |field: &Field| match field.kind {
        Kind::Text(_) => json!(""),
        Kind::List => json!([]),
        other => panic!("say what `{}` can be: {other:?}", field.name),
    };
    let fields = endpoint.body.iter().filter(|field| field.required);
    Value::Object(fields.map(|field| (field.name.to_owned(), value(field))).collect())
}

async fn ask(scene: &Scene, endpoint: &Declaration, route: Route, faults: &[Stage]) -> Answer {
    let has = |stage| faults.contains(&stage);
    scene.server.clock.advance(Duration::from_secs(61));
    assert_ne!(scene.spent.get_v2("me").await.status, 429);
    let caller = match () {
        () if has(Stage::Credentials) => scene.server.caller(),
        () if has(Stage::Permission) => scene.plain.clone(),
        () if has(Stage::Rate) => scene.spent.clone(),
        () => scene.admin.clone(),
    };
    let path = route.path.replace("{id}", "aaaaaaaaaaaaaaaaa");
    let mut request = caller.request(route.method.as_str(), &path);
    if has(Stage::Query) {
        request = request.query(&[("nope", "1")]);
    }
    if has(Stage::Body) {
        request = request.json(&json!({ "nope": 1 }));
    } else if endpoint.body.iter().any(|field| field.required) {
        request = request.json(&least_body(endpoint));
    }
    caller.send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_stage_refuses_in_its_turn_with_a_problem_document() {
    let scene = scene().await;
    let mut asked = 0;
    for endpoint in declarations_of(Version::V2) {
        for route in endpoint.routes {
            let all = stages(&endpoint, *route);
            for healed in 0..all.len() {
                let answer = ask(&scene, &endpoint, *route, &all[healed..]).await;
                let (status, problem) = all[healed].refusal();
                assert_eq!((answer.status, answer.problem()), (status, problem), "{route:?}: {answer:?}");
                assert_eq!(answer.body["status"], status);
                assert!(answer.body["title"].is_string() && answer.body["detail"].is_string());
                asked += 1;
            }
        }
    }
    assert!(asked > 15, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_a_problem_too() {
    let server = TestServer::start().await;
    let caller = server.caller();
    let nothing = caller.get_v2("nothing").await;
    assert_eq!((nothing.status, nothing.problem()), (404, "no-such-path"));
    let method = caller.v2("PUT", "me", None).await;
    assert_eq!(
        (method.status, method.problem(), method.header("allow")),
        (405, "no-such-method", "GET,HEAD")
    );
}
