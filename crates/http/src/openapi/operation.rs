//! One operation: who may call it, what it takes, and all that it may answer.

use super::parameters::{body, header, in_path, in_query};
use crate::answer::{Content, Form};
use crate::endpoint::{Declaration, Route, StepUp, Version, Who};
use crate::guard;
use crate::refusal::Refusal;
use crate::v1::errors::wire;
use crate::v2::problem::problem;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Where methods of the socket protocol are called over HTTP.
pub const CALLS: &str = "/api/v1/method.call/{method}";
/// The schema of v1's refusals.
pub const REFUSED: &str = "#/components/schemas/Refused";
const PROBLEM: &str = "#/components/schemas/Problem";

/// An endpoint on one of its routes.
pub fn operation(of: &Declaration, route: Route, schemas: &mut SchemaGenerator) -> Value {
    let mut parameters: Vec<_> = in_path(route.path).collect();
    parameters.extend(of.query.iter().map(in_query));
    if of.step_up != StepUp::No {
        parameters.push(header("x-2fa-method", "The second factor's method: `totp`, `email` or `password`."));
        parameters.push(header("x-2fa-code", "The second factor's code."));
    }
    let mut operation = json!({
        "operationId": id(route),
        "summary": of.summary,
        "description": description(of),
        "tags": [of.version().name()],
        "parameters": parameters,
        "responses": responses(of, schemas),
        "security": security(of),
    });
    if let Some(body) = body(of, route) {
        operation["requestBody"] = body;
    }
    operation
}

/// All methods of the socket protocol, as one.
pub fn method_call(calls: &[(&str, &str)]) -> Value {
    let names: Vec<_> = calls.iter().map(|(name, _)| name).collect();
    let each = calls.iter().map(|(name, summary)| format!("- `{name}`: {summary}."));
    let described = format!("A method of the socket protocol:\n{}", each.collect::<Vec<_>>().join("\n"));
    let message = json!({ "type": "string", "description": "JSON: `msg`, `id`, `method`, `params`." });
    let answer = json!({
        "type": "object",
        "properties": { "message": { "type": "string" }, "success": { "type": "boolean" } },
        "required": ["message", "success"],
    });
    let refusal = json!({ "anyOf": [answer, { "$ref": REFUSED }] });
    json!({
        "operationId": "postV1MethodCall",
        "summary": "Call a method of the socket protocol",
        "description": described,
        "tags": [Version::V1.name()],
        "parameters": [{
            "name": "method", "in": "path", "required": true, "schema": { "type": "string", "enum": names },
        }],
        "requestBody": { "required": true, "content": { "application/json": { "schema": {
            "type": "object", "properties": { "message": message }, "required": ["message"],
        } } } },
        "responses": {
            "200": {
                "description": "The method's result, within `message`",
                "content": { "application/json": { "schema": answer } },
            },
            "default": {
                "description": "It was refused",
                "content": { "application/json": { "schema": refusal } },
            },
        },
        "security": [{ "userId": [], "authToken": [] }],
    })
}

/// `GET /api/v2/sessions/{id}` is `getSessionsById`; what is of v1 says so.
fn id(route: Route) -> String {
    let path = route.path.trim_start_matches("/api/").trim_start_matches("v2/");
    let mut id = route.method.as_str().to_ascii_lowercase();
    for word in path.split(['/', '.', '-', '_', '{', '}']).filter(|word| !word.is_empty()) {
        if path.contains(&format!("{{{word}}}")) {
            id.push_str("By");
        }
        let (first, rest) = word.split_at(1);
        id.extend([&*first.to_ascii_uppercase(), rest]);
    }
    id
}

fn description(of: &Declaration) -> String {
    let mut said = Vec::new();
    if let Some((permissions, _)) = of.needs.permissions() {
        let names: Vec<_> =
            permissions.iter().map(|permission| format!("`{}`", permission.as_str())).collect();
        said.push(format!("Needs the permission {}.", names.join(" or ")));
    }
    for (when, permission, _) in &of.of_target {
        said.push(format!("Needs `{}` when {when}.", permission.as_str()));
    }
    let scopes: Vec<_> = of.scopes().iter().map(|scope| format!("`{}`", scope.as_str())).collect();
    if !scopes.is_empty() {
        said.push(format!(
            "A service token with the scope {} opens it, without a second factor.",
            scopes.join(" or ")
        ));
    }
    said.extend(match of.step_up {
        StepUp::No => None,
        StepUp::Within => Some("Asks for a second factor where one is needed.".to_owned()),
        StepUp::Required => Some("Asks for a second factor, unless one is remembered.".to_owned()),
        StepUp::Always => Some("Asks for a second factor anew, whatever is remembered.".to_owned()),
    });
    said.join(" ")
}

fn security(of: &Declaration) -> Value {
    let pair = json!({ "userId": [], "authToken": [] });
    let mut ways = match of.version() {
        Version::V1 => vec![pair],
        Version::V2 => vec![json!({ "bearer": [] }), pair],
    };
    ways.extend(of.scopes().iter().map(|scope| json!({ "serviceToken": [scope.as_str()] })));
    match of.who {
        Who::SignedIn => {}
        Who::Optional => ways.push(json!({})),
        Who::Anyone => ways.clear(),
    }
    ways.into()
}

/// What it may answer, by status. Beside what the guard refuses with there is what only the endpoint finds out: all of
/// that is of one schema.
fn responses(of: &Declaration, schemas: &mut SchemaGenerator) -> Value {
    let mut responses: Map<_, _> =
        (of.answers)().into_iter().map(|form| (form.status.to_string(), good(&form, schemas))).collect();
    let mut refused: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for refusal in guard::refusals(of) {
        let (status, name) = said(&refusal, of.version());
        let names = refused.entry(status).or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for (status, names) in refused {
        responses.insert(status.to_string(), refusal(&names.join(", "), of.version()));
    }
    responses.insert("default".into(), refusal("It is refused for another reason", of.version()));
    responses.into()
}

fn good(form: &Form, schemas: &mut SchemaGenerator) -> Value {
    let mut response = json!({ "description": form.meaning });
    match &form.content {
        Content::None => {}
        Content::Json(schema) => {
            response["content"] = json!({ "application/json": { "schema": schema(schemas) } });
        }
        Content::Text(types) => {
            let types = types.iter().map(|name| {
                let name = name.split(';').next().unwrap_or(name);
                (name.to_owned(), json!({ "schema": { "type": "string" } }))
            });
            response["content"] = Value::Object(types.collect());
        }
    }
    response
}

fn refusal(description: &str, version: Version) -> Value {
    let (content_type, schema) = match version {
        Version::V1 => ("application/json", REFUSED),
        Version::V2 => ("application/problem+json", PROBLEM),
    };
    json!({ "description": description, "content": { content_type: { "schema": { "$ref": schema } } } })
}

/// A refusal's status, and its name.
fn said(refusal: &Refusal, version: Version) -> (u16, String) {
    match version {
        Version::V1 => {
            let wire = wire(refusal);
            let name = wire.body.error_type().unwrap_or_else(|| wire.body.error());
            (wire.status, format!("`{name}`"))
        }
        Version::V2 => {
            let problem = problem(refusal);
            let name = problem.body["type"].as_str().unwrap_or_default();
            (problem.status, format!("`{}`", name.trim_start_matches("/problems/")))
        }
    }
}
