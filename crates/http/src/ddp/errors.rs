//! What each refusal looks like as a method's error, on a socket and in the answer of `method.call`. Beside
//! `v1/errors.rs`, which says the same for HTTP, the only file that knows a code and a sentence.

use crate::refusal::Refusal;
use crate::v1::errors::{step_up_details, step_up_words, wire};
use rollcall_service::{Refusal as Outcome, SignInRefusal};
use serde_json::{Value, json};

/// A code, a sentence (none where it is empty) and details.
struct Words {
    code: Value,
    reason: String,
    details: Option<Value>,
}

fn words(code: impl Into<Value>, reason: impl Into<String>) -> Words {
    Words { code: code.into(), reason: reason.into(), details: None }
}

/// A refusal as a method's error.
pub fn error(refusal: &Refusal) -> Value {
    error_of(words_of(refusal))
}

fn error_of(Words { code, reason, details }: Words) -> Value {
    let named = code.as_str().map_or_else(|| code.to_string(), str::to_owned);
    let message = if reason.is_empty() { format!("[{named}]") } else { format!("{reason} [{named}]") };
    let mut error =
        json!({ "isClientSafe": true, "error": code, "message": message, "errorType": "Meteor.Error" });
    if !reason.is_empty() {
        error["reason"] = json!(reason);
    }
    if let Some(details) = details {
        error["details"] = details;
    }
    error
}

/// Whether a refusal is about the call: then `method.call` gives it inside its answer. The others are about
/// the request that carries the call, and are answered as anywhere over HTTP.
pub const fn is_about_the_call(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::NoSuchCall { .. }
            | Refusal::Schema(..)
            | Refusal::Outcome(
                Outcome::FactorEnrolled
                    | Outcome::FactorNotEnrolled
                    | Outcome::InvalidTotp
                    | Outcome::StepUp(_)
            )
    )
}

fn words_of(refusal: &Refusal) -> Words {
    match refusal {
        Refusal::NoSuchCall { name } => words(404, format!("Method '{name}' not found")),
        Refusal::Schema(..) => words(400, "Match failed"),
        Refusal::NotSignedIn => words("not-authorized", ""),
        Refusal::TooMany { wait } => {
            let seconds = wait.left.as_millis().div_ceil(1_000);
            let reason = format!(
                "Error, too many requests. Please slow down. You must wait {seconds} seconds before trying again."
            );
            let wait_ms = u64::try_from(wait.left.as_millis()).unwrap_or(u64::MAX);
            Words { details: Some(json!({ "timeToReset": wait_ms })), ..words("too-many-requests", reason) }
        }
        Refusal::Outcome(Outcome::FactorEnrolled) => words("error-invalid-user", ""),
        Refusal::Outcome(Outcome::InvalidTotp | Outcome::FactorNotEnrolled) => words("invalid-totp", ""),
        Refusal::Outcome(
            Outcome::StepUp(refusal) | Outcome::SignIn(SignInRefusal::SecondFactor(refusal)),
        ) => {
            let (sentence, code) = step_up_words(refusal.kind);
            Words { details: Some(step_up_details(refusal)), ..words(code, sentence) }
        }
        Refusal::Outcome(Outcome::SignIn(SignInRefusal::Unauthorized)) => words(403, "User not found"),
        Refusal::Outcome(Outcome::SignIn(SignInRefusal::TokenNotLive)) => {
            words(403, "You've been logged out by the server. Please log in again.")
        }
        Refusal::Outcome(Outcome::SignIn(_)) => {
            let body = wire(refusal).body;
            words(body.error(), body.message().unwrap_or_default())
        }
        // As over HTTP, the status for a code.
        _ => {
            let wire = wire(refusal);
            words(wire.status, wire.body.error())
        }
    }
}

/// A stream that there is not.
pub fn no_such_stream(name: &str) -> Value {
    error_of(words(404, format!("Subscription '{name}' not found")))
}

/// Parameters that are not as they have to be.
pub fn match_failed() -> Value {
    error_of(words(400, "Match failed"))
}

/// A stream that the socket's user may not listen to.
pub fn not_allowed() -> Value {
    error_of(words("not-allowed", "Not allowed"))
}
