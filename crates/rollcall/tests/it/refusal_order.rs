//! The refusal matrix: a request that is wrong in every way at once, at every route of every endpoint, and
//! healed from the front. Each answer says what to heal next, so the order is observed and then compared
//! with what the declaration implies. No endpoint is named here.
//!
//! What an endpoint cannot refuse by its declaration is tried all the same, and must not be answered. Two
//! stages have endpoints at which nobody can meet them, and [`Grants::defaults`] says at which:
//!
//! - **429** where a permission is asked for: whoever holds the permission holds `api-bypass-rate-limit` too.
//! - **The right of the target**, anywhere: whoever may make users may make administrators. A test below
//!   fails as soon as that changes, and then the stage has to be added here.

use reqwest::Method;
use rollcall::config::Config;
use rollcall::wiring::Server;
use rollcall_auth::SystemRandomness;
use rollcall_http::declarations;
use rollcall_http::endpoint::{self, Declaration, DeniedAs, Needs, Rate, Route, StepUp, Who};
use rollcall_http::input::{Field, Kind, Unknown};
use rollcall_model::{Grants, Permission, limits};
use rollcall_store_sqlite::SqliteStore;
use rollcall_testkit::{ADMIN, Answer, Caller, PASSWORD, TestClock, TestServer, sha256};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The stages, in the order of docs/reference/rest.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Path,
    Method,
    Credentials,
    Permission,
    Parameters,
    Rate,
    StepUp,
    Own,
}

impl Stage {
    const ALL: [Self; 8] = [
        Self::Path,
        Self::Method,
        Self::Credentials,
        Self::Permission,
        Self::Parameters,
        Self::Rate,
        Self::StepUp,
        Self::Own,
    ];

    /// Whether somebody can meet it at this route.
    fn is_implied(self, declaration: &Declaration, route: Route) -> bool {
        match self {
            Self::Path | Self::Method => true,
            Self::Credentials => declaration.who == Who::SignedIn,
            Self::Permission => declaration.needs != Needs::Nothing,
            Self::Parameters => !parameter_faults(declaration, route).is_empty(),
            Self::Rate => match (declaration.rate, declaration.needs) {
                (Rate::SignIn, _) | (Rate::Default, Needs::Nothing) => true,
                (Rate::Default, Needs::Permission(needed, _)) => {
                    somebody_holds_only(needed, Permission::ApiBypassRateLimit)
                }
            },
            Self::StepUp => declaration.step_up == StepUp::Required,
            Self::Own => fields(declaration, route).any(|field| !own_faults(field.name).is_empty()),
        }
    }
}

/// Whether a role of a new workspace holds the one and not the other.
fn somebody_holds_only(held: Permission, missing: Permission) -> bool {
    let grants = Grants::defaults();
    grants.roles(held).iter().any(|role| !grants.roles(missing).contains(role))
}

fn is_post(route: Route) -> bool {
    route.method == endpoint::Method::Post
}

/// What a route takes: a body only where it is looked at.
fn fields(declaration: &Declaration, route: Route) -> impl Iterator<Item = &'static Field> {
    let body: &[Field] = if is_post(route) { declaration.body } else { &[] };
    declaration.query.iter().chain(body)
}

/// A request under construction.
struct Sent {
    method: String,
    path: String,
    caller: Caller,
    code: Option<(&'static str, String)>,
    query: Vec<(String, String)>,
    body: Vec<(String, Value)>,
    /// Instead of the fields: a type, and a text.
    raw: Option<(&'static str, String)>,
}

impl Sent {
    fn take_out(&mut self, name: &str) {
        self.query.retain(|(given, _)| given != name);
        self.body.retain(|(given, _)| given != name);
    }

    async fn send(self) -> Answer {
        let mut caller = self.caller;
        if let Some((method, code)) = &self.code {
            caller = caller.with("x-2fa-method", method).with("x-2fa-code", code);
        }
        let pairs = self.query.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
        let query = pairs.collect::<Vec<_>>().join("&");
        let request = caller.request(&self.method, &format!("{}?{query}", self.path));
        let body = match self.raw {
            Some(raw) => Some(raw),
            None if self.body.is_empty() => None,
            None => {
                // By hand, since names may be doubled.
                let pairs = self.body.iter().map(|(name, value)| format!("{}:{value}", json!(name)));
                Some(("application/json", format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))))
            }
        };
        let request = match body {
            Some((kind, text)) => request.header("content-type", kind).body(text),
            None => request,
        };
        caller.send(request).await
    }
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        write!(out, "%{byte:02x}").unwrap();
        out
    })
}

/// A status and a whole body.
type Wanted = (u16, Value);

/// One way to be wrong, and what is answered to it.
struct Way<'a> {
    does: Box<dyn Fn(&mut Sent) + 'a>,
    wanted: Wanted,
}

fn way<'a>(wanted: Wanted, does: impl Fn(&mut Sent) + 'a) -> Way<'a> {
    Way { does: Box::new(does), wanted }
}

fn four_words(status: u16, sentence: &str) -> Wanted {
    (status, json!({ "success": false, "error": sentence, "status": "error", "message": sentence }))
}

fn coded(sentence: &str, code: &str, details: Option<Value>) -> Wanted {
    let mut body = json!({ "success": false, "error": format!("{sentence} [{code}]"), "errorType": code });
    if let Some(details) = details {
        body["details"] = details;
    }
    (400, body)
}

fn malformed(error_type: &str, message: &str) -> Wanted {
    (400, json!({ "success": false, "error": message, "errorType": error_type }))
}

fn not_json() -> Wanted {
    malformed("invalid-params", "Invalid JSON body")
}

fn denied(needs: Needs) -> Wanted {
    let forbidden = "User does not have the permissions required for this action [error-unauthorized]";
    match needs {
        Needs::Nothing | Needs::Permission(_, DeniedAs::Forbidden) => {
            (403, json!({ "success": false, "error": forbidden }))
        }
        Needs::Permission(_, DeniedAs::Unauthorized) => {
            (403, json!({ "success": false, "error": "unauthorized" }))
        }
        Needs::Permission(_, DeniedAs::ActionNotAllowed(sentence, action)) => coded(
            sentence,
            "error-action-not-allowed",
            Some(json!({ "method": "insertOrUpdateUser", "action": action })),
        ),
    }
}

fn too_many() -> Wanted {
    // The clock stands still, so the whole window is still to come.
    let error = "Error, too many requests. Please slow down. You must wait 60 seconds before trying this \
                 endpoint again. [error-too-many-requests]";
    (429, json!({ "success": false, "error": error }))
}

fn step_up(sentence: &str, code: &str, method: &str) -> Wanted {
    let details = json!({ "method": method, "codeGenerated": false, "availableMethods": [] });
    coded(sentence, code, Some(details))
}

/// What an action itself refuses in a parameter of this name: the value, or that it is not given.
fn own_faults(name: &str) -> Vec<(Option<Value>, Wanted)> {
    let no_session = || (404, json!({ "success": false, "error": "Session not found" }));
    let no_user = |what: &str| format!("The required \"userId\" or \"username\" param {what}");
    match name {
        "sessionId" => {
            let unknown = [json!("23456789ABCDEFGHJ"), json!(""), json!("short"), json!("\u{e9}".repeat(17))];
            unknown.map(|id| (Some(id), no_session())).into()
        }
        "sort" => {
            let invalid = |given: &str| {
                let details = json!({ "helperMethod": "parseJsonQuery" });
                let sentence = format!("Invalid sort parameter provided: \"{given}\"");
                (Some(json!(given)), coded(&sentence, "error-invalid-sort", Some(details)))
            };
            let keys = (400, json!({ "success": false, "error": "error-invalid-sort-keys" }));
            vec![
                invalid("{"),
                invalid("[]"),
                invalid(r#"{"loginAt":2}"#),
                (Some(json!(r#"{"userId":1}"#)), keys),
            ]
        }
        "roles" => {
            let details = json!({ "method": "insertOrUpdateUser", "action": "Assign_role" });
            let sentence = "The field Roles consist invalid role id";
            vec![(Some(json!(["no-such"])), coded(sentence, "error-action-not-allowed", Some(details)))]
        }
        "userId" => vec![
            (
                Some(json!("23456789ABCDEFGHJ")),
                coded(&no_user("provided does not match any users"), "error-invalid-user", None),
            ),
            (None, coded(&no_user("was not provided"), "error-user-param-not-provided", None)),
        ],
        "user" => {
            let said = json!({
                "success": false, "status": "error", "error": "Unauthorized", "message": "Unauthorized",
            });
            vec![(Some(json!("nobody")), (401, said.clone())), (None, (401, said))]
        }
        _ => Vec::new(),
    }
}

/// Every way to break the parameters of a route that its declaration implies.
fn parameter_faults(declaration: &Declaration, route: Route) -> Vec<Way<'static>> {
    let mut ways = query_faults(declaration.query, declaration.query_unknown);
    if is_post(route) {
        ways.extend(body_faults(declaration.body, declaration.body_unknown));
    }
    ways
}

fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "must be number",
        Kind::Text(_) | Kind::Any => "must be string",
        Kind::Boolean => "must be boolean",
        Kind::List => "must be array",
        Kind::Object => "must be object",
    }
}

/// A value of the kind, as it stands in a JSON body.
fn good(kind: Kind) -> Value {
    match kind {
        Kind::Number => json!(1),
        Kind::Text(_) | Kind::Any => json!("x"),
        Kind::Boolean => json!(true),
        Kind::List => json!(["user"]),
        Kind::Object => json!({}),
    }
}

fn query_faults(fields: &'static [Field], unknown: Unknown) -> Vec<Way<'static>> {
    let malformed = |message: &str| malformed("error-invalid-params", message);
    let mut ways = Vec::new();
    if unknown == Unknown::Refused {
        let shouted = fields.iter().map(|field| field.name.to_uppercase());
        for name in ["other", "query", "fields", ""].map(String::from).into_iter().chain(shouted) {
            ways.push(way(malformed("must NOT have additional properties"), move |sent| {
                sent.query.push((name.clone(), "1".into()));
            }));
        }
    }
    for field in fields {
        let name = field.name;
        let wrong = malformed(expected(field.kind));
        for part in ["[]", "[a]"] {
            ways.push(way(wrong.clone(), move |sent| {
                sent.query.push((format!("{name}{part}"), "1".into()));
            }));
        }
        ways.push(way(wrong.clone(), move |sent| {
            sent.take_out(name);
            sent.query.extend(["1", "2"].map(|value| (name.to_owned(), value.to_owned())));
        }));
        let bad: Vec<(String, Wanted)> = match field.kind {
            Kind::Number => {
                let negative = ("-1".into(), malformed("must be >= 0"));
                let texts = ["", "abc", "NaN", "0x1", "1 "];
                texts.map(|text| (text.into(), wrong.clone())).into_iter().chain([negative]).collect()
            }
            Kind::Text(chars) => {
                let long = format!("must NOT have more than {chars} characters");
                let nul = malformed("must NOT have NUL characters");
                vec![("x".repeat(chars + 1), malformed(&long)), ("x\0".into(), nul)]
            }
            Kind::Boolean => vec![("1".into(), wrong.clone())],
            Kind::List | Kind::Object => vec![("x".into(), wrong.clone())],
            Kind::Any => Vec::new(),
        };
        for (value, wanted) in bad {
            ways.push(way(wanted, move |sent| {
                sent.take_out(name);
                sent.query.push((name.into(), value.clone()));
            }));
        }
        if field.required {
            let missing = malformed(&format!("must have required property '{name}'"));
            ways.push(way(missing, move |sent| sent.take_out(name)));
        }
    }
    ways
}

fn body_faults(fields: &'static [Field], unknown: Unknown) -> Vec<Way<'static>> {
    let malformed = |message: &str| malformed("invalid-params", message);
    let mut ways = Vec::new();
    if fields.is_empty() && unknown == Unknown::Ignored {
        return ways;
    }
    let mut raw = |kind: &'static str, text: &'static str, wanted: Wanted| {
        ways.push(way(wanted, move |sent| sent.raw = Some((kind, text.into()))));
    };
    for text in ["{", "{\"a\":1}}", "\u{feff}{}", "{\"a\":\"\\ud800\"}"] {
        raw("application/json", text, not_json());
    }
    raw("text/plain", "{}", not_json());
    if unknown == Unknown::IgnoredWithFaults {
        return ways;
    }
    for text in ["[]", "null", "1", "\"x\"", "true"] {
        raw("application/json", text, malformed("must be object"));
    }
    if unknown == Unknown::Refused {
        let shouted = fields.iter().map(|field| field.name.to_uppercase());
        for name in ["other", "query", "fields", ""].map(String::from).into_iter().chain(shouted) {
            ways.push(way(malformed("must NOT have additional properties"), move |sent| {
                sent.body.push((name.clone(), json!(1)));
            }));
        }
    }
    for field in fields {
        let name = field.name;
        let mut replaced = |values: Vec<Value>, wanted: Wanted| {
            ways.push(way(wanted, move |sent| {
                sent.take_out(name);
                sent.body.extend(values.iter().map(|value| (name.to_owned(), value.clone())));
            }));
        };
        let wrong = malformed(expected(field.kind));
        replaced(vec![good(field.kind), good(field.kind)], wrong.clone());
        if field.kind != Kind::Any {
            let kinds = [json!(null), json!(1), json!("1"), json!(true), json!([]), json!({})];
            let of_kind = std::mem::discriminant(&good(field.kind));
            for value in kinds.into_iter().filter(|value| std::mem::discriminant(value) != of_kind) {
                replaced(vec![value], wrong.clone());
            }
        }
        match field.kind {
            Kind::Number => replaced(vec![json!(-1)], malformed("must be >= 0")),
            Kind::Text(chars) => {
                let long = format!("must NOT have more than {chars} characters");
                replaced(vec![json!("x".repeat(chars + 1))], malformed(&long));
                replaced(vec![json!("x\0")], malformed("must NOT have NUL characters"));
            }
            Kind::List => replaced(vec![json!([1])], malformed("must be string")),
            Kind::Boolean | Kind::Object | Kind::Any => {}
        }
        if field.required {
            replaced(Vec::new(), malformed(&format!("must have required property '{name}'")));
        }
    }
    ways
}

/// A route, and everybody who calls it.
struct Scene<'a> {
    server: &'a TestServer,
    declaration: &'a Declaration,
    route: Route,
    /// A name that nobody else has.
    username: String,
    plain: Caller,
    /// Another session of the plain user, to be looked at or ended.
    session_id: String,
    admin: Caller,
    requests: usize,
}

impl<'a> Scene<'a> {
    async fn new(server: &'a TestServer, declaration: &'a Declaration, route: Route, no: usize) -> Self {
        let admin = sign_in(server, ADMIN).await;
        let username = format!("plain-{no}");
        let user = json!({
            "username": username, "name": "Plain", "email": format!("{username}@example.test"), "password": PASSWORD,
        });
        assert_eq!(admin.post("users.create", &user).await.status, 200);
        let plain = sign_in(server, &username).await;
        let session_id = sign_in(server, &username).await.session_id().await;
        let mut scene = Self { server, declaration, route, username, plain, session_id, admin, requests: 0 };
        // The last call that the address has is used up by a session that may end with it. Where a
        // permission is asked for this uses up nothing, as nobody can.
        let mut last = scene.sent(&[Stage::Path, Stage::Method, Stage::Credentials, Stage::Parameters], None);
        last.caller = sign_in(server, &scene.username).await;
        last.send().await;
        scene.requests += 1;
        scene
    }

    /// A request whose healed stages have no fault, and the others their first one; one stage may have
    /// another of its faults.
    fn sent(&self, healed: &[Stage], other: Option<(Stage, usize)>) -> Sent {
        let mut sent = self.healthy();
        // From the back: what credentials lack is taken from whoever would be calling otherwise.
        for stage in Stage::ALL.into_iter().rev().filter(|stage| !healed.contains(stage)) {
            let nth = other.filter(|(of, _)| *of == stage).map_or(0, |(_, nth)| nth);
            if let Some(way) = self.ways(stage).get(nth) {
                (way.does)(&mut sent);
            }
        }
        sent
    }

    fn healthy(&self) -> Sent {
        let mut sent = Sent {
            method: self.route.method.as_str().into(),
            path: self.route.path.into(),
            caller: self.admin.clone(),
            code: Some(("password", sha256(PASSWORD))),
            query: Vec::new(),
            body: Vec::new(),
            raw: None,
        };
        if self.declaration.needs == Needs::Nothing {
            sent.caller = self.plain.clone();
        }
        for field in fields(self.declaration, self.route) {
            let value = match field.name {
                "sessionId" => &*self.session_id,
                "userId" => &*self.plain.user_id,
                "user" => &*self.username,
                "password" => PASSWORD,
                "name" if field.required => "Made",
                "username" if field.required => &format!("made-by-{}", self.username),
                "email" if field.required => &format!("made-by-{}@example.test", self.username),
                other => {
                    assert!(!field.required, "what is a good `{other}`? Say it here");
                    continue;
                }
            };
            self.set(&mut sent, field.name, &json!(value));
        }
        sent
    }

    fn set(&self, sent: &mut Sent, name: &str, value: &Value) {
        sent.take_out(name);
        if self.declaration.query.iter().any(|field| field.name == name) {
            sent.query.push((name.into(), value.as_str().unwrap().into()));
        } else {
            sent.body.push((name.into(), value.clone()));
        }
    }

    /// The faults of a stage, those included that the declaration does not imply.
    fn ways(&self, stage: Stage) -> Vec<Way<'_>> {
        match stage {
            Stage::Path => {
                let to = |change: fn(&str) -> String| {
                    way(four_words(404, "API endpoint does not exist"), move |sent| {
                        sent.path = change(&sent.path)
                    })
                };
                vec![
                    to(|path| format!("{path}x")),
                    to(|path| format!("{path}/")),
                    to(|path| format!("{path}/x")),
                    to(|path| format!("/{path}")),
                    to(str::to_uppercase),
                ]
            }
            Stage::Method => {
                let declared = methods(self.route.path);
                let all = ["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "INVENTED", "POST", "GET"];
                let wrong = all.into_iter().filter(|method| !declared.contains(method));
                let wanted = || four_words(405, "Method not allowed");
                wrong.map(|method| way(wanted(), move |sent| sent.method = method.into())).collect()
            }
            Stage::Credentials => self.credential_faults(),
            Stage::Permission => {
                let by = |code: Option<String>| {
                    way(denied(self.declaration.needs), move |sent| {
                        sent.caller = self.plain.clone();
                        sent.code = code.clone().map(|code| ("password", code));
                    })
                };
                vec![by(None), by(Some(sha256(PASSWORD))), by(Some(sha256("wrong")))]
            }
            Stage::Parameters => {
                let declared = parameter_faults(self.declaration, self.route);
                if declared.is_empty() {
                    vec![way(not_json(), |sent| {
                        sent.query.extend(["1", "2"].map(|value| ("other".to_owned(), value.to_owned())));
                        sent.raw = Some(("application/json", "{".into()));
                    })]
                } else {
                    declared
                }
            }
            Stage::Rate => vec![way(too_many(), |_| {})],
            Stage::StepUp => {
                let by = |wanted, code: Option<(&'static str, String)>| {
                    way(wanted, move |sent| sent.code.clone_from(&code))
                };
                let required = |method| step_up("TOTP Required", "totp-required", method);
                let invalid = step_up("TOTP Invalid", "totp-invalid", "password");
                vec![
                    by(required("password"), None),
                    by(required("password"), Some(("password", String::new()))),
                    by(required("totp"), Some(("totp", String::new()))),
                    by(invalid, Some(("password", sha256("wrong")))),
                ]
            }
            Stage::Own => {
                let fields = fields(self.declaration, self.route);
                let faults =
                    fields.flat_map(|field| own_faults(field.name).into_iter().map(|own| (field.name, own)));
                let ways = faults.map(|(name, (value, wanted))| {
                    way(wanted, move |sent| match &value {
                        Some(value) => self.set(sent, name, value),
                        None => sent.take_out(name),
                    })
                });
                ways.collect()
            }
        }
    }

    fn credential_faults(&self) -> Vec<Way<'_>> {
        let with = |change: fn(Caller, &Caller) -> Caller| {
            way(four_words(401, "You must be logged in to do this."), move |sent| {
                sent.caller = change(self.server.caller(), &sent.caller);
            })
        };
        vec![
            with(|nobody, _| nobody),
            with(|nobody, caller| nobody.with("x-user-id", &caller.user_id)),
            with(|nobody, caller| nobody.with("x-auth-token", &caller.token)),
            with(|nobody, caller| nobody.with_credentials(&caller.user_id, &"A".repeat(43))),
            with(|nobody, caller| nobody.with_credentials(&caller.user_id, "")),
            with(|nobody, caller| nobody.with_credentials("", &caller.token)),
            with(|nobody, caller| nobody.with_credentials("23456789ABCDEFGHJ", &caller.token)),
        ]
    }

    async fn answer(&mut self, healed: &[Stage], other: Option<(Stage, usize)>) -> Answer {
        if healed.contains(&Stage::Rate) {
            // Every call is the last one of its window, so each needs a window of its own.
            self.server.clock.advance(limits::RATE_WINDOW);
        }
        self.requests += 1;
        self.sent(healed, other).send().await
    }

    /// Heals whatever is answered until nothing is, and gives the stages in the order of the answers.
    async fn walk(&mut self) -> Vec<Stage> {
        let (mut healed, mut seen) = (Vec::new(), Vec::new());
        let route = self.route;
        loop {
            let answer = self.answer(&healed, None).await;
            if answer.status == 200 {
                assert_eq!(answer.body["success"], true, "{route:?}");
                return seen;
            }
            let is =
                |stage: &Stage| self.ways(*stage).first().is_some_and(|way| is_wanted(&answer, &way.wanted));
            let answered = Stage::ALL.into_iter().find(is);
            let stage = answered.unwrap_or_else(|| panic!("{route:?}, healed {healed:?}: {answer:?}"));
            assert!(!healed.contains(&stage), "{route:?} answers {stage:?} though it is healed: {answer:?}");
            self.check_headers(stage, &answer);
            for nth in 1..self.ways(stage).len() {
                let answer = self.answer(&healed, Some((stage, nth))).await;
                let wanted = self.ways(stage)[nth].wanted.clone();
                assert!(
                    is_wanted(&answer, &wanted),
                    "{route:?}, {stage:?} {nth}: {answer:?}, not {wanted:?}"
                );
                self.check_headers(stage, &answer);
            }
            healed.push(stage);
            seen.push(stage);
        }
    }

    fn check_headers(&self, stage: Stage, answer: &Answer) {
        let route = self.route;
        assert_eq!(answer.header("content-type"), "application/json", "{route:?}");
        assert_eq!(answer.header("cache-control"), "no-store", "{route:?}");
        if stage == Stage::Method {
            let allowed: BTreeSet<_> = answer.header("allow").split(',').map(str::trim).collect();
            assert!(allowed.is_superset(&methods(route.path)), "{route:?}: {allowed:?}");
        }
        if stage == Stage::Rate {
            assert_eq!((answer.header("x-ratelimit-remaining"), answer.header("retry-after")), ("0", "60"));
        } else if stage < Stage::Rate {
            assert_eq!(answer.header("x-ratelimit-remaining"), "", "{route:?} {stage:?} is not counted");
        }
    }
}

fn is_wanted(answer: &Answer, wanted: &Wanted) -> bool {
    (answer.status, &answer.body) == (wanted.0, &wanted.1)
}

/// The methods that a path has, whichever endpoint they belong to.
fn methods(path: &str) -> BTreeSet<&'static str> {
    let routes = declarations().into_iter().flat_map(|declaration| declaration.routes);
    routes.filter(|route| route.path == path).map(|route| route.method.as_str()).collect()
}

/// Signs in within a window of its own.
async fn sign_in(server: &TestServer, username: &str) -> Caller {
    server.clock.advance(limits::RATE_WINDOW);
    server.caller().sign_in(username, PASSWORD).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_fault_decides_at_every_route_of_every_endpoint() {
    let mut config = Config::default();
    config.wire.rate_calls = 1;
    let server = TestServer::with(config).await;
    let all = declarations();
    let routes =
        all.iter().flat_map(|declaration| declaration.routes.iter().map(move |route| (declaration, *route)));
    let (mut cells, mut requests) = (BTreeMap::<Stage, usize>::new(), 0);
    for (no, (declaration, route)) in routes.clone().enumerate() {
        let mut scene = Scene::new(&server, declaration, route, no).await;
        let seen = scene.walk().await;
        let implied: Vec<_> =
            Stage::ALL.into_iter().filter(|stage| stage.is_implied(declaration, route)).collect();
        assert_eq!(seen, implied, "{route:?}");
        for stage in seen {
            *cells.entry(stage).or_default() += 1;
        }
        requests += scene.requests;
    }
    for stage in Stage::ALL {
        let implied =
            routes.clone().filter(|(declaration, route)| stage.is_implied(declaration, *route)).count();
        assert_eq!(cells.get(&stage), Some(&implied), "{stage:?}");
        assert_ne!(implied, 0, "nothing can meet {stage:?}");
    }
    let (routes, cells_in_all) = (routes.count(), cells.values().sum::<usize>());
    println!(
        "{routes} routes of {} endpoints, {cells_in_all} cells, {requests} requests: {cells:?}",
        all.len()
    );
    server.stop().await;
}

#[test]
fn every_endpoint_with_parameters_has_a_fault_of_its_own() {
    for declaration in declarations() {
        for route in declaration.routes.iter().filter(|route| fields(&declaration, **route).next().is_some())
        {
            // A new parameter that an action refuses by itself has to be told to `own_faults`.
            assert!(Stage::Own.is_implied(&declaration, *route), "{route:?}");
        }
    }
}

#[test]
fn whoever_may_call_an_endpoint_has_the_rights_that_its_parameters_may_ask_for() {
    for declaration in declarations() {
        if let (Needs::Permission(needed, _), Some((_, of_target))) =
            (declaration.needs, declaration.of_target)
        {
            assert!(!somebody_holds_only(needed, of_target), "the matrix needs the stage: {declaration:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_without_the_permission_is_never_asked_for_a_code() {
    let server = TestServer::start().await;
    server.user("zoe").await;
    let zoe = server.caller().sign_in("zoe", PASSWORD).await;
    let mut guarded = 0;
    for declaration in declarations().iter().filter(|declaration| declaration.needs != Needs::Nothing) {
        for route in declaration.routes {
            let wrong = zoe.with("x-2fa-method", "password").with("x-2fa-code", &sha256("wrong"));
            // More often than wrong codes are borne: none of them is looked at, so none is counted.
            let wrong = std::iter::repeat_n(wrong, 7);
            let others = [zoe.clone(), zoe.with_code(PASSWORD), zoe.with("x-2fa-method", "totp")];
            for caller in wrong.chain(others) {
                let request = caller.request(route.method.as_str(), route.path);
                let answer = caller.send(request).await;
                assert!(is_wanted(&answer, &denied(declaration.needs)), "{route:?}: {answer:?}");
            }
            guarded += 1;
        }
    }
    assert_ne!(guarded, 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_unavailable_is_answered_before_the_doors_are_open() {
    let directory = tempfile::tempdir().unwrap();
    let randomness = Arc::new(SystemRandomness);
    let store = Arc::new(SqliteStore::open(&directory.path().join("data"), randomness.clone()).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = Arc::new(TestClock::default());
    let server = Server::start(store, clock, randomness, Config::default(), listener).await.unwrap();
    let nobody = Caller::new(&format!("http://{}", server.address));
    let forger = nobody.with_credentials("23456789ABCDEFGHJ", &"A".repeat(43));
    let get = |path: &'static str| nobody.send(nobody.request(Method::GET.as_str(), path));
    let unavailable = coded("Service temporarily unavailable", "error-unavailable", None).1;
    for declaration in declarations() {
        for route in declaration.routes {
            for (caller, query, body) in
                [(&nobody, "", ""), (&forger, "", "{}"), (&forger, "?other=1&other=2", "{")]
            {
                let request = caller.request(route.method.as_str(), &format!("{}{query}", route.path));
                let answer = caller.send(request.header("content-type", "application/json").body(body)).await;
                assert!(is_wanted(&answer, &(503, unavailable.clone())), "{route:?}: {answer:?}");
                assert_eq!(answer.header("retry-after"), "1", "{route:?}");
            }
        }
    }
    assert_eq!(get("/healthz").await.status, 200);
    let ready = get("/readyz").await;
    assert_eq!((ready.status, &ready.body["ready"]), (503, &json!(false)));
    assert_eq!(ready.body["reason"], "sessions are being loaded");
    server.open_doors();
    assert_eq!(get("/readyz").await.status, 200);
    assert_eq!(get("/api/v1/me").await.status, 401);
    server.stop().await.unwrap();
}
