//! A request that means harm, and what the contract says to it.

use rollcall_http::endpoint::{Declaration, Method, Rate, Route, Version};
use rollcall_http::input::{Field, Unknown};
use serde_json::{Value, json};

/// A request, and what must come back.
pub struct Case {
    /// For whoever reads the failure.
    pub what: String,
    /// The whole request but for what identifies the caller.
    pub bytes: Vec<u8>,
    /// Who sends it.
    pub from: From,
    pub expected: Expected,
    /// Whether the connection may be over, though nobody said so: its bytes cannot be read to their end.
    pub may_end_connection: bool,
}

/// Who sends a request. What identifies it is put behind the request line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The administrator in the usual browser, with a code that nobody should look at.
    Administrator,
    /// The administrator in another one: the user agent is in the request.
    OtherAgent,
    /// Somebody without credentials at an address of its own, so that nobody's failures are counted together.
    Stranger,
    /// Bytes as they are.
    Nobody,
}

/// What must come back.
#[derive(Clone, Debug)]
pub enum Expected {
    /// One of these, to the letter.
    Exactly(Vec<(u16, Value)>),
    /// The parameters are in order; the answer is the action's own.
    Taken,
    /// It is no HTTP: one of these statuses with an empty body, or an end without an answer.
    Broken(&'static [u16]),
    /// This status, and no body.
    Bare(u16),
}

pub fn exactly(status: u16, body: Value) -> Expected {
    Expected::Exactly(vec![(status, body)])
}

pub fn in_query(sentence: &str) -> Expected {
    exactly(400, json!({ "success": false, "errorType": "error-invalid-params", "error": sentence }))
}

pub fn in_body(sentence: &str) -> Expected {
    exactly(400, json!({ "success": false, "errorType": "invalid-params", "error": sentence }))
}

pub fn not_json() -> Expected {
    in_body("Invalid JSON body")
}

pub fn four_words(status: u16, sentence: &str) -> Expected {
    exactly(status, json!({ "success": false, "status": "error", "error": sentence, "message": sentence }))
}

pub fn plain(status: u16, sentence: &str) -> Expected {
    exactly(status, json!({ "success": false, "error": sentence }))
}

/// A sign-in that fails, by password or by token.
fn signs_nobody_in() -> Expected {
    let say = |message: &str| {
        (401, json!({ "success": false, "status": "error", "error": "Unauthorized", "message": message }))
    };
    Expected::Exactly(vec![
        say("Unauthorized"),
        say("You've been logged out by the server. Please log in again."),
    ])
}

fn asks_for_a_code() -> Expected {
    let details = json!({ "method": "password", "codeGenerated": false, "availableMethods": [] });
    let error = "TOTP Required [totp-required]";
    exactly(
        400,
        json!({ "success": false, "error": error, "errorType": "totp-required", "details": details }),
    )
}

/// One route of an endpoint, as requests see it.
pub struct Target {
    pub endpoint: Declaration,
    pub route: Route,
}

impl Target {
    /// Every route of every endpoint.
    pub fn all() -> Vec<Self> {
        let endpoints = rollcall_http::declarations_of(Version::V1);
        let of = |endpoint: &Declaration| {
            let routes = endpoint.routes_over_http();
            routes.map(|route| Self { endpoint: endpoint.clone(), route }).collect::<Vec<_>>()
        };
        endpoints.iter().flat_map(of).collect()
    }

    pub fn method(&self) -> &'static str {
        if self.is_call() { "POST" } else { self.route.method.as_str() }
    }

    /// Whether it is a method of the socket protocol, which is called by what its body holds.
    pub fn is_call(&self) -> bool {
        self.route.method == Method::Call
    }

    /// The path; what is variable in it is some text.
    pub fn path(&self) -> String {
        let part = |part: &'static str| if part.starts_with('{') { "x" } else { part };
        let path = self.route.path.split('/').map(part).collect::<Vec<_>>().join("/");
        if self.is_call() { format!("/api/v1/method.call/{path}") } else { path }
    }

    pub fn from(&self) -> From {
        if self.endpoint.rate == Rate::SignIn { From::Stranger } else { From::Administrator }
    }

    pub fn looks_at_query(&self) -> bool {
        looks_at(self.endpoint.query, self.endpoint.query_unknown)
    }

    pub fn looks_at_body(&self) -> bool {
        self.is_call()
            || self.route.method == Method::Post && looks_at(self.endpoint.body, self.endpoint.body_unknown)
    }

    /// Said when nothing is wrong with the parameters.
    pub fn taken(&self) -> Expected {
        if self.endpoint.rate == Rate::SignIn { signs_nobody_in() } else { Expected::Taken }
    }

    /// Said of a body with this fault; where faults are passed over, what is left of it is none.
    pub fn of_body(&self, sentence: &str) -> Expected {
        match self.endpoint.body_unknown {
            _ if self.is_call() => no_call(),
            _ if !self.looks_at_body() => self.taken(),
            Unknown::IgnoredWithFaults => self.taken(),
            _ => in_body(sentence),
        }
    }

    pub fn of_no_json(&self) -> Expected {
        if self.looks_at_body() { not_json() } else { self.taken() }
    }

    /// Said when the query is in order and the body is empty.
    pub fn of_empty_body(&self) -> Expected {
        if self.is_call() {
            return no_call();
        }
        match first_required(self.endpoint.body).filter(|_| self.looks_at_body()) {
            Some(field) => self.of_body(&missing(field)),
            None => self.taken(),
        }
    }

    /// Said when neither is given.
    pub fn of_nothing(&self) -> Expected {
        if let Some(alternatives) = alternatives(self.endpoint.query) {
            return in_query(&alternatives);
        }
        let needed = first_required(self.endpoint.query).filter(|_| self.looks_at_query());
        needed.map_or_else(|| self.of_empty_body(), |field| in_query(&missing(field)))
    }

    /// The same, in a browser in which no second factor was proved.
    pub fn of_nothing_elsewhere(&self) -> Expected {
        match self.of_nothing() {
            Expected::Taken if self.endpoint.step_up.asks_first() => asks_for_a_code(),
            otherwise => otherwise,
        }
    }

    /// A request to this route.
    pub fn case(&self, what: &str, bytes: Vec<u8>, expected: Expected) -> Case {
        let what = format!("{} {}: {what}", self.method(), self.route.path);
        Case { what, bytes, from: self.from(), expected, may_end_connection: false }
    }
}

fn looks_at(fields: &[Field], unknown: Unknown) -> bool {
    !fields.is_empty() || unknown == Unknown::Refused
}

fn first_required(fields: &[Field]) -> Option<&Field> {
    fields.iter().find(|field| field.required)
}

/// Said of none or two of those of which there must be one.
pub fn alternatives(fields: &[Field]) -> Option<String> {
    let names: Vec<_> = fields.iter().filter(|field| field.one_of).map(|field| field.name).collect();
    (!names.is_empty()).then(|| format!("must have exactly one of the properties {}", names.join(", ")))
}

/// Said of a body that calls no method.
pub fn no_call() -> Expected {
    plain(400, "Invalid method call")
}

pub fn missing(field: &Field) -> String {
    format!("must have required property '{}'", field.name)
}

/// A request's bytes, with a body where there is one.
pub fn request(method: &str, target: &str, headers: &[(&str, &[u8])], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        bytes.extend_from_slice(b"Host: x\r\n");
    }
    if !body.is_empty() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding")) {
        bytes.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

pub const JSON: (&str, &[u8]) = ("Content-Type", b"application/json");
pub const FORM: (&str, &[u8]) = ("Content-Type", b"application/x-www-form-urlencoded");
