//! What each refusal looks like over HTTP. The only file that knows a status; codes and sentences of methods
//! are in `ddp/errors.rs`.

use crate::endpoint::DeniedAs;
use crate::guard::{WAIT, second_factor};
use crate::refusal::{Place, Refusal};
use rollcall_model::limits;
use rollcall_service::{
    FieldRefusal, MailedCodes, PersonalTokenRefusal, Refusal as Outcome, RoleRefusal, SignInRefusal,
    StepUpKind, StepUpMethod, StepUpRefusal,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// A refusal, ready to be sent.
pub struct Wire {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Body,
    /// For how long to stay away, in seconds.
    pub retry_after_s: Option<u64>,
}

/// A refusal.
#[derive(Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Refused")]
pub struct Body {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Value>,
}

impl Body {
    /// The `error`.
    pub fn error(&self) -> &str {
        &self.error
    }

    /// The `errorType`, where there is one.
    pub fn error_type(&self) -> Option<&'static str> {
        self.error_type
    }

    /// The `message`, where there is one.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

/// A refusal as v1 says it.
pub fn wire(refusal: &Refusal) -> Wire {
    match refusal {
        Refusal::NoSuchPath => status(404, four_words("API endpoint does not exist")),
        Refusal::NoSuchMethod => status(405, four_words("Method not allowed")),
        Refusal::HeadTooLong => status(431, plain("Request head is too large")),
        Refusal::BodyTooLong => status(413, plain("Request body is too large")),
        Refusal::BodyTooSlow => status(408, plain("Request body took too long")),
        Refusal::NotSignedIn => status(401, four_words("You must be logged in to do this.")),
        Refusal::ForeignOrigin | Refusal::InsecureOrigin => {
            status(403, plain("The request is not from a page of this server"))
        }
        Refusal::Denied(denied) => self::denied(*denied),
        Refusal::NotForServices | Refusal::NetworkNotAllowed { .. } => self::denied(DeniedAs::Forbidden),
        Refusal::Schema(place, faults) => {
            let error_type = match place {
                Place::Query | Place::Path => "error-invalid-params",
                Place::Body => "invalid-params",
            };
            status(400, Body { error_type: Some(error_type), ..plain(&faults.join("\n ")) })
        }
        Refusal::NotJson => {
            status(400, Body { error_type: Some("invalid-params"), ..plain("Invalid JSON body") })
        }
        Refusal::TooMany { wait } => {
            let wait_s = wait.seconds();
            let error = format!(
                "Error, too many requests. Please slow down. You must wait {wait_s} seconds before trying \
                 this endpoint again. [error-too-many-requests]"
            );
            Wire { retry_after_s: Some(wait_s), ..status(429, plain(&error)) }
        }
        Refusal::NotAnUpgrade => status(426, plain("A WebSocket (RFC 6455, version 13) is served here")),
        Refusal::NotACall => status(400, plain("Invalid method call")),
        Refusal::NoSuchCall { name } => status(404, plain(&format!("Method '{name}' not found"))),
        Refusal::UserNotFound => status(400, plain("User not found")),
        Refusal::UserUnknown => status(400, plain("User not found.")),
        Refusal::UserIdUnknown => thrown("Invalid user id", "error-invalid-user-id", None),
        Refusal::UserInvalid => thrown("Invalid user", "error-invalid-user", None),
        Refusal::RoleIdUnknown => thrown("Role not found", "error-invalid-roleId", None),
        Refusal::NoSuchPermission => thrown("Invalid permission", "error-invalid-permission", None),
        Refusal::NoSuchRole => thrown("Invalid role", "error-invalid-role", None),
        Refusal::NoDate => thrown("The date is none", "error-roomId-param-invalid", None),
        Refusal::NobodyToMail => thrown("emailOrUsername is required", "error-parameter-required", None),
        Refusal::UserQuery => thrown("Users cannot be looked up by a query", "error-invalid-query", None),
        Refusal::Sort { given } => thrown(
            &format!("Invalid sort parameter provided: \"{given}\""),
            "error-invalid-sort",
            Some(json!({ "helperMethod": "parseJsonQuery" })),
        ),
        // What only endpoints of v2 are refused with.
        Refusal::Facet { .. }
        | Refusal::Format { .. }
        | Refusal::Scope { .. }
        | Refusal::Network { .. }
        | Refusal::Time(_)
        | Refusal::OfThePresent { .. }
        | Refusal::BadCursor
        | Refusal::Range(_) => status(400, plain("error-invalid-params")),
        Refusal::SortKeys => status(400, plain("error-invalid-sort-keys")),
        Refusal::Outcome(outcome) => self::outcome(outcome),
        Refusal::Internal => status(500, plain("Internal server error")),
    }
}

fn denied(denied: DeniedAs) -> Wire {
    match denied {
        DeniedAs::Forbidden => status(
            403,
            plain("User does not have the permissions required for this action [error-unauthorized]"),
        ),
        DeniedAs::Unauthorized => status(403, plain("unauthorized")),
        DeniedAs::ActionNotAllowed { sentence, method, action } => {
            thrown(sentence, "error-action-not-allowed", Some(json!({ "method": method, "action": action })))
        }
    }
}

fn outcome(outcome: &Outcome) -> Wire {
    match outcome {
        Outcome::SessionNotFound => status(404, plain("Session not found")),
        Outcome::SignIn(refusal) => sign_in(refusal),
        Outcome::StepUp(refusal) => step_up(refusal),
        Outcome::TooManyFollowed | Outcome::TooManyStreams => {
            not_now("Too many filters are followed", "error-too-many-streams")
        }
        Outcome::Filter(error) => thrown(&error.to_string(), "error-invalid-filter", None),
        Outcome::FilterTooCostly => {
            thrown("The filter takes too long; make it narrower", "error-filter-too-costly", None)
        }
        Outcome::UserFields(refusal) => fields(refusal),
        Outcome::UserNotNamed => thrown(
            "The required \"userId\" or \"username\" param was not provided",
            "error-user-param-not-provided",
            None,
        ),
        Outcome::NoSuchUser => thrown(
            "The required \"userId\" or \"username\" param provided does not match any users",
            "error-invalid-user",
            None,
        ),
        Outcome::FactorEnrolled => thrown("A factor is enrolled already", "error-invalid-user", None),
        Outcome::AddressNotVerified => {
            thrown("You need to verify your emails before setting up 2FA", "error-invalid-user", None)
        }
        Outcome::InvalidTotp | Outcome::FactorNotEnrolled => {
            thrown("The code enrols no factor", "invalid-totp", None)
        }
        Outcome::LastAdministrator => thrown(
            "Leaving the app without an active admin is not allowed",
            "error-action-not-allowed",
            Some(json!({ "method": "removeUserFromRole", "action": "Remove_last_admin" })),
        ),
        Outcome::Role(refusal) => role(*refusal),
        Outcome::PersonalToken(refusal) => personal_token(*refusal),
        // What only endpoints of v2 are refused with.
        Outcome::AsOf(_)
        | Outcome::Revocation(_)
        | Outcome::ServiceToken(_)
        | Outcome::NothingToVerify
        | Outcome::WrongAddressCode
        | Outcome::TooManyMails(_)
        | Outcome::WrongPassword => status(400, plain("error-invalid-params")),
        Outcome::NoSuchView | Outcome::TooManyViews => thrown("No such view", "error-invalid-view", None),
        Outcome::DiskFull => not_now("The disk is full", "error-disk-full"),
        Outcome::Unavailable => not_now("Service temporarily unavailable", "error-unavailable"),
    }
}

fn not_now(reason: &str, code: &'static str) -> Wire {
    let retry_after_s = Some(limits::RETRY_AFTER.as_secs());
    Wire { status: 503, retry_after_s, ..thrown(reason, code, None) }
}

fn sign_in(refusal: &SignInRefusal) -> Wire {
    let (error, message) = match refusal {
        // Here, and only here, a second factor is 401 and its bare code.
        SignInRefusal::SecondFactor(refusal) => {
            let ((sentence, code), details) = (step_up_words(refusal.kind), step_up_details(refusal));
            let body = Body { details: Some(details), ..plain(code) };
            return status(401, Body { status: Some("error"), message: Some(sentence.into()), ..body });
        }
        SignInRefusal::Unauthorized => ("Unauthorized", "Unauthorized"),
        SignInRefusal::UserNotActive => ("error-user-is-not-activated", "User is not activated"),
        SignInRefusal::BlockedForUser(_) => {
            ("error-login-blocked-for-user", "Login has been temporarily blocked For User")
        }
        SignInRefusal::BlockedForAddress(_) => {
            ("error-login-blocked-for-ip", "Login has been temporarily blocked For IP")
        }
        SignInRefusal::TokenNotLive => {
            ("Unauthorized", "You've been logged out by the server. Please log in again.")
        }
    };
    status(401, Body { status: Some("error"), message: Some(message.into()), ..plain(error) })
}

/// Clients prompt for a code only on 400 with a `details.method` that they know.
fn step_up(refusal: &StepUpRefusal) -> Wire {
    let (sentence, code) = step_up_words(refusal.kind);
    thrown(sentence, code, Some(step_up_details(refusal)))
}

/// Sentence and code.
pub const fn step_up_words(kind: StepUpKind) -> (&'static str, &'static str) {
    match kind {
        StepUpKind::Required => ("TOTP Required", "totp-required"),
        StepUpKind::Invalid => ("TOTP Invalid", "totp-invalid"),
        // The spelling is upstream's, and clients may look for it.
        StepUpKind::MaxAttempts(_) => ("TOTP Maximun Failed Attempts Reached", "totp-max-attempts"),
    }
}

/// What a client needs to know to ask for a code.
pub fn step_up_details(refusal: &StepUpRefusal) -> Value {
    let available: Vec<_> = refusal.available.iter().map(|method| method.as_str()).collect();
    let mailed = &refusal.mailed;
    let mut details = json!({
        "method": refusal.method.as_str(),
        "codeGenerated": mailed.now,
        "availableMethods": available,
    });
    if refusal.method == StepUpMethod::Email {
        details["emailOrUsername"] = json!(refusal.username);
    }
    if !mailed.until.is_empty() {
        let expires: Vec<_> = mailed.until.iter().map(ToString::to_string).collect();
        details["codeCount"] = json!(expires.len());
        details["codeExpires"] = json!(expires);
    }
    details
}

fn role(refusal: RoleRefusal) -> Wire {
    match refusal {
        RoleRefusal::NoSuchUser => thrown("Invalid user", "error-invalid-user", None),
        RoleRefusal::NoSuchRole => thrown("Role not found", "error-role-not-found", None),
        RoleRefusal::HasRole => thrown("User already in role", "error-user-already-in-role", None),
        RoleRefusal::HasNotRole => thrown("User is not in this role", "error-user-not-in-role", None),
        RoleRefusal::LastAdministrator => {
            thrown("You need to have at least one admin", "error-admin-required", None)
        }
    }
}

fn personal_token(refusal: PersonalTokenRefusal) -> Wire {
    match refusal {
        PersonalTokenRefusal::NoName => status(400, plain("The 'tokenName' param is required")),
        PersonalTokenRefusal::NameInUse => {
            thrown("A token with this name already exists", "error-token-already-exists", None)
        }
        PersonalTokenRefusal::TooMany => {
            let max = limits::PERSONAL_TOKENS_PER_USER;
            thrown(&format!("A user has at most {max} personal access tokens"), "error-too-many-tokens", None)
        }
        PersonalTokenRefusal::Unknown => thrown("Token does not exist", "error-token-does-not-exists", None),
    }
}

fn fields(refusal: &FieldRefusal) -> Wire {
    let details = |field: &str| Some(json!({ "method": "insertOrUpdateUser", "field": field }));
    match refusal {
        FieldRefusal::InvalidRole => thrown(
            "The field Roles consist invalid role id",
            "error-action-not-allowed",
            Some(json!({ "method": "insertOrUpdateUser", "action": "Assign_role" })),
        ),
        FieldRefusal::Empty(field) => {
            thrown(&format!("The field {field} is required"), "error-the-field-is-required", details(field))
        }
        FieldRefusal::InvalidUsername(name) => thrown(
            &format!("{name} is not a valid username"),
            "error-input-is-not-a-valid-field",
            details("Username"),
        ),
        FieldRefusal::InUse(name) => {
            thrown(&format!("{name} is already in use :("), "error-field-unavailable", details(name))
        }
    }
}

fn status(status: u16, body: Body) -> Wire {
    Wire { status, body, retry_after_s: None }
}

fn plain(error: &str) -> Body {
    Body { success: false, status: None, error: error.into(), message: None, error_type: None, details: None }
}

fn four_words(sentence: &str) -> Body {
    Body { status: Some("error"), message: Some(sentence.into()), ..plain(sentence) }
}

fn thrown(reason: &str, code: &'static str, details: Option<Value>) -> Wire {
    status(400, Body { error_type: Some(code), details, ..plain(&format!("{reason} [{code}]")) })
}

/// One of each, for the printed table.
pub fn samples() -> Vec<Refusal> {
    let of_sign_in = |kind| {
        let (method, username, mailed) = (StepUpMethod::Totp, "ann".into(), MailedCodes::default());
        let refusal = StepUpRefusal { kind, method, available: vec![method], username, mailed };
        Refusal::Outcome(Outcome::SignIn(SignInRefusal::SecondFactor(refusal)))
    };
    let personal = |refusal| Refusal::Outcome(Outcome::PersonalToken(refusal));
    let denied = |sentence, action| {
        Refusal::Denied(DeniedAs::ActionNotAllowed { sentence, method: "insertOrUpdateUser", action })
    };
    vec![
        Refusal::NoSuchPath,
        Refusal::NoSuchMethod,
        Refusal::BodyTooSlow,
        Refusal::BodyTooLong,
        Refusal::HeadTooLong,
        Refusal::NotSignedIn,
        Refusal::Denied(DeniedAs::Forbidden),
        Refusal::Denied(DeniedAs::Unauthorized),
        denied("Adding user is not allowed", "Adding_user"),
        denied("Editing user is not allowed", "Editing_user"),
        denied("Editing email verification is not allowed", "Editing_user"),
        denied("Assigning admin is not allowed", "Assign_admin"),
        Refusal::NotJson,
        Refusal::Schema(Place::Query, vec!["must be number".into(), "must be string".into()]),
        Refusal::Schema(Place::Body, vec!["must have required property 'sessionId'".into()]),
        Refusal::TooMany { wait: WAIT },
        second_factor(StepUpKind::Required),
        second_factor(StepUpKind::Invalid),
        second_factor(StepUpKind::MaxAttempts(WAIT)),
        Refusal::Sort { given: "loginAt".into() },
        Refusal::SortKeys,
        Refusal::Outcome(Outcome::FilterTooCostly),
        Refusal::Outcome(Outcome::SessionNotFound),
        Refusal::Outcome(Outcome::SignIn(SignInRefusal::Unauthorized)),
        Refusal::Outcome(Outcome::SignIn(SignInRefusal::UserNotActive)),
        Refusal::Outcome(Outcome::SignIn(SignInRefusal::BlockedForUser(WAIT))),
        Refusal::Outcome(Outcome::SignIn(SignInRefusal::BlockedForAddress(WAIT))),
        of_sign_in(StepUpKind::Required),
        of_sign_in(StepUpKind::Invalid),
        of_sign_in(StepUpKind::MaxAttempts(WAIT)),
        Refusal::Outcome(Outcome::SignIn(SignInRefusal::TokenNotLive)),
        Refusal::NotAnUpgrade,
        Refusal::NotACall,
        Refusal::UserNotFound,
        Refusal::UserUnknown,
        Refusal::UserQuery,
        Refusal::NobodyToMail,
        Refusal::Outcome(Outcome::AddressNotVerified),
        Refusal::UserIdUnknown,
        Refusal::UserInvalid,
        Refusal::RoleIdUnknown,
        Refusal::NoSuchPermission,
        Refusal::NoSuchRole,
        Refusal::NoDate,
        Refusal::Outcome(Outcome::Role(RoleRefusal::NoSuchUser)),
        Refusal::Outcome(Outcome::Role(RoleRefusal::NoSuchRole)),
        Refusal::Outcome(Outcome::Role(RoleRefusal::HasRole)),
        Refusal::Outcome(Outcome::Role(RoleRefusal::HasNotRole)),
        Refusal::Outcome(Outcome::Role(RoleRefusal::LastAdministrator)),
        personal(PersonalTokenRefusal::NoName),
        personal(PersonalTokenRefusal::NameInUse),
        personal(PersonalTokenRefusal::TooMany),
        personal(PersonalTokenRefusal::Unknown),
        Refusal::Outcome(Outcome::UserFields(FieldRefusal::InvalidRole)),
        Refusal::Outcome(Outcome::UserFields(FieldRefusal::Empty("Name"))),
        Refusal::Outcome(Outcome::UserFields(FieldRefusal::InvalidUsername("a b".into()))),
        Refusal::Outcome(Outcome::UserFields(FieldRefusal::InUse("ann".into()))),
        Refusal::Outcome(Outcome::UserNotNamed),
        Refusal::Outcome(Outcome::NoSuchUser),
        Refusal::Outcome(Outcome::LastAdministrator),
        Refusal::Internal,
        Refusal::Outcome(Outcome::DiskFull),
        Refusal::Outcome(Outcome::Unavailable),
    ]
}
