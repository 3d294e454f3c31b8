//! A session as one reads it.

use crate::clean::clean;
use crate::remote::Session;
use crate::when;
use rollcall_model::Timestamp;

/// A device: its name, and the first number of its version.
pub fn device(session: &Session) -> String {
    named(&session.device_name, session.device_version.split('.').next().unwrap_or_default())
}

/// An operating system with its version.
pub fn system(session: &Session) -> String {
    named(&session.os_name, session.os_version.as_deref().unwrap_or_default())
}

fn named(name: &str, version: &str) -> String {
    format!("{name} {version}").trim().into()
}

/// Whose it is, on what, from where; in one clean line.
pub fn whose(session: &Session) -> String {
    line([session.username.clone(), device(session), system(session), session.ip.clone()])
}

/// The same with since when.
pub fn whose_since(session: &Session, now: Timestamp) -> String {
    let signed_in = when::parse(&session.login_at).map(|at| format!("signed in {}", when::ago(at, now)));
    line([whose(session), signed_in.unwrap_or_default()])
}

fn line<const N: usize>(parts: [String; N]) -> String {
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.map(|part| clean(&part, 400)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::parse;

    #[test]
    fn a_description_is_one_clean_line() {
        let item = br#"{"id":"a","ip":"192.0.2.1","login_at":"2023-05-24T00:25:54.234Z","username":"ann",
            "device_name":"Chrome","device_version":"125.0.1","os_name":"\u001b[2J"}"#;
        let now = when::parse("2023-05-24T03:26:00.000Z").unwrap();
        let text = whose_since(&parse(item).unwrap(), now);
        assert_eq!(text, "ann, Chrome 125, \u{fffd}[2J, 192.0.2.1, signed in 3 h ago");
        assert_eq!(whose_since(&Session::default(), now), "");
    }
}
