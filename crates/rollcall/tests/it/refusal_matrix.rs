//! The refusal matrix: every endpoint on every route, with every fault at once, healed from the front. Each
//! stage must answer in its turn. Which faults an endpoint can have is derived from its declaration, so no
//! endpoint is exempt, and a new one is tested by being declared.
//!
//! Some cells cannot be reached by the default grants and are computed, not listed: everybody who holds a guarded
//! endpoint's permission may also bypass the rate limit, or hold the right that depends on parameters.

use rollcall::config::Config;
use rollcall_http::declarations_of;
use rollcall_http::endpoint::{Declaration, DeniedAs, Method, Rate, Route, Version, Who};
use rollcall_http::input::{Field, Kind, Unknown};
use rollcall_model::{Grants, Permission, Role, RoleSet};
use rollcall_testkit::{ADMIN, Answer, Authenticator, Caller, PASSWORD, TestServer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Method,
    Credentials,
    Permission,
    QuerySchema,
    BodySchema,
    /// A right that depends on the parameters, by the place of its cell.
    Target(usize),
    Rate,
    StepUp,
    Own,
}

/// The faults that a declaration allows, in the order in which they must be answered.
fn stages(endpoint: &Declaration, route: Route) -> Vec<Stage> {
    let mut stages = vec![Stage::Method];
    if endpoint.who == Who::SignedIn {
        stages.push(Stage::Credentials);
    }
    if endpoint.needs.permissions().is_some() {
        stages.push(Stage::Permission);
    }
    if endpoint.query_unknown == Unknown::Refused {
        stages.push(Stage::QuerySchema);
    }
    if route.method == Method::Call || route.method == Method::Post && !endpoint.body.is_empty() {
        stages.push(Stage::BodySchema);
    }
    stages.extend((0..targets(endpoint).len()).map(Stage::Target));
    if endpoint.rate == Rate::SignIn || endpoint.rate == Rate::Default && !bypasses(endpoint) {
        stages.push(Stage::Rate);
    }
    if endpoint.step_up.asks_first() {
        stages.push(Stage::StepUp);
    }
    if own_fault(endpoint).is_some() {
        stages.push(Stage::Own);
    }
    stages
}

/// Whether everybody who may call it is not counted.
fn bypasses(endpoint: &Declaration) -> bool {
    let bypass = |role| Grants::defaults().allow(role, Permission::ApiBypassRateLimit);
    Role::ALL
        .iter()
        .map(|role| [*role].into_iter().collect())
        .all(|role| !may_call(endpoint, role) || bypass(role))
}

/// A right that depends on the parameters, and how somebody who may call comes to lack it first.
struct Lacking {
    /// Its place in the declaration.
    right: usize,
    /// What is put in the body.
    body: Value,
    /// What the caller was given, for it to be asked no earlier right.
    granted: Vec<Permission>,
}

/// The rights that depend on the parameters, in order, where somebody who may call has them not.
fn targets(endpoint: &Declaration) -> Vec<Lacking> {
    let plain = [Role::User].into_iter().collect();
    if endpoint.of_target.is_empty() || !may_call(endpoint, plain) {
        return Vec::new();
    }
    let somebodys = "aaaaaaaaaaaaaaaaa";
    let lacking = |right, body, granted: &[_]| Lacking { right, body, granted: granted.to_vec() };
    let cells = if fields(endpoint).any(|field| field.name == "data") {
        let data = json!({ "active": true, "password": "x", "verified": true, "roles": ["admin"] });
        let (all, own) =
            (json!({ "userId": somebodys, "data": data }), json!({ "data": { "verified": true } }));
        let (info, password) = (Permission::EditOtherUserInfo, Permission::EditOtherUserPassword);
        vec![
            lacking(0, all.clone(), &[]),
            lacking(1, all.clone(), &[info]),
            lacking(2, own, &[]),
            lacking(3, all, &[info, password]),
        ]
    } else {
        vec![lacking(0, json!({ "userId": somebodys }), &[])]
    };
    let rights: Vec<_> = cells.iter().map(|cell| cell.right).collect();
    assert_eq!(rights, (0..endpoint.of_target.len()).collect::<Vec<_>>(), "{:?}", endpoint.routes);
    cells
}

/// Lets the role of plain users hold these permissions beside those that it has.
async fn grant(scene: &Scene, granted: &[Permission]) {
    let rights = [Permission::EditOtherUserInfo, Permission::EditOtherUserPassword];
    let changes: Vec<_> = rights
        .iter()
        .map(|right| {
            let roles = if granted.contains(right) { &["admin", "user"][..] } else { &["admin"] };
            json!({ "_id": right.as_str(), "roles": roles })
        })
        .collect();
    let answer = scene.admin.post("permissions.update", &json!({ "permissions": changes })).await;
    assert_eq!(answer.status, 200);
}

/// Whether a role's holders may call it, by the default grants.
fn may_call(endpoint: &Declaration, role: RoleSet) -> bool {
    let Some((permissions, _)) = endpoint.needs.permissions() else { return true };
    permissions.iter().any(|permission| Grants::defaults().allow(role, *permission))
}

/// A fault that only the action itself can find, by what the endpoint takes.
pub fn own_fault(endpoint: &Declaration) -> Option<(u16, &'static str)> {
    let takes = |name: &str| fields(endpoint).any(|field| field.name == name);
    Some(match () {
        () if takes("emailOrUsername") => (400, "emailOrUsername is required [error-parameter-required]"),
        () if takes("resume") => (401, "Unauthorized"),
        () if takes("sort") => (400, "Invalid sort parameter provided: \"x\" [error-invalid-sort]"),
        () if takes("updatedSince") => (400, "The date is none [error-roomId-param-invalid]"),
        () if takes("permissions") => (400, "Invalid permission [error-invalid-permission]"),
        () if takes("roleId") => (400, "Invalid user [error-invalid-user]"),
        () if takes("tokenName") => (400, "The 'tokenName' param is required"),
        () if takes("data") => (400, "a b is not a valid username [error-input-is-not-a-valid-field]"),
        () if !targets(endpoint).is_empty() => return None,
        () if endpoint.routes[0].path == "2fa:validateTempToken" => (400, "[invalid-totp]"),
        () if takes("importId") => (400, "User not found."),
        () if takes("activeStatus") => (400, "User not found"),
        () if takes("sessionId") => (404, "Session not found"),
        () if takes("setRandomPassword") => (400, "The field Name is required [error-the-field-is-required]"),
        () if takes("userId") => (
            400,
            "The required \"userId\" or \"username\" param provided does not match any users [error-invalid-user]",
        ),
        () => return None,
    })
}

fn fields(endpoint: &Declaration) -> impl Iterator<Item = &'static Field> {
    endpoint.query.iter().chain(endpoint.body)
}

/// What is given for a parameter: something that the action takes, or not.
pub fn value(endpoint: &Declaration, field: &str, good: bool, scene: &Scene) -> Option<Value> {
    let takes = |name: &str| fields(endpoint).any(|field| field.name == name);
    Some(match (field, good) {
        ("emailOrUsername", good) => json!(if good { "plain" } else { "" }),
        ("user", _) => json!(ADMIN),
        ("password", true) => json!(PASSWORD),
        ("password", false) => json!("wrong"),
        ("sort", true) => json!("{}"),
        ("sort", false) => json!("x"),
        ("sessionId", true) => json!(scene.session_id),
        ("sessionId", false) => json!("aaaaaaaaaaaaaaaaa"),
        ("updatedSince", good) => json!(if good { "2026-01-01" } else { "soon" }),
        ("permissions", good) => {
            let id = if good { "view-statistics" } else { "nope" };
            json!([{ "_id": id, "roles": ["admin"] }])
        }
        ("roleId", _) if takes("roomId") => json!("bot"),
        ("roleId", _) => json!("user"),
        // One of the two is enough.
        ("userId", _) if takes("roleId") => return None,
        ("username", good) if takes("roleId") => json!(if good { "spare" } else { "nobody" }),
        ("userId", _) if takes("data") => json!(scene.plain.user_id),
        // Making takes a name that is free, removing one that is there.
        ("tokenName", good) => json!(if !good {
            ""
        } else if takes("bypassTwoFactor") {
            "new"
        } else {
            "old"
        }),
        ("data", good) => {
            if good {
                json!({})
            } else {
                json!({ "username": "a b" })
            }
        }
        ("userId", _) if !targets(endpoint).is_empty() => return None,
        ("userId", true) if takes("activeStatus") => json!(scene.spare.user_id),
        ("userId", false) if takes("activeStatus") => json!("aaaaaaaaaaaaaaaaa"),
        ("activeStatus", _) => json!(true),
        ("code", true) if takes("resume") => return None,
        ("code", good) => json!(if good { &scene.code } else { "000000" }),
        // One of the names, and no more.
        ("email" | "userId", _) if takes("importId") => return None,
        ("username", true) if takes("importId") => json!("spare"),
        ("name", good) => json!(if good { "New" } else { "" }),
        ("email", _) => json!("new@example.test"),
        // Making takes a name that is free, deleting one that is somebody's.
        ("username", true) if endpoint.body.iter().all(|field| field.name != "email") => json!("spare"),
        ("username", _) => json!("new"),
        _ => return None,
    })
}

pub struct Scene {
    pub server: TestServer,
    pub plain: Caller,
    /// Another of the plain user's sessions: it uses the rate limit up.
    spare: Caller,
    admin: Caller,
    /// A guest: of those who sign in, the one with the fewest rights.
    guest: Caller,
    session_id: String,
    /// A code of the plain user, where the endpoint takes one.
    code: String,
}

/// A window of the rate limit is over.
pub fn next_window(server: &TestServer) {
    server.clock.advance(Duration::from_secs(61));
}

/// What an endpoint's path is over HTTP, and the method.
fn over_http(route: Route) -> (&'static str, String) {
    match route.method {
        Method::Call => ("POST", format!("/api/v1/method.call/{}", route.path)),
        Method::Socket => panic!("{} is not called over HTTP", route.path),
        method => (method.as_str(), route.path.into()),
    }
}

/// A code that the method takes: the authenticator's first, or a recovery code.
async fn code_for(server: &TestServer, plain: &Caller, route: Route) -> String {
    if route.path == "2fa:validateTempToken" {
        let (_, begun) = plain.call("2fa:enable", &[]).await;
        return Authenticator::new(begun["result"]["secret"].as_str().unwrap()).code(server, 0);
    }
    plain.enrol(server).await.recovery.remove(0)
}

pub async fn scene(endpoint: &Declaration, route: Route) -> Scene {
    let mut config = Config::default();
    config.wire.rate_calls = 1;
    let server = TestServer::with(config).await;
    let admin = server.admin().await;
    for (username, role) in [("plain", "user"), ("spare", "user"), ("guest", "guest")] {
        let body = json!({ "username": username, "name": username, "email": format!("{username}@example.test"), "password": PASSWORD, "roles": [role], "verified": true });
        assert_eq!(admin.post("users.create", &body).await.status, 200);
    }
    next_window(&server);
    let spare = server.caller().sign_in("plain", PASSWORD).await;
    next_window(&server);
    let plain = server.caller().sign_in("plain", PASSWORD).await;
    let session_id = plain.session_id().await;
    next_window(&server);
    let guest = server.caller().sign_in("guest", PASSWORD).await;
    next_window(&server);
    let principal =
        server.service.authenticate(&rollcall_auth::digest::token(&plain.token)).await.unwrap().unwrap();
    assert!(server.service.make_personal_token(&principal, "old".into(), false).await.is_ok());
    let takes_code = route.method == Method::Call && !endpoint.body.is_empty();
    let code = if takes_code { code_for(&server, &plain, route).await } else { String::new() };
    Scene { server, plain, spare, admin, guest, session_id, code }
}

/// The request with these faults.
async fn ask(scene: &Scene, endpoint: &Declaration, route: Route, faults: &[Stage]) -> Answer {
    let has = |stage| faults.contains(&stage);
    let caller = match endpoint.who {
        _ if has(Stage::Credentials) || endpoint.who != Who::SignedIn => scene.server.caller(),
        _ if has(Stage::Permission) && may_call(endpoint, [Role::User].into_iter().collect()) => {
            scene.guest.clone()
        }
        _ if has(Stage::Permission) => scene.plain.clone(),
        // Who is not counted cannot be refused for calling too often.
        _ if may_call(endpoint, [Role::User].into_iter().collect()) => scene.plain.clone(),
        _ => scene.admin.clone(),
    };
    let caller = if has(Stage::StepUp) { caller } else { caller.with_code(PASSWORD) };
    send(&caller, scene, endpoint, route, faults).await
}

async fn send(
    caller: &Caller,
    scene: &Scene,
    endpoint: &Declaration,
    route: Route,
    faults: &[Stage],
) -> Answer {
    let has = |stage| faults.contains(&stage);
    let (method, path) = over_http(route);
    let method = if has(Stage::Method) { "DELETE" } else { method };
    let given = |fields: &[Field]| -> Vec<(&str, Value)> {
        let values = fields
            .iter()
            .filter_map(|field| Some((field.name, value(endpoint, field.name, !has(Stage::Own), scene)?)));
        values.collect()
    };
    let mut query: Vec<(&str, String)> = given(endpoint.query)
        .into_iter()
        .map(|(name, value)| (name, value.as_str().unwrap().into()))
        .collect();
    if has(Stage::QuerySchema) {
        query.push(("nope", "1".into()));
    }
    let mut request = caller.request(method, &path).query(&query);
    if route.method == Method::Post {
        let body: serde_json::Map<_, _> =
            given(endpoint.body).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let mut body = body;
        let target = faults.iter().find_map(|stage| match stage {
            Stage::Target(cell) => targets(endpoint).into_iter().nth(*cell),
            _ => None,
        });
        if let Some(Lacking { body: Value::Object(asking), .. }) = target {
            body.extend(asking);
        }
        let mut text = Value::Object(body).to_string();
        if has(Stage::BodySchema) {
            text = spoiled(endpoint.body, &text);
        }
        request = request.header("content-type", "application/json").body(text);
    }
    if route.method == Method::Call {
        let params: Vec<_> = given(endpoint.body).into_iter().map(|(_, value)| value).collect();
        let mut call = json!({ "msg": "method", "id": "7", "method": route.path, "params": params });
        if has(Stage::BodySchema) {
            call["params"] = json!("none");
        }
        request = request.json(&json!({ "message": call.to_string() }));
    }
    caller.send(request).await
}

/// A body whose first typed field is of another type; where types do not matter, what is no JSON.
fn spoiled(fields: &[Field], body: &str) -> String {
    let typed = fields.iter().find(|field| field.kind != Kind::Any);
    match typed.filter(|_| fields.iter().all(|field| field.kind != Kind::Any)) {
        Some(field) => format!(r#"{{"{}":{{}}}}"#, field.name),
        None => body[1..].to_owned(),
    }
}

/// How the lack of a right is answered.
fn denied(denied: DeniedAs) -> (u16, &'static str) {
    match denied {
        DeniedAs::Forbidden => {
            (403, "User does not have the permissions required for this action [error-unauthorized]")
        }
        DeniedAs::Unauthorized => (403, "unauthorized"),
        DeniedAs::ActionNotAllowed { action: "Accessing_permissions", .. } => {
            (400, "Accessing permissions is not allowed [error-action-not-allowed]")
        }
        DeniedAs::ActionNotAllowed { action: "Adding_user", .. } => {
            (400, "Adding user is not allowed [error-action-not-allowed]")
        }
        DeniedAs::ActionNotAllowed { action: "Assign_admin", .. } => {
            (400, "Assigning admin is not allowed [error-action-not-allowed]")
        }
        DeniedAs::ActionNotAllowed { sentence, .. } if sentence.contains("verification") => {
            (400, "Editing email verification is not allowed [error-action-not-allowed]")
        }
        DeniedAs::ActionNotAllowed { .. } => (400, "Editing user is not allowed [error-action-not-allowed]"),
    }
}

fn expect(stage: Stage, endpoint: &Declaration, answer: &Answer) {
    let what = format!("{stage:?} of {:?}: {answer:?}", endpoint.routes);
    // A method's own error lies in the message of the answer.
    let message: Value = answer.body["message"]
        .as_str()
        .map_or(Value::Null, |text| serde_json::from_str(text).unwrap_or_default());
    let text = |name: &str| match message["error"]["message"].as_str() {
        Some(inner) if name == "error" => inner,
        _ => answer.body[name].as_str().unwrap_or_default(),
    };
    let (status, error) = match stage {
        Stage::Method => (405, "Method not allowed"),
        Stage::Credentials => (401, "You must be logged in to do this."),
        Stage::Permission => denied(endpoint.needs.permissions().unwrap().1),
        Stage::QuerySchema => (400, "must NOT have additional properties"),
        Stage::BodySchema if endpoint.body_unknown == Unknown::IgnoredWithFaults => {
            (400, "Invalid JSON body")
        }
        Stage::BodySchema if endpoint.routes[0].method == Method::Call => (400, "Invalid method call"),
        Stage::BodySchema if endpoint.body[0].kind == Kind::Objects => (400, "must be array"),
        Stage::BodySchema => (400, "must be string"),
        Stage::Target(cell) => denied(endpoint.of_target[targets(endpoint)[cell].right].2),
        Stage::Rate => {
            assert!(text("error").ends_with("[error-too-many-requests]"), "{what}");
            (429, text("error"))
        }
        Stage::StepUp => (400, "TOTP Required [totp-required]"),
        Stage::Own => own_fault(endpoint).unwrap(),
    };
    assert_eq!((answer.status, text("error")), (status, error), "{what}");
    assert_eq!(answer.body["success"], false, "{what}");
    match stage {
        Stage::Method => assert!(!answer.header("allow").is_empty(), "{what}"),
        Stage::QuerySchema => assert_eq!(text("errorType"), "error-invalid-params", "{what}"),
        Stage::BodySchema if endpoint.routes[0].method != Method::Call => {
            assert_eq!(text("errorType"), "invalid-params", "{what}");
        }
        Stage::Rate => assert_eq!(answer.header("x-ratelimit-remaining"), "0", "{what}"),
        Stage::StepUp => assert_eq!(answer.body["details"]["method"], "password", "{what}"),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_every_fault_at_once_each_stage_answers_in_its_turn() {
    let mut seen: BTreeMap<Stage, usize> = BTreeMap::new();
    let mut cells = 0;
    for endpoint in declarations_of(Version::V1) {
        for route in endpoint.routes_over_http() {
            let scene = scene(&endpoint, route).await;
            let (method, path) = over_http(route);
            let unknown = scene.server.caller().request(method, &format!("{path}/x"));
            assert_eq!(scene.server.caller().send(unknown).await.status, 404);
            let stages = stages(&endpoint, route);
            if stages.contains(&Stage::Rate) {
                // Somebody else behind the same address has used the window up.
                let faults = if stages.contains(&Stage::Own) { &[Stage::Own][..] } else { &[] };
                // Without a second factor nothing is done; where none is asked for, a plain user's call would
                // do it to the other one.
                let acts = endpoint.needs.permissions().is_none() && !endpoint.step_up.asks_first();
                let other = if acts { &scene.guest } else { &scene.spare };
                send(other, &scene, &endpoint, route, faults).await;
            }
            for healed in 0..=stages.len() {
                let faults = &stages[healed..];
                if stages.contains(&Stage::Rate) && !faults.contains(&Stage::Rate) {
                    next_window(&scene.server);
                }
                if let Some(Stage::Target(cell)) = faults.first() {
                    grant(&scene, &targets(&endpoint)[*cell].granted).await;
                }
                let answer = ask(&scene, &endpoint, route, faults).await;
                let Some(stage) = faults.first() else {
                    assert_eq!(answer.status, 200, "{route:?}: {answer:?}");
                    assert_eq!(answer.body["success"], true);
                    continue;
                };
                expect(*stage, &endpoint, &answer);
                *seen.entry(*stage).or_default() += 1;
                cells += 1;
            }
            scene.server.stop().await;
        }
    }
    println!("{cells} refusals in order: {seen:?}");
    let declared: usize = declarations_of(Version::V1)
        .iter()
        .map(|endpoint| endpoint.routes_over_http().map(|route| stages(endpoint, route).len()).sum::<usize>())
        .sum();
    assert_eq!(cells, declared);
    assert_eq!(seen.len(), 8 + 4, "every stage was seen, and four rights of one endpoint");
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_doors_are_open_nothing_is_answered_and_nobody_loses_a_token() {
    let server = TestServer::closed().await;
    for endpoint in declarations_of(Version::V1) {
        for route in endpoint.routes_over_http() {
            let caller = server.caller();
            let (method, path) = over_http(route);
            let answer = caller.send(caller.request(method, &path)).await;
            assert_eq!((answer.status, answer.header("retry-after")), (503, "1"), "{route:?}");
            assert_eq!(answer.body["errorType"], "error-unavailable");
        }
    }
    let caller = server.caller();
    assert_eq!(caller.send(caller.request("GET", "/healthz")).await.status, 200);
    let ready = caller.send(caller.request("GET", "/readyz")).await;
    assert_eq!((ready.status, &ready.body["reason"]), (503, &"sessions are being loaded".into()));
}
