//! Parameters as declared: which names, of which type, and what is said of anything else.
//!
//! A query's text becomes numbers where a number is declared; a JSON body is taken as it is, with no
//! conversion. A name given twice is refused wherever names are looked at.

mod convert;

use crate::refusal::{Place, Refusal};
use crate::written::{Written, parse};
use bytes::Bytes;
use convert::{convert, expected};
use rollcall_model::{Timestamp, limits};
use serde_json::Value as Json;
use std::borrow::Cow;
use std::collections::HashMap;

/// A parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name; case matters.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether it must be there.
    pub required: bool,
    /// Whether it is one of those of which exactly one must be there.
    pub one_of: bool,
    /// What it means, in a few words; empty where its name says it.
    pub meaning: &'static str,
}

impl Field {
    /// The same, with what it means.
    #[must_use]
    pub const fn meaning(self, meaning: &'static str) -> Self {
        Self { meaning, ..self }
    }
}

/// The types that parameters have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number from 0; a fraction is cut.
    Number,
    /// Text of at most that many characters.
    Text(usize),
    /// A date, or a date and a time, in UTC where it names no zone.
    Instant,
    /// `true` or `false`.
    Boolean,
    /// A list of text.
    List,
    /// A JSON object.
    Object,
    /// A JSON object of these parameters; other names in it are passed over.
    Fields(&'static [Field]),
    /// A list of JSON objects.
    Objects,
    /// Whatever comes; what is made of it says the endpoint.
    Any,
}

/// A parameter that may be left out.
pub const fn optional(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false, one_of: false, meaning: "" }
}

/// A parameter that must be there.
pub const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: true, one_of: false, meaning: "" }
}

/// A parameter of which exactly one must be there, of all that are so declared.
pub const fn one_of(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false, one_of: true, meaning: "" }
}

/// What is made of a name that is not declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// It is refused.
    Refused,
    /// It is passed over.
    Ignored,
    /// It is passed over, and so is whatever else cannot be used: wrong types, doubled names, JSON that is
    /// no object. Only what is no JSON is refused.
    IgnoredWithFaults,
}

/// A set of parameters.
pub trait Input: Sized + Send + Sync {
    /// The names.
    const FIELDS: &'static [Field];
    /// What is made of other names.
    const UNKNOWN: Unknown;

    /// Takes what was given, each value of its declared type.
    fn read(values: Values) -> Self;

    /// From a query or a body. Only what is not looked at does it otherwise.
    fn decode(raw: Raw<'_>) -> Result<Self, Refusal> {
        raw.values(Self::FIELDS, Self::UNKNOWN).map(Self::read)
    }

    /// The filter, where there is one: the ledger's record of a read names it.
    fn filter(&self) -> Option<&str> {
        None
    }

    /// The instant of the past that is asked, where there is one: the record names it too.
    fn as_of(&self) -> Option<Timestamp> {
        None
    }

    /// Whether it resumes a token, which is not counted as a sign-in.
    fn resumes(&self) -> bool {
        false
    }
}

/// No parameters, and none are borne.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl Input for Nothing {
    const FIELDS: &'static [Field] = &[];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(_values: Values) -> Self {
        Self
    }
}

/// Anything at all, not looked at.
#[derive(Clone, Copy, Debug)]
pub struct Whatever;

impl Input for Whatever {
    const FIELDS: &'static [Field] = &[];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(_values: Values) -> Self {
        Self
    }

    fn decode(_raw: Raw<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

/// A body as it came.
#[derive(Clone, Debug)]
pub enum Body {
    /// None, or an empty one.
    Empty,
    /// Said to be JSON.
    Json(Bytes),
    /// Said to be a form.
    Form(Bytes),
    /// Said to be something else.
    Other,
    /// A method's parameters, by place.
    Params(Vec<Json>),
    /// It is not what the route takes; said when it is the body's turn.
    Unusable(Box<Refusal>),
}

/// Parameters as they came.
#[derive(Clone, Copy, Debug)]
pub enum Raw<'a> {
    /// What stands behind the `?`.
    Query(&'a str),
    /// The body.
    Body(&'a Body),
}

/// Values of their declared types, by name. They are few.
#[derive(Debug, Default)]
pub struct Values(Vec<(&'static str, Value)>);

#[derive(Debug)]
enum Value {
    Number(usize),
    Text(String),
    Instant(Timestamp),
    Boolean(bool),
    List(Vec<String>),
    Fields(Values),
    Objects(Vec<Json>),
    Json(Json),
}

impl Values {
    fn take(&mut self, name: &str) -> Option<Value> {
        let place = self.0.iter().position(|(given, _)| *given == name)?;
        Some(self.0.swap_remove(place).1)
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(given, _)| *given == name)
    }

    /// A number.
    pub fn number(&mut self, name: &str) -> Option<usize> {
        if let Some(Value::Number(number)) = self.take(name) { Some(number) } else { None }
    }

    /// Text.
    pub fn text(&mut self, name: &str) -> Option<String> {
        if let Some(Value::Text(text)) = self.take(name) { Some(text) } else { None }
    }

    /// An instant.
    pub fn instant(&mut self, name: &str) -> Option<Timestamp> {
        if let Some(Value::Instant(at)) = self.take(name) { Some(at) } else { None }
    }

    /// A truth value.
    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        if let Some(Value::Boolean(value)) = self.take(name) { Some(value) } else { None }
    }

    /// A list of text.
    pub fn list(&mut self, name: &str) -> Option<Vec<String>> {
        if let Some(Value::List(list)) = self.take(name) { Some(list) } else { None }
    }

    /// The parameters in an object.
    pub fn fields(&mut self, name: &str) -> Option<Values> {
        if let Some(Value::Fields(values)) = self.take(name) { Some(values) } else { None }
    }

    /// A list of objects.
    pub fn objects(&mut self, name: &str) -> Option<Vec<Json>> {
        if let Some(Value::Objects(objects)) = self.take(name) { Some(objects) } else { None }
    }

    /// An object, or whatever was let through.
    pub fn json(&mut self, name: &str) -> Option<Json> {
        if let Some(Value::Json(json)) = self.take(name) { Some(json) } else { None }
    }
}

impl Raw<'_> {
    /// The values, each of its declared type, or what is wrong with them.
    pub fn values(self, fields: &'static [Field], unknown: Unknown) -> Result<Values, Refusal> {
        let place = match self {
            Self::Query(_) => Place::Query,
            Self::Body(_) => Place::Body,
        };
        let given = match self {
            Self::Query(query) => flat(query.as_bytes()),
            Self::Body(Body::Empty) => Vec::new(),
            Self::Body(Body::Form(form)) => flat(form),
            Self::Body(Body::Other) => return Err(Refusal::NotJson),
            Self::Body(Body::Unusable(refusal)) => return Err(Refusal::clone(refusal)),
            // More than are declared are passed over.
            Self::Body(Body::Params(params)) => {
                let named = fields.iter().zip(params);
                named.map(|(field, json)| (field.name.into(), Given::Json(json.clone().into()))).collect()
            }
            Self::Body(Body::Json(json)) => match parse(json).ok_or(Refusal::NotJson)? {
                Written::Object(pairs) => named(pairs),
                Written::Other(_) if unknown == Unknown::IgnoredWithFaults => Vec::new(),
                Written::Other(_) => return Err(Refusal::Schema(place, vec!["must be object".into()])),
            },
        };
        if unknown == Unknown::IgnoredWithFaults {
            return Ok(usable(given, fields));
        }
        check(given, fields, unknown).map_err(|faults| Refusal::Schema(place, faults))
    }
}

enum Given {
    Text(String),
    Json(Written),
}

/// An object's pairs, as parameters.
fn named<'a>(pairs: Vec<(String, Written)>) -> Vec<(Cow<'a, str>, Given)> {
    pairs.into_iter().map(|(name, written)| (name.into(), Given::Json(written))).collect()
}

/// A form's pairs, `+` a space and percent escapes UTF-8; a broken escape stays as typed.
fn flat(text: &[u8]) -> Vec<(Cow<'_, str>, Given)> {
    form_urlencoded::parse(text).map(|(name, value)| (name, Given::Text(value.into_owned()))).collect()
}

fn check(
    given: Vec<(Cow<'_, str>, Given)>,
    fields: &'static [Field],
    unknown: Unknown,
) -> Result<Values, Vec<String>> {
    let mut values = Values::default();
    let mut faults = Vec::new();
    for (name, value) in given {
        if faults.len() >= limits::FAULTS {
            break;
        }
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            match fields.iter().find(|field| is_part_of(&name, field.name)) {
                // `name[]=` and `name[a]=` are lists and objects, which no parameter accepts.
                Some(field) => faults.push(expected(field.kind)),
                None if unknown == Unknown::Refused => {
                    faults.push("must NOT have additional properties".into());
                }
                None => {}
            }
            continue;
        };
        match read(value, field.kind) {
            Err(found) => faults.extend(found),
            Ok(value) => {
                if values.has(field.name) {
                    faults.push(expected(field.kind));
                }
                values.0.push((field.name, value));
            }
        }
    }
    let missing = |field: &&Field| field.required && !values.has(field.name);
    for field in fields.iter().filter(missing) {
        // What was given wrong has been complained of already.
        if faults.is_empty() {
            faults.push(format!("must have required property '{}'", field.name));
        }
    }
    let alternatives = || fields.iter().filter(|field| field.one_of).map(|field| field.name);
    if faults.is_empty()
        && alternatives().next().is_some()
        && alternatives().filter(|name| values.has(name)).count() != 1
    {
        let names = alternatives().collect::<Vec<_>>().join(", ");
        faults.push(format!("must have exactly one of the properties {names}"));
    }
    faults.truncate(limits::FAULTS);
    if faults.is_empty() { Ok(values) } else { Err(faults) }
}

/// A value of its declared type, or what is wrong with it.
fn read(given: Given, kind: Kind) -> Result<Value, Vec<String>> {
    match (given, kind) {
        (Given::Json(Written::Object(pairs)), Kind::Fields(fields)) => {
            check(named(pairs), fields, Unknown::Ignored).map(Value::Fields)
        }
        (given, kind) => convert(given, kind).map_err(|fault| vec![fault]),
    }
}

fn usable(given: Vec<(Cow<'_, str>, Given)>, fields: &'static [Field]) -> Values {
    let mut times: HashMap<Cow<'_, str>, usize> = HashMap::new();
    for (name, _) in &given {
        *times.entry(name.clone()).or_default() += 1;
    }
    let named = |name: &str| fields.iter().find(|field| field.name == name);
    let usable = given.into_iter().filter(|(name, _)| times[name] == 1).filter_map(|(name, value)| {
        let field = named(&name)?;
        Some((field.name, read(value, field.kind).ok()?))
    });
    Values(usable.collect())
}

fn is_part_of(name: &str, field: &str) -> bool {
    name.strip_prefix(field).is_some_and(|rest| rest.starts_with('['))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[Field] = &[
        optional("filter", Kind::Text(5)),
        optional("count", Kind::Number),
        required("id", Kind::Text(20)),
        optional("on", Kind::Boolean),
        optional("roles", Kind::List),
        optional("data", Kind::Fields(&[optional("name", Kind::Text(5)), optional("on", Kind::Boolean)])),
    ];

    fn query(text: &str) -> Result<Values, Refusal> {
        Raw::Query(text).values(FIELDS, Unknown::Refused)
    }

    fn json(text: &'static str) -> Result<Values, Refusal> {
        Raw::Body(&Body::Json(Bytes::from_static(text.as_bytes()))).values(FIELDS, Unknown::Refused)
    }

    fn faults(result: Result<Values, Refusal>) -> String {
        match result {
            Err(Refusal::Schema(_, faults)) => faults.join(" | "),
            Err(other) => format!("{other:?}"),
            Ok(values) => format!("{values:?}"),
        }
    }

    #[test]
    fn queries_are_read_as_declared() {
        for (text, count) in [("50", 50), ("1e3", 1_000), ("1.9", 1), ("1e400", usize::MAX), ("%2B5", 5)] {
            assert_eq!(query(&format!("id=x&count={text}")).unwrap().number("count"), Some(count), "{text}");
        }
        let mut values = query("id=a%20b+c&filter=%zz%4").unwrap();
        assert_eq!(values.text("id").as_deref(), Some("a b c"));
        assert_eq!(values.text("filter").as_deref(), Some("%zz%4"));
    }

    #[test]
    fn what_is_wrong_in_a_query_is_said() {
        for (text, fault) in [
            ("", "must have required property 'id'"),
            ("id=x&count=", "must be number"),
            ("id=x&count=abc", "must be number"),
            ("id=x&count=NaN", "must be number"),
            ("id=x&count=inf", "must be number"),
            ("id=x&count=0x10", "must be number"),
            ("id=x&count=-1", "must be >= 0"),
            ("id=x&count=-0.5", "must be >= 0"),
            ("id=x&count=1&count=2", "must be number"),
            ("id=x&filter[]=a", "must be string"),
            ("id=x&filter[a]=a", "must be string"),
            ("id=x&Filter=a", "must NOT have additional properties"),
            ("id=x&filter=123456", "must NOT have more than 5 characters"),
            ("id=x&filter=a%00", "must NOT have NUL characters"),
            ("id=x&id=y&q=", "must be string | must NOT have additional properties"),
        ] {
            assert_eq!(faults(query(text)), fault, "{text}");
        }
    }

    #[test]
    fn bodies_are_taken_as_they_are() {
        let mut values = json(r#"{"id":"é","count":1.5,"on":true,"roles":["a","b"]}"#).unwrap();
        assert_eq!(values.number("count"), Some(1));
        assert_eq!(values.boolean("on"), Some(true));
        assert_eq!(values.list("roles").unwrap(), ["a", "b"]);
        for (text, fault) in [
            (r#"{"id":null}"#, "must be string"),
            (r#"{"id":1}"#, "must be string"),
            (r#"{"id":"x","count":"1"}"#, "must be number"),
            (r#"{"id":"x","on":"true"}"#, "must be boolean"),
            (r#"{"id":"x","roles":[1]}"#, "must be string"),
            (r#"{"id":"x","roles":"a"}"#, "must be array"),
            (r#"{"id":"x","id":"x"}"#, "must be string"),
            (r#"{"id":"x","iD":"x"}"#, "must NOT have additional properties"),
            (r#"{"id":"\u0000"}"#, "must NOT have NUL characters"),
            ("[]", "must be object"),
            ("null", "must be object"),
            ("3", "must be object"),
            (r#""x""#, "must be object"),
            ("{", "NotJson"),
            (r#"{"id":"x"} x"#, "NotJson"),
            ("", "NotJson"),
            (r#"{"id":"\ud800"}"#, "NotJson"),
        ] {
            assert_eq!(faults(json(text)), fault, "{text}");
        }
        let deep: &'static str = Box::leak(format!(r#"{{"id":{}"#, "[".repeat(100_000)).into_boxed_str());
        assert_eq!(faults(json(deep)), "NotJson");
        let deep = format!(" {}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(faults(json(Box::leak(deep.into_boxed_str()))), "must be object");
    }

    #[test]
    fn an_object_of_parameters_is_read_like_the_body_around_it() {
        let mut values = json(r#"{"id":"x","data":{"name":"é","more":{"a":1,"a":2},"on":false}}"#).unwrap();
        let mut data = values.fields("data").unwrap();
        assert_eq!((data.text("name").as_deref(), data.boolean("on")), (Some("é"), Some(false)));
        for (text, fault) in [
            (r#"{"id":"x","data":[]}"#, "must be object"),
            (r#"{"id":"x","data":null}"#, "must be object"),
            (r#"{"id":"x","data":{"name":7}}"#, "must be string"),
            (r#"{"id":"x","data":{"name":null,"on":1}}"#, "must be string | must be boolean"),
            (r#"{"id":"x","data":{"name":"123456"}}"#, "must NOT have more than 5 characters"),
            (r#"{"id":"x","data":{"name":"a","name":"b"}}"#, "must be string"),
            (r#"{"id":1,"data":{"on":{}}}"#, "must be string | must be boolean"),
            (r#"{"id":"x","data":{},"data":{}}"#, "must be object"),
        ] {
            assert_eq!(faults(json(text)), fault, "{text}");
        }
        assert_eq!(faults(query("id=x&data={}")), "must be object");
        assert_eq!(faults(query("id=x&data[name]=a")), "must be object");
        let many = format!(r#"{{"id":"x","data":{{{}"name":"a"}}}}"#, r#""name":1,"#.repeat(50));
        let many = faults(json(Box::leak(many.into_boxed_str())));
        assert_eq!(many.split(" | ").count(), limits::FAULTS);
    }

    #[test]
    fn faults_are_told_up_to_a_bound() {
        // A mebibyte of them would be answered with more than twenty.
        let many = faults(query(&"x&".repeat(limits::BODY_BYTES / 2)));
        assert_eq!(many.split(" | ").count(), limits::FAULTS);
        assert_eq!(faults(query(&"x&".repeat(limits::FAULTS))), many);
    }

    #[test]
    fn what_cannot_be_used_is_passed_over_where_faults_are() {
        let read = |text: &'static str| {
            let body = Body::Json(Bytes::from_static(text.as_bytes()));
            Raw::Body(&body).values(FIELDS, Unknown::IgnoredWithFaults)
        };
        let mut values = read(r#"{"id":"x","count":"no","on":true,"on":true,"on":true,"other":1}"#).unwrap();
        assert_eq!((values.text("id").as_deref(), values.number("count")), (Some("x"), None));
        assert_eq!(values.boolean("on"), None);
        assert!(read("[1]").is_ok());
        assert!(matches!(read("[1"), Err(Refusal::NotJson)));
    }

    #[test]
    fn a_form_is_flat_text() {
        let form = Body::Form(Bytes::from_static(b"id=x&on=true&count=3"));
        let mut values = Raw::Body(&form).values(FIELDS, Unknown::Refused).unwrap();
        assert_eq!((values.boolean("on"), values.number("count")), (Some(true), Some(3)));
        assert!(matches!(Raw::Body(&Body::Other).values(FIELDS, Unknown::Refused), Err(Refusal::NotJson)));
    }
}
