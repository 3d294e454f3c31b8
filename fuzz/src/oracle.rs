//! What the contract says of a query or a form, told plainly: a second reading to hold the first against.

use rollcall_filter::When;
use rollcall_http::input::{Field, Kind, Unknown};
use rollcall_model::limits;

/// What is wrong with it; nothing when it is taken.
pub fn faults(text: &str, fields: &[Field], unknown: Unknown) -> Vec<String> {
    if unknown == Unknown::IgnoredWithFaults {
        return Vec::new();
    }
    let mut faults = Vec::new();
    let mut taken: Vec<&str> = Vec::new();
    for (name, value) in pairs(text) {
        let of_it = |field: &&Field| name == field.name || name.starts_with(&format!("{}[", field.name));
        match fields.iter().find(|field| field.name == name).or_else(|| fields.iter().find(of_it)) {
            None if unknown == Unknown::Refused => faults.push("must NOT have additional properties".into()),
            None => {}
            Some(field) if name != field.name => faults.push(must_be(field.kind)),
            Some(field) => match fault(&value, field.kind) {
                Some(fault) => faults.push(fault),
                None if taken.contains(&field.name) => faults.push(must_be(field.kind)),
                None => taken.push(field.name),
            },
        }
    }
    let missing = fields.iter().find(|field| field.required && !taken.contains(&field.name));
    if let Some(field) = missing.filter(|_| faults.is_empty()) {
        faults.push(format!("must have required property '{}'", field.name));
    }
    let of_these: Vec<_> = fields.iter().filter(|field| field.one_of).map(|field| field.name).collect();
    let given = of_these.iter().filter(|name| taken.contains(name)).count();
    if faults.is_empty() && !of_these.is_empty() && given != 1 {
        faults.push(format!("must have exactly one of the properties {}", of_these.join(", ")));
    }
    faults.truncate(limits::FAULTS);
    faults
}

fn must_be(kind: Kind) -> String {
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

fn fault(value: &str, kind: Kind) -> Option<String> {
    match kind {
        Kind::Any => None,
        Kind::List | Kind::Object | Kind::Fields(_) | Kind::Objects => Some(must_be(kind)),
        Kind::Instant => (!matches!(When::parse(value), Some(When::At(_)))).then(|| must_be(kind)),
        Kind::Boolean => (!["true", "false"].contains(&value)).then(|| must_be(kind)),
        Kind::Number if !is_number(value) => Some(must_be(kind)),
        Kind::Number => {
            value.parse().is_ok_and(|number: f64| number < 0.0).then(|| "must be >= 0".to_owned())
        }
        Kind::Text(_) if value.contains('\0') => Some("must NOT have NUL characters".into()),
        Kind::Text(chars) => {
            (value.chars().count() > chars).then(|| format!("must NOT have more than {chars} characters"))
        }
    }
}

/// A sign, digits with at most one point in or around them, and a power of ten.
fn is_number(text: &str) -> bool {
    let unsigned = |text: &str| text.strip_prefix(['+', '-']).map_or_else(|| text.to_owned(), str::to_owned);
    let text = unsigned(text);
    let (mantissa, power) = match text.split_once(['e', 'E']) {
        Some((mantissa, power)) => (mantissa, Some(unsigned(power))),
        None => (&*text, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(&mantissa.replacen('.', "", 1)) && power.is_none_or(|power| digits(&power))
}

fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (plain(name), plain(value))
    })
}

/// Without escapes; a broken one stays.
fn plain(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let escaped = (*first == b'%').then(|| behind.get(..2)).flatten().and_then(hex);
        rest = if escaped.is_some() { &behind[2..] } else { behind };
        bytes.push(escaped.unwrap_or(if *first == b'+' { b' ' } else { *first }));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(two: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let value = digit(two[0])? * 16 + digit(two[1])?;
    u8::try_from(value).ok()
}
