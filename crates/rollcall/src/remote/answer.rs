//! What an answer means: done, a second factor, come back later, or refused.
//!
//! Whatever a server says is data from outside. No answer makes this fail, and its words are shown only
//! cleaned.

use super::http::Answer;
use super::step_up::{Challenge, What};
use super::{Failure, Kind, ServerUrl};
use crate::clean::clean;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// Characters of a server's sentence that are shown.
const SENTENCE_CHARS: usize = 300;
/// How long a server is away when it does not say.
const AWAY: Duration = Duration::from_secs(1);

/// What an answer means.
#[derive(Debug, PartialEq)]
pub enum Meaning {
    /// It is done.
    Done,
    /// A second factor is wanted.
    StepUp(Challenge),
    /// Not now.
    Away {
        /// For how long to stay away.
        wait: Duration,
        /// What to say of it.
        failure: Failure,
    },
    /// It is not done.
    Refused(Failure),
}

/// What an answer of the server at an address means.
pub fn meaning(answer: &Answer, url: &ServerUrl) -> Meaning {
    // What is no JSON has no fields; that it is none is told below.
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let sentence = text("message").or_else(|| text("error")).filter(|sentence| !sentence.is_empty());
    let sentence = sentence.map(|sentence| clean(sentence, SENTENCE_CHARS));
    let code = [text("errorType"), text("error")];
    let has_code = |known: &str| code.contains(&Some(known));
    let refused = |kind: Kind, what: String| Meaning::Refused(kind.because(what));
    match answer.status {
        200..=299 if body.is_object() && body.get("success") != Some(&Value::Bool(false)) => Meaning::Done,
        200..=299 => refused(Kind::Failed, sentence.unwrap_or_else(|| no_api(answer, url))),
        300..=399 => refused(
            Kind::Failed,
            match &answer.location {
                Some(to) => {
                    format!("{url} leads to {to}, where no credentials are taken: name that by --url")
                }
                None => no_api(answer, url),
            },
        ),
        400 | 401 if What::of(code.into_iter().flatten()).is_some() => {
            let what = What::of(code.into_iter().flatten()).unwrap_or(What::Required);
            let details = body.get("details").unwrap_or(&Value::Null);
            let method = details.get("method").and_then(Value::as_str).unwrap_or("totp");
            let mailed = details.get("codeGenerated") == Some(&Value::Bool(true));
            match method.parse() {
                Ok(method) => Meaning::StepUp(Challenge { what, method, mailed }),
                Err(()) => refused(
                    Kind::SecondFactor,
                    format!("{url} wants a second factor that is not known here: {}", clean(method, 40)),
                ),
            }
        }
        401 if has_code("Unauthorized") || sentence.is_none() => {
            refused(Kind::NotSignedIn, format!("{url} does not accept these credentials"))
        }
        401 => refused(Kind::NotSignedIn, sentence.unwrap_or_default()),
        403 => refused(Kind::NotPermitted, sentence.unwrap_or_else(|| format!("{url} forbids it"))),
        404 if sentence.is_some() && !sentence.as_deref().is_some_and(|it| it.contains("endpoint")) => {
            refused(Kind::NotFound, sentence.unwrap_or_default())
        }
        404 => refused(Kind::Failed, no_api(answer, url)),
        429 => {
            let wait = answer.retry_after.or_else(|| wait_in(sentence.as_deref()?));
            let wait = wait.map_or("later".into(), |wait| format!("in {} s", wait.as_secs()));
            refused(Kind::Unavailable, format!("{url} was asked too often: try again {wait}"))
        }
        502..=504 => {
            let wait = answer.retry_after.unwrap_or(AWAY);
            let what = format!("{url} does not answer now: try again in {} s", wait.as_secs().max(1));
            Meaning::Away { wait, failure: Kind::Unavailable.because(what) }
        }
        status => refused(
            Kind::Failed,
            sentence.unwrap_or_else(|| format!("{url} answered with status {status} and no reason")),
        ),
    }
}

/// A body as what it should be.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    // The reason itself may quote what stands there, a token among it; its place does not.
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Kind::Failed
            .because(format!("the server's answer is not what the API says, at line {line}, column {column}"))
    })
}

fn no_api(answer: &Answer, url: &ServerUrl) -> String {
    let media_type = answer.media_type.split(';').next().unwrap_or_default().trim();
    let with = if media_type.is_empty() { "something".into() } else { clean(media_type, 40) };
    format!(
        "{url} answered with status {} and {with} that is not of this API: is the address right?",
        answer.status
    )
}

/// "You must wait N seconds".
fn wait_in(sentence: &str) -> Option<Duration> {
    let (_, rest) = sentence.split_once("wait ")?;
    rest.split(' ').next()?.parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::super::step_up::Method;
    use super::*;

    fn answer(status: u16, body: &str) -> Meaning {
        let answer = Answer {
            status,
            retry_after: None,
            media_type: "text/html; charset=utf-8".into(),
            location: None,
            body: body.into(),
        };
        meaning(&answer, &ServerUrl::default())
    }

    fn refused(status: u16, body: &str) -> Failure {
        match answer(status, body) {
            Meaning::Refused(failure) => failure,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn statuses_have_their_kind() {
        let body = r#"{"success":false,"error":"Some sentence"}"#;
        for (status, kind) in [
            (200, Kind::Failed),
            (302, Kind::Failed),
            (400, Kind::Failed),
            (401, Kind::NotSignedIn),
            (403, Kind::NotPermitted),
            (404, Kind::NotFound),
            (429, Kind::Unavailable),
            (500, Kind::Failed),
        ] {
            assert_eq!(refused(status, body).kind, kind, "{status}");
        }
        assert_eq!(answer(200, r#"{"success":true}"#), Meaning::Done);
        assert!(matches!(answer(503, "<html>"), Meaning::Away { wait: AWAY, .. }));
    }

    #[test]
    fn an_answer_that_is_no_json_is_said_to_be_none() {
        for body in ["<html>", "", "{\"success\":tr", "[]", "\"x\"", "null", "\u{0}"] {
            let failure = refused(200, body);
            assert!(failure.kind == Kind::Failed && failure.what.contains("text/html"), "{failure}");
            for status in [301, 400, 401, 403, 404, 418, 429, 500, 999] {
                assert!(!refused(status, body).what.is_empty());
            }
        }
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(refused(200, &deep).what.contains("text/html"));
    }

    #[test]
    fn a_server_s_words_are_cleaned_and_short() {
        let long = format!(r#"{{"error":"\u001b[31m{}"}}"#, "a".repeat(10_000));
        let failure = refused(400, &long);
        assert!(failure.what.chars().count() <= SENTENCE_CHARS && !failure.what.contains('\u{1b}'));
    }

    #[test]
    fn fields_of_wrong_types_are_as_none() {
        for body in [
            r#"{"error":5,"errorType":[],"details":7}"#,
            r#"{"error":{},"message":null}"#,
            r#"{"error":403,"status":1}"#,
        ] {
            assert!(refused(400, body).what.contains("status 400"));
            assert_eq!(refused(401, body).kind, Kind::NotSignedIn);
        }
    }

    #[test]
    fn a_second_factor_is_known_at_both_statuses() {
        let wanted = |what, method, mailed| Meaning::StepUp(Challenge { what, method, mailed });
        let body = r#"{"error":"TOTP Required [totp-required]","errorType":"totp-required","details":{"method":"password"}}"#;
        assert_eq!(answer(400, body), wanted(What::Required, Method::Password, false));
        let body = r#"{"error":"totp-invalid","details":{"method":"email","codeGenerated":true}}"#;
        assert_eq!(answer(401, body), wanted(What::Invalid, Method::Email, true));
        let body = r#"{"errorType":"totp-max-attempts","details":"none"}"#;
        assert_eq!(answer(400, body), wanted(What::MaxAttempts, Method::Totp, false));
        let body = r#"{"errorType":"totp-required","details":{"method":"\u001b[1mretina"}}"#;
        let failure = refused(400, body);
        assert!(failure.kind == Kind::SecondFactor && !failure.what.contains('\u{1b}'), "{failure}");
    }

    #[test]
    fn the_time_to_wait_is_told() {
        let body =
            r#"{"error":"Error, too many requests. Please slow down. You must wait 42 seconds before"}"#;
        assert!(refused(429, body).what.ends_with("in 42 s"));
        assert!(refused(429, "{}").what.ends_with("later"));
    }

    #[test]
    fn what_cannot_be_parsed_is_not_quoted() {
        #[derive(Debug, serde::Deserialize)]
        struct Wanted {
            #[expect(dead_code, reason = "only its type matters")]
            number: u64,
        }
        let failure = parse::<Wanted>(br#"{"number":"a secret"}"#).unwrap_err();
        assert!(!failure.what.contains("secret") && failure.what.contains("line 1"), "{failure}");
    }
}
