//! The OpenAPI 3.1 document of both versions of the API, made of the declarations and the types of answers; and a page
//! of it that needs no script.

mod operation;
mod parameters;
mod reference;

use crate::app::Answered;
use crate::compression::{self, Ready};
use crate::endpoint::{Method, Version};
use crate::endpoints::declarations;
use crate::v1::errors;
use crate::v2::problem;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderValue};
use axum::routing::get;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json as value};
use std::sync::LazyLock;

/// Where it is served.
pub const DOCUMENT: &str = "/api/openapi.json";
/// Where its page is.
pub const REFERENCE: &str = "/api/reference";
const STYLE: &str = "/api/reference.css";

/// Not `no-store`: it is the same for everybody, until the server is another.
const KEPT: HeaderValue = HeaderValue::from_static("no-cache");
/// The page has no script, and takes its style from here.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

static WHOLE: LazyLock<Value> = LazyLock::new(make);

/// The document.
pub fn document() -> &'static Value {
    &WHOLE
}

/// Answers anybody. Whoever asks often costs no more than bytes: each body is made once.
pub fn router() -> Router {
    static JSON: LazyLock<Ready> = LazyLock::new(|| Ready::of(document().to_string()));
    static PAGE: LazyLock<Ready> = LazyLock::new(|| Ready::of(reference::page(document())));
    static CSS: LazyLock<Ready> = LazyLock::new(|| Ready::of(include_str!("reference.css")));
    Router::new()
        .route(DOCUMENT, get(async |headers: HeaderMap| served(&JSON, "application/json", &headers)))
        .route(REFERENCE, get(async |headers: HeaderMap| served(&PAGE, "text/html; charset=utf-8", &headers)))
        .route(STYLE, get(async |headers: HeaderMap| served(&CSS, "text/css; charset=utf-8", &headers)))
}

fn served(ready: &Ready, content_type: &'static str, asked: &HeaderMap) -> Answered {
    let mut response = ready.answer(compression::is_taken(asked));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, KEPT);
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    response
}

fn make() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut schemas = settings.for_serialize().into_generator();
    let mut paths = Map::new();
    let mut put = |path: &str, method: Method, operation: Value| {
        let item = paths.entry(path.to_owned()).or_insert_with(|| value!({}));
        item[method.as_str().to_ascii_lowercase()] = operation;
    };
    let mut calls = Vec::new();
    for declaration in declarations() {
        for route in declaration.routes {
            match route.method {
                Method::Call => calls.push((route.path, declaration.summary)),
                Method::Socket => {}
                method => put(route.path, method, operation::operation(&declaration, *route, &mut schemas)),
            }
        }
    }
    put(operation::CALLS, Method::Post, operation::method_call(&calls));
    let refused = schemas.subschema_for::<errors::Body>();
    debug_assert_eq!(refused.as_value()["$ref"], operation::REFUSED);
    value!({
        "openapi": "3.1.0",
        "info": {
            "title": "Rollcall",
            "summary": "Who is signed in, on what and from where; and ending it.",
            "description": "`/api/v1` is Rocket.Chat's wire, as its published clients speak it. `/api/v2` is Rollcall's \
                own: a filter language, cursors, problem documents, receipts.",
            "license": { "name": env!("CARGO_PKG_LICENSE") },
            "version": env!("CARGO_PKG_VERSION"),
        },
        "servers": [{ "url": "/" }],
        "tags": tags(),
        "paths": paths,
        "components": { "schemas": definitions(schemas), "securitySchemes": security_schemes() },
    })
}

fn tags() -> Value {
    value!([
        { "name": Version::V2.name(), "description": "Rollcall's own." },
        { "name": Version::V1.name(), "description": "Rocket.Chat's wire." },
    ])
}

fn definitions(mut schemas: SchemaGenerator) -> Map<String, Value> {
    let mut all = schemas.take_definitions(true);
    all.insert("Problem".into(), value!({
        "type": "object",
        "description": "What is refused (RFC 9457). Some types have more members; docs/reference/problems.md lists all.",
        "properties": {
            "type": { "enum": problem::types(), "description": "Which problem it is." },
            "title": { "type": "string", "description": "What is the matter." },
            "status": { "type": "integer", "description": "The answer's status." },
            "detail": { "type": "string", "description": "What to do." },
        },
        "required": ["type", "title", "status", "detail"],
    }));
    all
}

fn security_schemes() -> Value {
    value!({
        "bearer": { "type": "http", "scheme": "bearer", "description": "A session's or a personal token (v2)." },
        "serviceToken": { "type": "http", "scheme": "bearer", "description": "A service token with this scope (v2)." },
        "userId": { "type": "apiKey", "in": "header", "name": "X-User-Id", "description": "The user's id, with X-Auth-Token." },
        "authToken": { "type": "apiKey", "in": "header", "name": "X-Auth-Token", "description": "The token, with X-User-Id." },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_has_a_name_of_its_own_and_no_reference_leads_nowhere() {
        let mut ids = BTreeSet::new();
        let document = document();
        for item in document["paths"].as_object().unwrap().values() {
            for operation in item.as_object().unwrap().values() {
                let id = operation["operationId"].as_str().unwrap();
                assert!(ids.insert(id), "{id} twice");
            }
        }
        assert!(ids.contains("getSessionsById") && ids.contains("getV1SessionsListAll"), "{ids:?}");
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(document.pointer(reference).is_some(), "{reference}");
        }
    }

    #[test]
    fn the_page_names_every_path_and_schema_and_runs_nothing() {
        let page = reference::page(document());
        for path in document()["paths"].as_object().unwrap().keys() {
            assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
        }
        for name in document()["components"]["schemas"].as_object().unwrap().keys() {
            assert!(page.contains(&format!("id=\"schema-{name}\"")), "{name}");
        }
        assert!(!page.contains("<script") && !page.contains("style=") && !page.contains("http:"), "{page}");
    }
}
