//! The refusal matrix on sockets: every method, with every fault at once, healed from the front. What faults a
//! method can have is told by its declaration, as in the matrix over HTTP; their order is the guard's.

use crate::refusal_matrix::{Scene, next_window, own_fault, scene, value};
use rollcall_http::declarations_of;
use rollcall_http::endpoint::{Declaration, Rate, Route, Version, Who};
use rollcall_http::input::{Kind, Unknown};
use rollcall_testkit::{ADMIN, PASSWORD, Socket};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    NotSignedIn,
    Type,
    TooOften,
    Own,
}

fn faults(endpoint: &Declaration) -> Vec<Fault> {
    let looked_at = !endpoint.body.is_empty() && endpoint.body_unknown != Unknown::IgnoredWithFaults;
    let mut faults = Vec::new();
    faults.extend((endpoint.who == Who::SignedIn).then_some(Fault::NotSignedIn));
    faults.extend(looked_at.then_some(Fault::Type));
    faults.extend((endpoint.rate == Rate::SignIn).then_some(Fault::TooOften));
    faults.extend((signs_in(endpoint) || own_fault(endpoint).is_some()).then_some(Fault::Own));
    faults
}

fn signs_in(endpoint: &Declaration) -> bool {
    endpoint.rate == Rate::SignIn
}

async fn call(scene: &Scene, endpoint: &Declaration, route: Route, faults: &[Fault]) -> Value {
    let has = |fault| faults.contains(&fault);
    let mut socket = Socket::connect(scene.server.address).await;
    if endpoint.who != Who::Anyone && !has(Fault::NotSignedIn) {
        socket.resume(&scene.plain.token).await;
    }
    let params: Vec<_> = if signs_in(endpoint) {
        let password = if has(Fault::Own) { "wrong" } else { PASSWORD };
        vec![json!({ "user": { "username": ADMIN }, "password": password })]
    } else {
        let given = |name| value(endpoint, name, !has(Fault::Own), scene);
        endpoint.body.iter().filter_map(|field| given(field.name)).collect()
    };
    let params = if has(Fault::Type) {
        assert!(endpoint.body.iter().all(|field| matches!(field.kind, Kind::Text(_))));
        vec![json!({}); params.len()]
    } else {
        params
    };
    socket.call(route.path, json!(params)).await
}

fn wanted(fault: Fault, endpoint: &Declaration) -> Value {
    match fault {
        Fault::NotSignedIn => json!("not-authorized"),
        Fault::Type => json!(400),
        Fault::TooOften => json!("too-many-requests"),
        Fault::Own if signs_in(endpoint) => json!(403),
        Fault::Own => json!(own_fault(endpoint).unwrap().1.trim_matches(['[', ']'])),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_every_fault_at_once_each_stage_answers_in_its_turn() {
    let mut seen: BTreeMap<Fault, usize> = BTreeMap::new();
    let mut methods = 0;
    for endpoint in declarations_of(Version::V1) {
        for route in endpoint.routes_on_sockets() {
            methods += 1;
            let scene = scene(&endpoint, route).await;
            let faults = faults(&endpoint);
            if faults.contains(&Fault::TooOften) {
                next_window(&scene.server);
                // Somebody else behind the same address has used the window up, over HTTP.
                let body = json!({ "user": "nobody", "password": "x" });
                assert_eq!(scene.server.caller().post("login", &body).await.status, 401);
            }
            for healed in 0..=faults.len() {
                let rest = &faults[healed..];
                if faults.contains(&Fault::TooOften) && !rest.contains(&Fault::TooOften) {
                    next_window(&scene.server);
                }
                let answer = call(&scene, &endpoint, route, rest).await;
                let Some(fault) = rest.first() else {
                    assert!(answer.get("error").is_none(), "{route:?}: {answer}");
                    continue;
                };
                let error = &answer["error"];
                assert_eq!(error["error"], wanted(*fault, &endpoint), "{fault:?} of {route:?}: {answer}");
                assert_eq!(
                    (&error["isClientSafe"], &error["errorType"]),
                    (&json!(true), &json!("Meteor.Error"))
                );
                *seen.entry(*fault).or_default() += 1;
            }
            scene.server.stop().await;
        }
    }
    println!("{methods} methods: {seen:?}");
    assert!(methods >= 7 && seen.len() == 4, "{methods} methods: {seen:?}");
}
