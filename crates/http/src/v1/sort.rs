//! `sort`: a JSON object whose keys stand in order of weight, each 1 or -1.

use crate::refusal::Refusal;
use crate::written::{Written, parse};
use rollcall_service::index::Direction;

/// What the parameter asks for, of the keys that `key` knows; absent, empty and `{}` give none, which means
/// the endpoint's own order.
pub fn sort<K: PartialEq>(
    given: &str,
    key: impl Fn(&str) -> Option<K>,
) -> Result<Vec<(K, Direction)>, Refusal> {
    if given.is_empty() {
        return Ok(Vec::new());
    }
    let invalid = || Refusal::Sort { given: given.to_owned() };
    let Some(Written::Object(pairs)) = parse(given.as_bytes()) else { return Err(invalid()) };
    let directions = pairs.iter().map(|(_, value)| match value {
        Written::Other(value) if value.as_f64() == Some(1.0) => Ok(Direction::Ascending),
        Written::Other(value) if value.as_f64() == Some(-1.0) => Ok(Direction::Descending),
        _ => Err(invalid()),
    });
    let directions = directions.collect::<Result<Vec<_>, _>>()?;
    let keys = pairs.iter().map(|(name, _)| key(name).ok_or(Refusal::SortKeys));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    let doubled = keys.iter().enumerate().any(|(i, key)| keys[..i].contains(key));
    if doubled { Err(invalid()) } else { Ok(keys.into_iter().zip(directions).collect()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(given: &str) -> Result<Vec<(String, Direction)>, Refusal> {
        sort(given, |name| Some(name.to_owned()).filter(|name| name.starts_with("known")))
    }

    #[test]
    fn keys_keep_their_order() {
        let sorted = parsed(r#"{"known.b":-1,"known.c":1,"known.a":1.0}"#).unwrap();
        let expected =
            [("b", Direction::Descending), ("c", Direction::Ascending), ("a", Direction::Ascending)];
        assert_eq!(sorted, expected.map(|(name, direction)| (format!("known.{name}"), direction)));
        assert!(parsed("{}").unwrap().is_empty() && parsed("").unwrap().is_empty());
    }

    #[test]
    fn anything_else_is_refused() {
        for given in ["x", "[]", "1", "{", r#"{"known":2}"#, r#"{"known":"1"}"#, r#"{"known":null}"#] {
            assert_eq!(parsed(given), Err(Refusal::Sort { given: given.into() }));
        }
        let doubled = r#"{"known":1,"known":-1}"#;
        assert_eq!(parsed(doubled), Err(Refusal::Sort { given: doubled.into() }));
        assert_eq!(parsed(r#"{"other":1}"#), Err(Refusal::SortKeys));
    }
}
