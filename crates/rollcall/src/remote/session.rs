//! A session as a server lists it.

use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// What an item says. What is `null`, or not there, is empty.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Session {
    /// Its id: by this it is ended.
    pub id: String,
    /// Whose it is.
    pub username: String,
    /// The name to call them by.
    pub name: Option<String>,
    /// `browser`, `mobile` and the like.
    pub device_type: String,
    /// The browser or app.
    pub device_name: String,
    /// Its version.
    pub device_version: String,
    /// The operating system.
    pub os_name: String,
    /// Its version.
    pub os_version: Option<String>,
    /// The host that the sign-in was sent to.
    pub host: String,
    /// The address that it came from.
    pub ip: String,
    /// When it was opened.
    pub login_at: String,
    /// When its token was last shown.
    pub seen_at: Option<String>,
    /// When it ends by itself.
    pub expires_at: String,
    /// The strongest second factor of its user.
    pub factor: Option<String>,
    /// Whether it is the one that asks.
    pub current: Option<bool>,
}

/// The most frequent values of something.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Tally {
    /// The most frequent first.
    pub values: Vec<Count>,
    /// How many others there are.
    pub more: u64,
}

/// A value, and how often it is there.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Count {
    /// The value.
    pub value: String,
    /// How often.
    pub count: u64,
}

/// Who did something.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actor(pub String);

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let text = |pointer| value.pointer(pointer).and_then(serde_json::Value::as_str);
        let named = ["/username", "/service/name", "/kind", "/id", "/service/id"].into_iter().find_map(text);
        named.map(|name| Self(name.into())).ok_or_else(|| D::Error::custom("nobody that is known"))
    }
}
