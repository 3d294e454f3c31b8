//! `sort`: a JSON object whose keys stand in order of weight, each 1 or -1.

use crate::input::{Top, parse};
use crate::refusal::Refusal;
use rollcall_service::index::{Direction, SortKey};

/// What the parameter asks for; absent, empty and `{}` mean the newest first.
pub fn sort(given: &str) -> Result<Vec<(SortKey, Direction)>, Refusal> {
    if given.is_empty() {
        return Ok(Vec::new());
    }
    let invalid = || Refusal::Sort { given: given.to_owned() };
    let Some(Top::Object(pairs)) = parse(given.as_bytes()) else { return Err(invalid()) };
    let directions = pairs.iter().map(|(_, value)| match value.as_f64() {
        Some(1.0) => Ok(Direction::Ascending),
        Some(-1.0) => Ok(Direction::Descending),
        _ => Err(invalid()),
    });
    let directions = directions.collect::<Result<Vec<_>, _>>()?;
    let keys = pairs.iter().map(|(name, _)| key(name).ok_or(Refusal::SortKeys));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    let doubled = keys.iter().enumerate().any(|(i, key)| keys[..i].contains(key));
    if doubled { Err(invalid()) } else { Ok(keys.into_iter().zip(directions).collect()) }
}

fn key(name: &str) -> Option<SortKey> {
    Some(match name {
        "loginAt" => SortKey::LoginAt,
        "device.name" => SortKey::DeviceName,
        "device.os.name" => SortKey::OsName,
        "device.os.version" => SortKey::OsVersion,
        "_user.name" => SortKey::Name,
        "_user.username" => SortKey::Username,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order() {
        let sorted = sort(r#"{"device.os.name":-1,"_user.name":1,"loginAt":1.0}"#).unwrap();
        assert_eq!(
            sorted,
            [
                (SortKey::OsName, Direction::Descending),
                (SortKey::Name, Direction::Ascending),
                (SortKey::LoginAt, Direction::Ascending)
            ]
        );
        assert!(sort("{}").unwrap().is_empty());
    }

    #[test]
    fn anything_else_is_refused() {
        for given in ["x", "[]", "1", "{", r#"{"loginAt":2}"#, r#"{"loginAt":"1"}"#, r#"{"loginAt":null}"#] {
            assert_eq!(sort(given), Err(Refusal::Sort { given: given.into() }));
        }
        let doubled = r#"{"loginAt":1,"loginAt":-1}"#;
        assert_eq!(sort(doubled), Err(Refusal::Sort { given: doubled.into() }));
        assert_eq!(sort(r#"{"userId":1}"#), Err(Refusal::SortKeys));
        assert_eq!(sort(r#"{"loginat":1}"#), Err(Refusal::SortKeys));
    }
}
