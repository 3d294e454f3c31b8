//! Every answer that a test hears is held against the OpenAPI document: a status that it does not name, a member that
//! it does not know and a type that is another are failures, whatever the test is about.

use crate::client::Answer;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

type Validators = Mutex<HashMap<String, Arc<Validator>>>;

/// Those that were needed so far, by where their schema stands in the document.
static VALIDATORS: LazyLock<Validators> = LazyLock::new(Validators::default);

/// Panics when the document says otherwise. What is outside the API, or asks with another method than there is, is not
/// in it.
pub fn check(method: &str, path: &str, answer: &Answer) {
    let document = rollcall_http::document();
    let path = path.split('?').next().unwrap_or(path);
    let method = if method == "HEAD" { "get".into() } else { method.to_ascii_lowercase() };
    let items = document["paths"].as_object().unwrap();
    let mut names = items.keys().filter(|name| is_of(name, path) && items[*name][&method].is_object());
    let exact = items.keys().find(|name| **name == path && items[*name][&method].is_object());
    let Some(name) = exact.or_else(|| names.next()) else { return };
    let responses = &items[name][&method]["responses"];
    let status = answer.status.to_string();
    let status = if responses[&status].is_object() { status } else { "default".to_owned() };
    let content = &responses[&status]["content"];
    let content_type = answer.header("content-type").split(';').next().unwrap_or_default();
    let said = format!("{method} {path}: {answer:?}");
    if content.is_null() {
        assert!(answer.text.is_empty(), "there is nothing to say: {said}");
        return;
    }
    let schema = &content[content_type]["schema"];
    assert!(schema.is_object(), "the document knows no such content: {said}");
    let is_json = content_type.ends_with("/json") || content_type.ends_with("+json");
    if !is_json || answer.text.is_empty() {
        return;
    }
    let key = format!("{method} {name} {status}");
    let known = VALIDATORS.lock().unwrap().get(&key).cloned();
    let validator = known.unwrap_or_else(|| {
        let made = Arc::new(validator(schema, document));
        VALIDATORS.lock().unwrap().insert(key, made.clone());
        made
    });
    let faults: Vec<_> = validator.iter_errors(&answer.body).map(|error| error.to_string()).collect();
    assert!(faults.is_empty(), "{faults:#?}\nthe document says otherwise: {said}");
}

fn is_of(name: &str, path: &str) -> bool {
    let (mut parts, mut given) = (name.split('/'), path.split('/'));
    loop {
        match (parts.next(), given.next()) {
            (None, None) => return true,
            (Some(part), Some(given)) if part == given || part.starts_with('{') => {}
            _ => return false,
        }
    }
}

fn validator(schema: &Value, document: &Value) -> Validator {
    let mut schema = whole(schema, document);
    close(&mut schema);
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

/// The schema with all that it refers to in its place. None refers to itself.
fn whole(schema: &Value, document: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                let named = document.pointer(reference.trim_start_matches('#')).unwrap();
                return whole(named, document);
            }
            members.iter().map(|(name, member)| (name.clone(), whole(member, document))).collect()
        }
        Value::Array(items) => items.iter().map(|item| whole(item, document)).collect(),
        other => other.clone(),
    }
}

/// Lets no object have members that the document doesn't name. Problems may.
fn close(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else {
        return schema.as_array_mut().into_iter().flatten().for_each(close);
    };
    let is_object = members.get("properties").is_some_and(Value::is_object);
    let is_problem = is_object && members["properties"]["title"].is_object();
    for (name, member) in members.iter_mut() {
        // Parts of one object are closed with it.
        if !(is_object && matches!(name.as_str(), "anyOf" | "oneOf" | "allOf")) {
            close(member);
        }
    }
    if is_object && !is_problem {
        members.insert("unevaluatedProperties".into(), json!(false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderMap, HeaderValue};

    fn says_otherwise(status: u16, content_type: &'static str, text: &str) -> bool {
        let headers: HeaderMap =
            [(reqwest::header::CONTENT_TYPE, HeaderValue::from_static(content_type))].into_iter().collect();
        let body = serde_json::from_str(text).unwrap_or_default();
        let answer = Answer { status, headers, body, text: text.into() };
        std::panic::catch_unwind(|| check("GET", "/api/v2/stats/live?step=1", &answer)).is_err()
    }

    #[test]
    fn what_the_document_does_not_say_is_found() {
        let point = r#"{"at":"2026-11-24T03:10:00.412Z","live":3}"#;
        let (json, problem) = ("application/json", "application/problem+json");
        assert!(!says_otherwise(200, json, &format!("{{\"items\":[{point}]}}")));
        assert!(says_otherwise(200, json, &format!("{{\"items\":[{point}],\"more\":1}}")));
        assert!(says_otherwise(200, json, &format!("{{\"items\":[{}]}}", point.replace('3', "-3"))));
        assert!(says_otherwise(200, json, &format!("{{\"items\":[{}]}}", point.replace('T', "t t"))));
        assert!(says_otherwise(200, json, "{}"));
        assert!(says_otherwise(201, json, &format!("{{\"items\":[{point}]}}")));
        assert!(says_otherwise(200, "text/plain", "three"));
        let body = r#"{"type":"/problems/bad-range","title":"x","status":400,"detail":"x","more":1}"#;
        assert!(!says_otherwise(400, problem, body));
        assert!(says_otherwise(400, json, body));
    }
}
