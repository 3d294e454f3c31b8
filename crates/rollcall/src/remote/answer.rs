//! What an answer means: done, a second factor, come back later, or refused.
//!
//! Whatever a server says is data from outside. No answer makes this fail, and its words are shown only
//! cleaned.

use super::failure::Place;
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
    let is_done = answer.stream.is_some() || answer.status == 204 || body.is_object();
    let failed = |what: String| Meaning::Refused(Kind::Failed.because(what));
    match answer.status {
        200..=299 if is_done => Meaning::Done,
        300..=399 if answer.location.is_some() => failed(format!(
            "{url} leads to {}, where no credentials are taken: name that by --url",
            answer.location.as_deref().unwrap_or_default()
        )),
        200..=399 => failed(no_api(answer, url)),
        _ => Said::of(&body).map_or_else(|| bare(answer, url), |said| said.meaning(answer, url)),
    }
}

/// What a refusal says of itself: a problem document, or, of a sign-in, v1's.
struct Said<'a> {
    /// By what it is known.
    name: &'a str,
    /// What a person is told.
    sentence: String,
    /// Which second factor is wanted.
    method: &'a str,
    /// Whether a code was mailed just now.
    mailed: bool,
    /// Where the filter is wrong.
    place: Option<Place>,
}

impl<'a> Said<'a> {
    fn of(body: &'a Value) -> Option<Self> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let shown = |sentence: &str| clean(sentence, SENTENCE_CHARS);
        if let Some(name) = text("type").and_then(|kind| kind.strip_prefix("/problems/")) {
            let parts = [text("title"), text("detail")].into_iter().flatten();
            let number =
                |name| body.get(name).and_then(Value::as_u64).and_then(|it| usize::try_from(it).ok());
            let place = number("column").zip(number("length"));
            let place = place.map(|(column, length)| Place { filter: String::new(), column, length });
            let mailed = body.get("code_mailed") == Some(&Value::Bool(true));
            let method = text("method").unwrap_or("totp");
            return Some(Self {
                name,
                sentence: shown(&parts.collect::<Vec<_>>().join(": ")),
                method,
                mailed,
                place,
            });
        }
        let sentence = text("message").or(text("error")).or(text("errorType"))?;
        let mut codes = [text("errorType"), text("error")].into_iter().flatten();
        let name = codes.find(|code| What::of(code).is_some()).unwrap_or_default();
        let details = body.get("details").unwrap_or(&Value::Null);
        let method = details.get("method").and_then(Value::as_str).unwrap_or("totp");
        let mailed = details.get("codeGenerated") == Some(&Value::Bool(true));
        Some(Self { name, sentence: shown(sentence), method, mailed, place: None })
    }

    fn meaning(self, answer: &Answer, url: &ServerUrl) -> Meaning {
        if let Some(what) = What::of(self.name) {
            return match self.method.parse() {
                Ok(method) => Meaning::StepUp(Challenge { what, method, mailed: self.mailed }),
                Err(()) => Meaning::Refused(Kind::SecondFactor.because(format!(
                    "{url} wants a second factor that is not known here: {}",
                    clean(self.method, 40)
                ))),
            };
        }
        let kind = match answer.status {
            // A sign-in is refused with it too, and that was not asked wrongly.
            400 if !self.name.is_empty() => Kind::Usage,
            401 => Kind::NotSignedIn,
            403 => Kind::NotPermitted,
            404 if self.name != "no-such-path" => Kind::NotFound,
            429 | 502..=504 => return away(answer, url, Some(&self.sentence)),
            _ => Kind::Failed,
        };
        Meaning::Refused(Failure { place: self.place.map(Box::new), ..kind.because(self.sentence) })
    }
}

/// A refusal that says nothing that is known here.
fn bare(answer: &Answer, url: &ServerUrl) -> Meaning {
    let failure = match answer.status {
        401 => Kind::NotSignedIn.because(format!("{url} does not accept these credentials")),
        403 => Kind::NotPermitted.because(format!("{url} forbids it")),
        404 => Kind::Failed.because(no_api(answer, url)),
        429 | 502..=504 => return away(answer, url, None),
        status => Kind::Failed.because(format!("{url} answered with status {status} and no reason")),
    };
    Meaning::Refused(failure)
}

/// Asked too often, or away for another reason.
fn away(answer: &Answer, url: &ServerUrl, sentence: Option<&str>) -> Meaning {
    let told = answer.retry_after.or_else(|| wait_in(sentence?));
    let again = told.map_or("later".into(), |wait| format!("in {} s", wait.as_secs().max(1)));
    let reason = sentence.map_or(String::new(), |sentence| format!(" ({sentence})"));
    if answer.status == 429 {
        let what = format!("{url} was asked too often{reason}: try again {again}");
        return Meaning::Refused(Kind::Unavailable.because(what));
    }
    let failure = Kind::Unavailable.because(format!("{url} does not answer now{reason}: try again {again}"));
    Meaning::Away { wait: told.unwrap_or(AWAY), failure }
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
            stream: None,
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
        let body = r#"{"type":"/problems/some","title":"Some title","detail":"Do this."}"#;
        for (status, kind) in [
            (302, Kind::Failed),
            (400, Kind::Usage),
            (401, Kind::NotSignedIn),
            (403, Kind::NotPermitted),
            (404, Kind::NotFound),
            (409, Kind::Failed),
            (429, Kind::Unavailable),
            (500, Kind::Failed),
        ] {
            let failure = refused(status, body);
            assert_eq!(failure.kind, kind, "{status}");
            assert!(status == 302 || failure.what.contains("Some title: Do this."), "{failure}");
        }
        assert_eq!(refused(404, r#"{"type":"/problems/no-such-path","title":"x"}"#).kind, Kind::Failed);
        // Of a sign-in.
        assert_eq!(refused(400, r#"{"success":false,"error":"Some sentence"}"#).kind, Kind::Failed);
        assert_eq!(answer(200, "{}"), Meaning::Done);
        assert_eq!(answer(204, ""), Meaning::Done);
        assert!(matches!(answer(503, "<html>"), Meaning::Away { wait: AWAY, .. }));
    }

    #[test]
    fn a_filter_s_fault_has_its_place() {
        let body = r#"{"type":"/problems/bad-filter","title":"t","detail":"d","column":10,"length":6}"#;
        let place = refused(400, body).place.unwrap();
        assert_eq!((place.column, place.length), (10, 6));
        let body = r#"{"type":"/problems/bad-filter","title":"t","column":-1,"length":"x"}"#;
        assert_eq!(refused(400, body).place, None);
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
        let body = r#"{"type":"/problems/step-up-invalid","title":"t","method":"email","code_mailed":true}"#;
        assert_eq!(answer(403, body), wanted(What::Invalid, Method::Email, true));
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
