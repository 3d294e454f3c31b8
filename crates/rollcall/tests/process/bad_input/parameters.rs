//! For each endpoint each parameter, wrong in each way that its type can be wrong: in the query, in a form and
//! in JSON. What must be said is told here plainly, by the contract.

use super::case::{
    Case, Expected, FORM, JSON, Target, alternatives, exactly, in_query, missing, no_call, not_json, request,
};
use super::secrets::{self, is_secret};
use rollcall_http::input::{Field, Kind, Unknown};
use rollcall_model::limits;
use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};

const ADDITIONAL: &str = "must NOT have additional properties";
const NUL: &str = "must NOT have NUL characters";

pub fn cases(target: &Target) -> Vec<Case> {
    let mut cases = Vec::new();
    if target.looks_at_query() {
        cases.extend(in_the_query(target));
    } else {
        let odd = format!("{}?count=abc&count[]=1&%zz=%00&=&{}", target.path(), secrets::in_query());
        let bytes = request(target.method(), &odd, &[], b"");
        cases.push(target.case("a query that is not looked at", bytes, target.of_empty_body()));
    }
    if target.is_call() {
        cases.extend(in_calls(target));
    } else if target.looks_at_body() {
        cases.extend(in_a_form(target));
        cases.extend(in_json(target));
    }
    cases
}

/// What is said of a value.
enum Said {
    Wrong(String),
    Fine,
    /// The whole text is no JSON.
    NotJson,
}
use Said::{Fine, NotJson};

fn wrong(sentence: &str) -> Said {
    Said::Wrong(sentence.into())
}

fn must_be(kind: Kind) -> Said {
    let what = match kind {
        Kind::Number => "number",
        Kind::Text(_) | Kind::Any => "string",
        Kind::Instant => "an instant such as 2026-11-01T08:15Z",
        Kind::Boolean => "boolean",
        Kind::List | Kind::Objects => "array",
        Kind::Object | Kind::Fields(_) => "object",
    };
    Said::Wrong(format!("must be {what}"))
}

fn more_than(count: usize, of: &str) -> Said {
    Said::Wrong(format!("must NOT have more than {count} {of}"))
}

/// Values as a query and a form write them.
fn flat(kind: Kind) -> Vec<(String, Said)> {
    let all = |texts: &[&str], said: fn(Kind) -> Said| -> Vec<_> {
        texts.iter().map(|text| ((*text).to_owned(), said(kind))).collect()
    };
    match kind {
        Kind::Number => {
            let no_number = [
                "",
                "abc",
                "NaN",
                "inf",
                "Infinity",
                "0x10",
                "1,5",
                "true",
                "1_0",
                "--1",
                "1e",
                "+1",
                "1%20",
                "%00",
                "%D9%A3",
                "%22%31%22",
                "null",
                "[1]",
                "%ff",
                ".",
                "1.2.3",
            ];
            let mut values = all(&no_number, must_be);
            values.extend(all(&["-1", "-0.5", "-1e300", "-1e400"], |_| wrong("must be >= 0")));
            values.extend(all(&["1e400", "1.9", "%31", "99999999999999999999", "-0", "%2B5"], |_| Fine));
            values
        }
        Kind::Instant => {
            let no_instant = [
                "",
                "7d",
                "now",
                "1",
                "2026",
                "2026-13-01",
                "2026-11-01T25:00Z",
                "2026-11-01%00",
                "%ff",
                "-1",
            ];
            let mut values = all(&no_instant, must_be);
            values.extend(all(&["2026-11-01", "9999-12-31T23:59:59Z", "2026-11-01T08:15%2B01:00"], |_| Fine));
            values
        }
        Kind::Boolean => {
            let mut values =
                all(&["", "True", "FALSE", "1", "0", "yes", "null", "true%00", "%20true"], must_be);
            values.extend(all(&["true"], |_| Fine));
            values
        }
        Kind::Text(chars) => {
            let mut values = all(&["%00", "a%00b"], |_| wrong(NUL));
            // A broken escape stays as typed, what is no UTF-8 is replaced: half a surrogate pair too.
            values.extend(all(&["%zz", "%", "%4", "%ff%fe", "%c3", "%ED%A0%80", "%F4%90%80%80"], |_| Fine));
            values.push(("x".repeat(chars + 1), more_than(chars, "characters")));
            values.push(("%C3%A9".repeat(chars + 1), more_than(chars, "characters")));
            values.push(("%F0%9F%A6%80".repeat(chars), Fine));
            // Ten kibibytes: longer than any text may be.
            values.push(("(a*)*".repeat(2_048), more_than(chars, "characters")));
            values
        }
        Kind::List | Kind::Object | Kind::Fields(_) | Kind::Objects => {
            all(&["", "a", "[]", "{}", "null"], must_be)
        }
        Kind::Any => all(&["", "%00", "%ff", "%zz"], |_| Fine),
    }
}

/// Values as JSON writes them.
fn in_json_text(kind: Kind) -> Vec<(Vec<u8>, Said)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let types = [
        "null",
        "true",
        "1",
        "1.5",
        "-1",
        "\"\"",
        "\"1\"",
        "\"true\"",
        "[]",
        "[\"x\"]",
        "[1]",
        "{}",
        "{\"a\":1}",
    ];
    let said = |value: &str| match kind {
        Kind::Any => Fine,
        Kind::Number if value == "-1" => wrong("must be >= 0"),
        Kind::Number if ["1", "1.5"].contains(&value) => Fine,
        Kind::Boolean if value == "true" => Fine,
        Kind::Text(_) if value.starts_with('"') => Fine,
        Kind::List if value == "[1]" => wrong("must be string"),
        Kind::Objects if ["[\"x\"]", "[1]"].contains(&value) => wrong("must be object"),
        Kind::List | Kind::Objects if value.starts_with('[') => Fine,
        Kind::Object | Kind::Fields(_) if value.starts_with('{') => Fine,
        _ => must_be(kind),
    };
    let mut values: Vec<_> = types.iter().map(|value| (text(value), said(value))).collect();
    let quoted = |inner: &str| format!("\"{inner}\"").into_bytes();
    match kind {
        Kind::Text(chars) => {
            values.push((quoted("a\\u0000b"), wrong(NUL)));
            values.push((quoted(&"x".repeat(chars + 1)), more_than(chars, "characters")));
            values.push((quoted(&"\u{1f980}".repeat(chars + 1)), more_than(chars, "characters")));
            values.push((quoted(&"\u{1f980}".repeat(chars)), Fine));
            values.push((quoted(&"(a*)*".repeat(2_048)), more_than(chars, "characters")));
        }
        Kind::List => {
            let long = "x".repeat(limits::TEXT_CHARS + 1);
            let many = vec!["\"x\""; limits::LIST_ITEMS + 1].join(",");
            values.push((text("[\"\\u0000\"]"), wrong(NUL)));
            values.push((text("[null]"), wrong("must be string")));
            values.push((text("[[\"x\"]]"), wrong("must be string")));
            values.push((text(&format!("[\"{long}\"]")), more_than(limits::TEXT_CHARS, "characters")));
            values.push((text(&format!("[{many}]")), more_than(limits::LIST_ITEMS, "items")));
        }
        Kind::Object => {
            let long = "x".repeat(limits::OBJECT_BYTES);
            values.push((text(&format!("{{\"a\":\"{long}\"}}")), more_than(limits::OBJECT_BYTES, "bytes")));
        }
        // Each of them, wrong in each way, and given twice.
        Kind::Fields(fields) => {
            for field in fields {
                for (value, said) in in_json_text(field.kind) {
                    values.push((object(&[pair(field.name, &value)]), said));
                }
                values.push((object(&[good_json(field), good_json(field)]), must_be(field.kind)));
            }
            values.push((text(r#"{"nope":{"$gt":""}}"#), Fine));
        }
        Kind::Objects => {
            let many = vec!["{}"; limits::LIST_ITEMS + 1].join(",");
            values.push((text(&format!("[{many}]")), more_than(limits::LIST_ITEMS, "items")));
            values.push((text("[{},null]"), wrong("must be object")));
        }
        Kind::Number | Kind::Instant | Kind::Boolean | Kind::Any => {}
    }
    let broken = ["\\ud800", "\\udc00", "\\ud800\\u0041", "\\ud83e\\ud83e", "\u{1}", "\\x41", "\\u12"];
    values.extend(broken.iter().map(|inner| (quoted(inner), NotJson)));
    values.push((b"\"\xff\"".to_vec(), NotJson));
    values.push((b"\"\xed\xa0\x80\"".to_vec(), NotJson));
    for no_value in ["1e400", "-1e400", "NaN", "Infinity", "01", ".5", "'x'", "undefined", "True", ""] {
        values.push((text(no_value), NotJson));
    }
    values.push((text(&format!("{}{}", "[".repeat(200), "]".repeat(200))), NotJson));
    values
}

/// A value that is right by its type, different each time.
fn good(field: &Field) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    match field.kind {
        Kind::Number => "1".into(),
        Kind::Instant => "\"2026-11-01T08:15Z\"".into(),
        Kind::Boolean => "true".into(),
        Kind::List => "[\"x\"]".into(),
        Kind::Objects => "[{}]".into(),
        Kind::Object | Kind::Fields(_) => "{}".into(),
        Kind::Text(_) | Kind::Any if is_secret(field.name) => format!("\"{}\"", secrets::PASSWORD),
        Kind::Text(_) | Kind::Any => format!("\"x{number}\""),
    }
}

fn good_flat(field: &Field) -> String {
    format!("{}={}", field.name, good(field).trim_matches('"'))
}

fn good_json(field: &Field) -> Vec<u8> {
    pair(field.name, good(field).as_bytes())
}

fn pair(name: &str, value: &[u8]) -> Vec<u8> {
    [format!("\"{name}\":").as_bytes(), value].concat()
}

fn object(pairs: &[Vec<u8>]) -> Vec<u8> {
    [b"{", &*pairs.join(&b','), b"}"].concat()
}

/// The required fields but one, each in order; and the first of those of which there must be one, unless it is
/// of these.
fn beside<'a>(fields: &'a [Field], field: Option<&'a Field>) -> impl Iterator<Item = &'a Field> {
    let first = fields.iter().find(|other| other.one_of).filter(|_| field.is_none_or(|field| !field.one_of));
    let required = fields.iter().filter(move |other| other.required && Some(*other) != field);
    required.chain(first)
}

/// Names that no endpoint has, one of them nearly.
fn unknown_names(fields: &[Field]) -> Vec<String> {
    let upper = fields.iter().map(|field| field.name.to_uppercase());
    ["nope", "", "__proto__", "where[$gt]"].map(str::to_owned).into_iter().chain(upper.take(1)).collect()
}

/// Whether a query or a form can write it.
fn is_flat(field: &Field) -> bool {
    !matches!(field.kind, Kind::List | Kind::Object | Kind::Fields(_) | Kind::Objects)
}

/// `name=value&…` with one thing wrong, and what is said of it.
fn flat_faults(fields: &[Field], unknown: Unknown) -> Vec<(String, Said)> {
    let mut faults = Vec::new();
    let with = |field: Option<&Field>, first: String| {
        let rest = beside(fields, field).filter(|other| is_flat(other)).map(good_flat);
        std::iter::once(first).chain(rest).collect::<Vec<_>>().join("&")
    };
    for field in fields {
        let name = field.name;
        for (value, said) in flat(field.kind) {
            faults.push((with(Some(field), format!("{name}={value}")), said));
        }
        // There is no good one to be doubled of what cannot be written.
        if is_flat(field) {
            let twice = format!("{}&{}", good_flat(field), good_flat(field));
            faults.push((with(Some(field), twice), must_be(field.kind)));
        }
        for part in ["[]", "[a]", "%5B%5D", "[0][b]"] {
            faults.push((with(Some(field), format!("{name}{part}=1")), must_be(field.kind)));
        }
        if field.required {
            let rest: Vec<_> =
                beside(fields, Some(field)).filter(|other| is_flat(other)).map(good_flat).collect();
            faults.push((rest.join("&"), Said::Wrong(missing(field))));
        }
    }
    if let Some(sentence) = alternatives(fields) {
        let all: Vec<_> = fields.iter().filter(|field| field.one_of).map(good_flat).collect();
        for some in [all[..2].join("&"), all.join("&")] {
            faults.push((some, Said::Wrong(sentence.clone())));
        }
    }
    for name in unknown_names(fields) {
        let said = if unknown == Unknown::Refused { wrong(ADDITIONAL) } else { Fine };
        faults.push((with(None, format!("{name}=1")), said));
    }
    if unknown == Unknown::Refused {
        let told = vec![ADDITIONAL; limits::FAULTS].join("\n ");
        faults.push((with(None, "x&".repeat(5_000)), Said::Wrong(told)));
    }
    faults
}

fn in_the_query(target: &Target) -> Vec<Case> {
    let faults = flat_faults(target.endpoint.query, target.endpoint.query_unknown);
    let case = |(query, said): (String, Said)| {
        let expected = match said {
            Said::Wrong(sentence) => in_query(&sentence),
            Fine | NotJson => target.of_empty_body(),
        };
        let bytes = request(target.method(), &format!("{}?{query}", target.path()), &[], b"");
        target.case(&format!("?{query:.60}"), bytes, expected)
    };
    faults.into_iter().map(case).collect()
}

/// The path, with a query that is in order.
fn path(target: &Target) -> String {
    let query: Vec<_> = beside(target.endpoint.query, None).map(good_flat).collect();
    format!("{}?{}", target.path(), query.join("&"))
}

fn in_a_form(target: &Target) -> Vec<Case> {
    let faults = flat_faults(target.endpoint.body, target.endpoint.body_unknown);
    // What needs a list or an object takes no form.
    let unwritable = target.endpoint.body.iter().find(|field| field.required && !is_flat(field));
    let case = |(form, said): (String, Said)| {
        let expected = match said {
            Said::Wrong(sentence) => target.of_body(&sentence),
            Fine | NotJson => unwritable.map_or(target.taken(), |field| target.of_body(&missing(field))),
        };
        let bytes = request(target.method(), &path(target), &[FORM], form.as_bytes());
        target.case(&format!("form {form:.60}"), bytes, expected)
    };
    // An empty form is no body at all.
    faults.into_iter().filter(|(form, _)| !form.is_empty()).map(case).collect()
}

fn in_json(target: &Target) -> Vec<Case> {
    let (fields, unknown) = (target.endpoint.body, target.endpoint.body_unknown);
    let mut bodies = Vec::new();
    let with = |field: Option<&Field>, first: Vec<Vec<u8>>| {
        object(&first.into_iter().chain(beside(fields, field).map(good_json)).collect::<Vec<_>>())
    };
    for field in fields {
        for (value, said) in in_json_text(field.kind) {
            bodies.push((with(Some(field), vec![pair(field.name, &value)]), said));
        }
        bodies.push((with(Some(field), vec![good_json(field), good_json(field)]), must_be(field.kind)));
        if field.required {
            bodies.push((with(Some(field), vec![]), Said::Wrong(missing(field))));
        }
    }
    for name in unknown_names(fields).iter().filter(|name| !name.contains('[')) {
        let said = if unknown == Unknown::Refused { wrong(ADDITIONAL) } else { Fine };
        bodies.push((with(None, vec![pair(name, b"{\"$gt\":\"\"}")]), said));
    }
    bodies.push((with(None, vec![pair("\\ud800", b"1")]), NotJson));
    let case = |(body, said): (Vec<u8>, Said)| -> Case {
        let expected: Expected = match said {
            Said::Wrong(sentence) => target.of_body(&sentence),
            NotJson => not_json(),
            Fine => target.taken(),
        };
        let what = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        target.case(&what, request(target.method(), &path(target), &[JSON], &body), expected)
    };
    bodies.into_iter().map(case).collect()
}

/// A method's parameters, wrong in each way, and calls that are none.
fn in_calls(target: &Target) -> Vec<Case> {
    let name = target.route.path;
    let call = |params: &str| format!(r#"{{"msg":"method","id":"7","method":"{name}","params":{params}}}"#);
    let error = json!({
        "isClientSafe": true, "error": 400, "reason": "Match failed", "message": "Match failed [400]",
        "errorType": "Meteor.Error",
    });
    let message = json!({ "msg": "result", "id": "7", "error": error }).to_string();
    let wrong_type = exactly(400, json!({ "message": message, "success": false }));
    let mut calls = Vec::new();
    for field in target.endpoint.body {
        // No value at all is no fault in a list.
        let values = in_json_text(field.kind).into_iter().filter(|(value, _)| !value.is_empty());
        for (value, said) in values.filter_map(|(value, said)| Some((String::from_utf8(value).ok()?, said))) {
            let expected = match said {
                Said::Wrong(_) => wrong_type.clone(),
                Fine => Expected::Taken,
                NotJson => no_call(),
            };
            calls.push((call(&format!("[{value}]")), expected));
        }
    }
    let none_needed = target.endpoint.body.iter().all(|field| !field.required);
    let nothing = if none_needed { Expected::Taken } else { wrong_type.clone() };
    calls.push((call("[]"), nothing));
    calls.push((call(r#"["x","more","than",{"are":"asked"}]"#), Expected::Taken));
    for params in ["{}", "null", "\"x\"", "7"] {
        calls.push((call(params), no_call()));
    }
    for text in
        ["", "x", "[]", "null", "{}", r#"{"msg":"method","id":"7"}"#, r#"{"method":7,"params":[],"id":"7"}"#]
    {
        calls.push((text.to_owned(), no_call()));
    }
    calls.push((call("[]").replace("\"7\"", "{}"), no_call()));
    calls.push((call("[]").replace(name, "2fa:another"), no_call()));
    let case = |(message, expected): (String, Expected)| {
        let body = json!({ "message": message }).to_string();
        target.case(
            &format!("{message:.80}"),
            request("POST", &target.path(), &[JSON], body.as_bytes()),
            expected,
        )
    };
    let mut cases: Vec<_> = calls.into_iter().map(case).collect();
    for outer in [r#"{"message":7}"#, r#"{"message":null}"#, r#"{"Message":"{}"}"#, r#"{"message":["x"]}"#] {
        cases.push(target.case(outer, request("POST", &target.path(), &[JSON], outer.as_bytes()), no_call()));
    }
    let form = format!("message={}", call("[]").replace('"', "%22"));
    let expected = if none_needed { Expected::Taken } else { wrong_type };
    cases.push(target.case("a form", request("POST", &target.path(), &[FORM], form.as_bytes()), expected));
    cases
}
