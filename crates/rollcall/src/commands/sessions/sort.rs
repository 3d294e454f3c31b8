//! `--sort login,-user`: the order of a list, as a person writes it.

use serde_json::Value;
use std::fmt::Write;
use std::str::FromStr;

/// What a person writes, and what the wire calls it.
const KEYS: [(&str, &str); 6] = [
    ("login", "loginAt"),
    ("user", "_user.username"),
    ("name", "_user.name"),
    ("device", "device.name"),
    ("os", "device.os.name"),
    ("os-version", "device.os.version"),
];

/// An order, as the wire writes it: a JSON object whose keys stand in order of weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort(pub String);

impl FromStr for Sort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut json = String::new();
        let mut before = Vec::new();
        for part in text.split(',').map(str::trim) {
            let (name, direction) = part.strip_prefix('-').map_or((part, 1), |name| (name, -1));
            let Some((name, key)) = KEYS.iter().find(|(known, _)| *known == name) else {
                let known = KEYS.map(|(name, _)| name).join(", ");
                return Err(format!(
                    "`{name}` is no key: expected {known}, each with `-` before it for descending"
                ));
            };
            if before.contains(name) {
                return Err(format!("`{name}` is there twice"));
            }
            before.push(*name);
            let comma = if json.is_empty() { "" } else { "," };
            // Text is always writable.
            let _ = write!(json, "{comma}{}:{direction}", Value::from(*key));
        }
        Ok(Self(format!("{{{json}}}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order() {
        for (given, wire) in [
            ("login", r#"{"loginAt":1}"#),
            ("-login", r#"{"loginAt":-1}"#),
            ("login,-user", r#"{"loginAt":1,"_user.username":-1}"#),
            (
                "-os-version, os,device,name",
                r#"{"device.os.version":-1,"device.os.name":1,"device.name":1,"_user.name":1}"#,
            ),
        ] {
            assert_eq!(given.parse(), Ok(Sort(wire.into())));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for given in ["", ",", "login,", "--login", "+login", "loginAt", "Login", "login,-login", "ip"] {
            assert!(given.parse::<Sort>().is_err(), "{given}");
        }
    }
}
