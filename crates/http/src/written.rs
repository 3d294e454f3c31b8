//! JSON as it was written: what reads it may want to know which name came first, and which came twice.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;
use std::fmt;

/// A JSON value as it was written: its objects keep their pairs as they stand, doubled names and order included.
#[derive(Clone, Debug)]
pub enum Written {
    /// An object.
    Object(Vec<(String, Written)>),
    /// Any other value.
    Other(Json),
}

/// Reads a JSON text; `None` when it is none. Of a list nothing is kept: it names no parameters, and may be
/// nested deeper than what is kept may be.
pub fn parse(text: &[u8]) -> Option<Written> {
    if text.trim_ascii_start().starts_with(b"[") {
        let list = serde_json::from_slice(text).ok();
        return list.map(|IgnoredAny| Written::Other(Json::Array(Vec::new())));
    }
    serde_json::from_slice(text).ok()
}

/// Of a doubled name the last value stays.
impl From<Written> for Json {
    fn from(written: Written) -> Self {
        match written {
            Written::Object(pairs) => {
                Self::Object(pairs.into_iter().map(|(name, written)| (name, written.into())).collect())
            }
            Written::Other(json) => json,
        }
    }
}

impl From<Json> for Written {
    fn from(json: Json) -> Self {
        match json {
            Json::Object(fields) => {
                Self::Object(fields.into_iter().map(|(name, json)| (name, json.into())).collect())
            }
            other => Self::Other(other),
        }
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Written;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Written::Object(pairs))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Written, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Written::Other(Json::Array(list)))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Written, E> {
                Ok(Written::Other(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Written, E> {
                Ok(Written::Other(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Written, E> {
                Ok(Written::Other(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Written, E> {
                Ok(Written::Other(value.into()))
            }

            fn visit_str<E>(self, value: &str) -> Result<Written, E> {
                Ok(Written::Other(value.into()))
            }

            fn visit_unit<E>(self) -> Result<Written, E> {
                Ok(Written::Other(Json::Null))
            }
        }
        deserializer.deserialize_any(Reading)
    }
}
