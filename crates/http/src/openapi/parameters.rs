//! What an operation takes: in its path, its query, its headers and its body.

use crate::endpoint::{Declaration, Method, Route};
use crate::input::{Field, Kind, Unknown};
use rollcall_model::limits;
use serde_json::{Map, Value, json};

/// No text that is kept holds a NUL.
const NO_NUL: &str = "^[^\\u0000]*$";

/// The names in a path.
pub fn in_path(path: &str) -> impl Iterator<Item = Value> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).map(|name| {
        json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 } })
    })
}

/// A parameter of the query.
pub fn in_query(field: &Field) -> Value {
    let mut parameter = json!({ "name": field.name, "in": "query", "schema": schema(field.kind) });
    if field.required {
        parameter["required"] = json!(true);
    }
    describe(&mut parameter, field);
    parameter
}

/// A header.
pub fn header(name: &str, meaning: &str) -> Value {
    json!({ "name": name, "in": "header", "description": meaning, "schema": { "type": "string" } })
}

/// The body, where one is looked at.
pub fn body(of: &Declaration, route: Route) -> Option<Value> {
    if of.body.is_empty() || !matches!(route.method, Method::Post | Method::Put) {
        return None;
    }
    let schema = object(of.body, of.body_unknown);
    let required = of.body.iter().any(|field| field.required || field.one_of);
    Some(json!({ "required": required, "content": { "application/json": { "schema": schema } } }))
}

fn object(fields: &[Field], unknown: Unknown) -> Value {
    let property = |field: &Field| {
        let mut property = schema(field.kind);
        describe(&mut property, field);
        (field.name.to_owned(), property)
    };
    let mut schema = json!({
        "type": "object",
        "properties": fields.iter().map(property).collect::<Map<_, _>>(),
    });
    let required: Vec<_> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    let one_of: Vec<_> =
        fields.iter().filter(|field| field.one_of).map(|field| json!({ "required": [field.name] })).collect();
    if !one_of.is_empty() {
        schema["oneOf"] = one_of.into();
    }
    if unknown == Unknown::Refused {
        schema["additionalProperties"] = json!(false);
    }
    schema
}

fn describe(of: &mut Value, field: &Field) {
    let what = match (field.meaning, field.one_of) {
        ("", false) => return,
        (meaning, false) => meaning.to_owned(),
        ("", true) => "Exactly one of these is needed.".to_owned(),
        (meaning, true) => format!("{meaning} Exactly one of these is needed."),
    };
    of["description"] = json!(what);
}

fn schema(kind: Kind) -> Value {
    match kind {
        Kind::Number => json!({ "type": "number", "minimum": 0 }),
        Kind::Text(chars) => json!({ "type": "string", "maxLength": chars, "pattern": NO_NUL }),
        Kind::Instant => json!({ "type": "string", "format": "date-time" }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::List => {
            let text = json!({ "type": "string", "maxLength": limits::TEXT_CHARS, "pattern": NO_NUL });
            json!({ "type": "array", "items": text, "maxItems": limits::LIST_ITEMS })
        }
        Kind::Object => json!({ "type": "object" }),
        Kind::Fields(fields) => object(fields, Unknown::Ignored),
        Kind::Objects => {
            json!({ "type": "array", "items": { "type": "object" }, "maxItems": limits::LIST_ITEMS })
        }
        Kind::Any => json!({}),
    }
}
