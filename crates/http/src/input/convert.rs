//! Values as their declared types, or what is wrong with them.

use super::{Given, Kind, Value};
use rollcall_model::limits;
use rollcall_service::index::filter::When;
use serde_json::Value as Json;

/// That a value is of another type than was declared.
pub fn expected(kind: Kind) -> String {
    let what = match kind {
        Kind::Number => "number",
        Kind::Text(_) | Kind::Any => "string",
        Kind::Instant => "an instant such as 2026-11-01T08:15Z",
        Kind::Boolean => "boolean",
        Kind::List | Kind::Objects => "array",
        Kind::Object | Kind::Fields(_) => "object",
    };
    format!("must be {what}")
}

/// A value of its declared type, or what is wrong with it; all but an object of parameters.
pub fn convert(given: Given, kind: Kind) -> Result<Value, String> {
    let json = match given {
        Given::Text(text) => return in_text(text, kind),
        Given::Json(written) => Json::from(written),
    };
    match (json, kind) {
        (Json::String(text), Kind::Text(chars)) => bounded(text, chars),
        (Json::String(text), Kind::Instant) => instant(&text),
        (Json::Number(value), Kind::Number) => number(value.as_f64()),
        (Json::Bool(value), Kind::Boolean) => Ok(Value::Boolean(value)),
        (Json::Array(items), Kind::List) => list(items),
        (Json::Array(items), Kind::Objects) => {
            if items.len() > limits::LIST_ITEMS {
                Err(format!("must NOT have more than {} items", limits::LIST_ITEMS))
            } else if items.iter().all(Json::is_object) {
                Ok(Value::Objects(items))
            } else {
                Err(expected(Kind::Object))
            }
        }
        (json @ Json::Object(_), Kind::Object) => {
            let bytes = limits::OBJECT_BYTES;
            let fits = json.to_string().len() <= bytes;
            if fits { Ok(Value::Json(json)) } else { Err(format!("must NOT have more than {bytes} bytes")) }
        }
        (json, Kind::Any) => Ok(Value::Json(json)),
        (_, kind) => Err(expected(kind)),
    }
}

/// What a query or a form writes.
fn in_text(text: String, kind: Kind) -> Result<Value, String> {
    match kind {
        Kind::Any => Ok(Value::Json(Json::String(text))),
        Kind::Text(chars) => bounded(text, chars),
        Kind::Number => number(looks_like_a_number(&text)),
        Kind::Instant => instant(&text),
        Kind::Boolean if text == "true" || text == "false" => Ok(Value::Boolean(text == "true")),
        kind => Err(expected(kind)),
    }
}

fn bounded(text: String, chars: usize) -> Result<Value, String> {
    in_bounds(text, chars).map(Value::Text)
}

fn in_bounds(text: String, chars: usize) -> Result<String, String> {
    // PostgreSQL keeps no NUL, and nobody's name has one.
    if text.contains('\0') {
        return Err("must NOT have NUL characters".into());
    }
    if text.len() > chars && text.chars().count() > chars {
        return Err(format!("must NOT have more than {chars} characters"));
    }
    Ok(text)
}

/// As the filter language reads it; an age is none.
fn instant(text: &str) -> Result<Value, String> {
    match When::parse(text) {
        Some(When::At(at)) => Ok(Value::Instant(at)),
        _ => Err(expected(Kind::Instant)),
    }
}

fn looks_like_a_number(text: &str) -> Option<f64> {
    let numeric = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    text.parse().ok().filter(|_| numeric)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a fraction is cut, and what is past the greatest number is the greatest number"
)]
fn number(value: Option<f64>) -> Result<Value, String> {
    match value {
        None => Err(expected(Kind::Number)),
        Some(value) if value < 0.0 => Err("must be >= 0".into()),
        Some(value) => Ok(Value::Number(value as usize)),
    }
}

fn list(items: Vec<Json>) -> Result<Value, String> {
    if items.len() > limits::LIST_ITEMS {
        return Err(format!("must NOT have more than {} items", limits::LIST_ITEMS));
    }
    let text = |item| match item {
        Json::String(text) => in_bounds(text, limits::TEXT_CHARS),
        _ => Err(expected(Kind::Text(limits::TEXT_CHARS))),
    };
    items.into_iter().map(text).collect::<Result<_, _>>().map(Value::List)
}
