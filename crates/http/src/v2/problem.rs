//! What each refusal looks like in v2: a problem document (RFC 9457). The only file of v2 that knows a status. The type
//! is a path that docs/reference/problems.md explains; the detail says what to do.

use crate::guard::WAIT;
use crate::refusal::{Place, Refusal};
use crate::v1::errors;
use crate::v2::sessions::{facet_names, sort_names};
use rollcall_model::{Scopes, Timestamp, limits};
use rollcall_service::index::filter::{Fault, FilterError};
use rollcall_service::{
    AsOfRefusal, FieldRefusal, PersonalTokenRefusal, Refusal as Outcome, RevocationRefusal, RoleRefusal,
    ServiceTokenRefusal, SignInRefusal, StepUpKind, StepUpRefusal, Wait,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A refusal, ready to be sent.
pub struct Problem {
    /// The status.
    pub status: u16,
    /// The document.
    pub body: Value,
    /// For how long to stay away, in seconds.
    pub retry_after_s: Option<u64>,
}

/// A refusal as v2 says it.
pub fn problem(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::NoSuchPath => new(
            404,
            "no-such-path",
            "There is nothing at this path",
            "GET /api/openapi.json lists what there is.",
        ),
        Refusal::NoSuchMethod => {
            new(405, "no-such-method", "This path has other methods", "The Allow header lists them.")
        }
        Refusal::HeadTooLong => {
            let detail = format!("Line and headers together may have {} bytes.", limits::HEAD_BYTES);
            new(431, "head-too-long", "The request's head is too long", &detail)
        }
        Refusal::BodyTooLong => {
            let detail = format!("A body may have {} bytes.", limits::BODY_BYTES);
            new(413, "body-too-long", "The body is too long", &detail)
        }
        Refusal::BodyTooSlow => {
            let detail = format!("It has to be there within {} seconds.", limits::BODY_TIME.as_secs());
            new(408, "body-too-slow", "The body took too long", &detail)
        }
        Refusal::NotSignedIn => new(
            401,
            "not-signed-in",
            "A live token is needed",
            "Send it as `Authorization: Bearer TOKEN`. One that was good has ended.",
        ),
        Refusal::ForeignOrigin => new(
            403,
            "foreign-origin",
            "A page of another origin asks for a change",
            "A cookie is taken for changes from this server's own pages only; elsewhere send a token.",
        ),
        Refusal::InsecureOrigin => {
            let detail = "Over plain HTTP a session's cookie can be read on its way. Come by https, or on localhost; or \
                          set `cookies.plain_http` to `anywhere`.";
            let mut problem = new(403, "insecure-origin", "No cookie is kept on this page", detail);
            problem.body["setting"] = json!("cookies.plain_http");
            problem
        }
        Refusal::Denied(_) => new(
            403,
            "not-permitted",
            "The permission is missing",
            "docs/reference/endpoints.md says which one it is. A user gets it by a role, a service token as a scope.",
        ),
        Refusal::NotForServices => new(
            403,
            "not-for-services",
            "Service tokens do not open this",
            "docs/reference/endpoints.md says which scope opens what; the rest is for users.",
        ),
        Refusal::NetworkNotAllowed { ip } => new(
            403,
            "network-not-allowed",
            "The service token is not good from this address",
            &format!("The request came from {ip}, which is in none of the token's networks."),
        ),
        Refusal::Schema(place, faults) => schema(*place, faults),
        Refusal::NotJson => new(
            400,
            "not-json",
            "The body is no JSON",
            "Send an object, as `Content-Type: application/json`.",
        ),
        Refusal::TooMany { wait } => too_many(*wait),
        Refusal::Sort { .. }
        | Refusal::Facet { .. }
        | Refusal::OfThePresent { .. }
        | Refusal::Format { .. }
        | Refusal::Scope { .. }
        | Refusal::Network { .. }
        | Refusal::Time(_)
        | Refusal::BadCursor
        | Refusal::Range(_) => parameter(refusal),
        Refusal::Outcome(outcome) => self::outcome(outcome),
        // Beside our own faults, what only endpoints of v1 are refused with.
        Refusal::Internal
        | Refusal::NotAnUpgrade
        | Refusal::NotACall
        | Refusal::NoSuchCall { .. }
        | Refusal::UserNotFound
        | Refusal::UserUnknown
        | Refusal::UserIdUnknown
        | Refusal::UserInvalid
        | Refusal::RoleIdUnknown
        | Refusal::NoSuchPermission
        | Refusal::NoSuchRole
        | Refusal::NoDate
        | Refusal::NobodyToMail
        | Refusal::UserQuery
        | Refusal::SortKeys => internal(),
    }
}

/// A parameter that is of its declared type, and cannot be what it should.
fn parameter(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::Sort { given } => {
            let detail = format!("{given:?} is none of {}; `-` before one turns it around.", sort_names());
            new(400, "bad-sort", "This cannot be sorted by", &detail)
        }
        Refusal::Facet { given } => {
            let detail = format!("{given:?} is none of {}.", facet_names());
            new(400, "bad-facet", "This cannot be counted by", &detail)
        }
        Refusal::OfThePresent { name } => {
            let detail = format!("`{name}` cannot be asked with `as_of`: nothing keeps what it was.");
            new(400, "of-the-present", "This is known of live sessions only", &detail)
        }
        Refusal::Format { given } => {
            new(400, "bad-format", "There is no such form", &format!("{given:?} is none of ndjson, csv."))
        }
        Refusal::Scope { given, nearest } => scope(given, *nearest),
        Refusal::Network { given } => {
            let detail = format!("{given:?} is none. Write one as 192.0.2.0/24, or as an address.");
            new(400, "bad-network", "This is no network", &detail)
        }
        Refusal::Time(what) => new(400, "bad-time", "A time cannot be read", what),
        Refusal::BadCursor => new(
            400,
            "bad-cursor",
            "The cursor is not of this list",
            "Take `next` of the page before, with the same q, sort and as_of, within a day; or begin anew without it.",
        ),
        Refusal::Range(what) => new(400, "bad-range", "There is no such stretch of time", what),
        _ => internal(),
    }
}

fn outcome(outcome: &Outcome) -> Problem {
    match outcome {
        Outcome::SessionNotFound => new(
            404,
            "no-such-session",
            "There is no such session",
            "It may have ended, or is not yours to see.",
        ),
        Outcome::NoSuchUser | Outcome::UserNotNamed => {
            new(404, "no-such-user", "There is no such user", "GET /api/v2/users lists them.")
        }
        Outcome::SignIn(refusal) => sign_in(refusal),
        Outcome::StepUp(refusal) => step_up(refusal),
        Outcome::Filter(error) => filter(error),
        Outcome::AsOf(refusal) => as_of(*refusal),
        Outcome::TooManyStreams => {
            let detail =
                format!("A user has {} streams at once on a node; close one.", limits::STREAMS_PER_USER);
            new(429, "too-many-streams", "Too many streams", &detail)
        }
        Outcome::TooManyFollowed => {
            let detail = format!("This node follows {} different filters at once; share one.", limits::FEEDS);
            not_now("too-many-filters", "Too many filters are followed", &detail)
        }
        Outcome::FilterTooCostly => new(
            422,
            "filter-too-costly",
            "The filter takes too long",
            "Make it narrower, or its patterns shorter.",
        ),
        Outcome::FactorEnrolled => {
            new(409, "factor-enrolled", "A factor is enrolled already", "Remove it first.")
        }
        Outcome::FactorNotEnrolled => new(
            409,
            "factor-not-enrolled",
            "No authenticator is enrolled",
            "POST /api/v2/me/factors/totp begins one.",
        ),
        Outcome::AddressNotVerified => new(
            409,
            "address-not-verified",
            "There is no verified address",
            "Verify an e-mail address first.",
        ),
        Outcome::InvalidTotp => new(
            422,
            "code-not-taken",
            "The code enrols no factor",
            "Begin anew, and check the device's clock.",
        ),
        Outcome::NothingToVerify => new(
            409,
            "nothing-to-verify",
            "There is no address to verify",
            "All that there are, are verified; PUT /api/v2/me/emails gives another.",
        ),
        Outcome::WrongAddressCode => new(
            422,
            "wrong-code",
            "The code is not the one that was mailed",
            "It was counted. Look at the newest mail, or have one sent by POST /api/v2/me/emails/verify.",
        ),
        Outcome::TooManyMails(wait) => until(
            *wait,
            new(429, "too-many-mails", "Too many codes were mailed", "The last one is good still."),
        ),
        Outcome::WrongPassword => new(
            422,
            "wrong-password",
            "The present password is another",
            "It was counted as at a sign-in. `current_password` is the one that is to be replaced.",
        ),
        Outcome::LastAdministrator | Outcome::Role(RoleRefusal::LastAdministrator) => new(
            409,
            "last-administrator",
            "It would leave no active administrator",
            "Make somebody else an administrator first.",
        ),
        Outcome::Role(refusal) => role(*refusal),
        Outcome::PersonalToken(refusal) => personal_token(*refusal),
        Outcome::ServiceToken(refusal) => service_token(*refusal),
        Outcome::UserFields(refusal) => fields(refusal),
        Outcome::Revocation(refusal) => revocation(*refusal),
        Outcome::NoSuchView => new(
            404,
            "no-such-view",
            "There is no such view",
            "GET /api/v2/views lists them; only one's own go.",
        ),
        Outcome::TooManyViews => {
            let detail = format!("One may have {}: delete one.", limits::VIEWS_PER_USER);
            new(409, "too-many-views", "There are as many views as there may be", &detail)
        }
        Outcome::DiskFull => {
            not_now("disk-full", "The disk is full", "Ending sessions still works; all else waits for room.")
        }
        Outcome::Unavailable => {
            not_now("unavailable", "The truth cannot be read or written now", "Try again after a moment.")
        }
    }
}

/// Where the filter is wrong, and what was expected there.
fn filter(error: &FilterError) -> Problem {
    let mut problem = new(400, "bad-filter", "This is no filter", &error.to_string());
    problem.body["column"] = json!(error.column);
    problem.body["length"] = json!(error.length);
    problem.body["expected"] = json!(error.expected());
    problem.body["nearest"] = json!(error.nearest());
    problem
}

fn as_of(refusal: AsOfRefusal) -> Problem {
    match refusal {
        AsOfRefusal::Future => new(
            400,
            "as-of-in-the-future",
            "The instant lies in the future",
            "Leave `as_of` out to ask what is live now.",
        ),
        AsOfRefusal::TooEarly { earliest } => {
            let detail = format!(
                "From {earliest} on it can be asked: before, the ledger had not begun, or sessions that ended are not \
                 kept."
            );
            let mut problem = new(400, "as-of-too-early", "The instant lies too far back", &detail);
            problem.body["earliest"] = json!(earliest.to_string());
            problem
        }
        AsOfRefusal::Forgotten => new(
            400,
            "as-of-forgotten",
            "Some of the sessions of that instant are forgotten",
            "Ended sessions were kept for a shorter time than now. Ask of a later instant.",
        ),
        AsOfRefusal::TooLarge { sessions, most } => {
            let detail = format!(
                "{sessions} sessions were live, and {most} are taken into memory at the most: an operator raises \
                 `limits.as_of_sessions`."
            );
            new(422, "as-of-too-large", "Too many sessions were live at that instant", &detail)
        }
        AsOfRefusal::AllRead => not_now(
            "as-of-busy",
            "Sessions of other instants take all the memory there is for them",
            "Others are reading them. Try again when they have, or ask of the same instant.",
        ),
    }
}

fn schema(place: Place, faults: &[String]) -> Problem {
    let place = match place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Body => "body",
    };
    let detail = format!("In the {place}: {}.", faults.join("; "));
    let mut problem = new(400, "not-as-declared", "A parameter is not as declared", &detail);
    problem.body["errors"] = faults.iter().map(|fault| json!({ "in": place, "detail": fault })).collect();
    problem
}

fn scope(given: &str, nearest: Option<&'static str>) -> Problem {
    let known: Vec<_> = Scopes::ALL.iter().map(|permission| permission.as_str()).collect();
    let detail = format!("{given:?} is none of {}.", known.join(", "));
    let mut problem = new(400, "bad-scope", "There is no such scope", &detail);
    problem.body["nearest"] = json!(nearest);
    problem
}

fn too_many(wait: Wait) -> Problem {
    let detail = format!("The next is answered in {} seconds.", wait.seconds());
    until(wait, new(429, "too-many-requests", "Too many calls", &detail))
}

/// The problem, and until when it is one.
fn until(wait: Wait, problem: Problem) -> Problem {
    let mut problem = Problem { retry_after_s: Some(wait.seconds()), ..problem };
    problem.body["until"] = json!(wait.until.to_string());
    problem
}

fn sign_in(refusal: &SignInRefusal) -> Problem {
    let (status, name, title, detail) = match refusal {
        SignInRefusal::SecondFactor(refusal) => return step_up(refusal),
        SignInRefusal::Unauthorized => {
            (401, "wrong-credentials", "The sign-in failed", "No such user, or another password.")
        }
        SignInRefusal::UserNotActive => {
            (403, "user-not-active", "The user is deactivated", "An administrator activates it.")
        }
        SignInRefusal::BlockedForUser(wait) => {
            let (title, detail) =
                ("Too many wrong passwords of this user", "Wait, or have an operator unlock it.");
            return until(*wait, new(429, "sign-in-blocked", title, detail));
        }
        SignInRefusal::BlockedForAddress(wait) => {
            let title = "Too many wrong passwords from this address";
            return until(*wait, new(429, "sign-in-blocked", title, "Wait."));
        }
        SignInRefusal::TokenNotLive => (401, "not-signed-in", "The token is live no more", "Sign in again."),
    };
    new(status, name, title, detail)
}

/// A code is wanted: which one, and where it goes.
fn step_up(refusal: &StepUpRefusal) -> Problem {
    let method = refusal.method.as_str();
    let (name, title) = match refusal.kind {
        StepUpKind::Required => ("step-up-required", "A second factor is needed"),
        StepUpKind::Invalid => ("step-up-invalid", "The code is not good"),
        StepUpKind::MaxAttempts(_) => ("step-up-blocked", "Too many wrong codes"),
    };
    let detail = match refusal.kind {
        StepUpKind::MaxAttempts(_) => "Codes of this user are not looked at for a while.".to_owned(),
        _ => format!("Send the same request with `x-2fa-method: {method}` and the code in `x-2fa-code`."),
    };
    let mut problem = new(403, name, title, &detail);
    problem.body["method"] = json!(method);
    // Who has enrolled none is asked for the password.
    let enrolled =
        if refusal.available.is_empty() { vec![refusal.method] } else { refusal.available.clone() };
    problem.body["methods"] = enrolled.iter().map(|method| method.as_str()).collect();
    problem.body["code_mailed"] = json!(refusal.mailed.now);
    if let Some(until) = refusal.mailed.until.last() {
        problem.body["code_expires_at"] = json!(until.to_string());
    }
    match refusal.kind {
        StepUpKind::MaxAttempts(wait) => self::until(wait, problem),
        StepUpKind::Required | StepUpKind::Invalid => problem,
    }
}

fn revocation(refusal: RevocationRefusal) -> Problem {
    let (status, name, title, detail) = match refusal {
        RevocationRefusal::NoSuchPreview => (
            404,
            "no-such-preview",
            "There is no such preview",
            "It may have expired long ago. Make another by POST /api/v2/revocations/preview.",
        ),
        RevocationRefusal::OfAnother => (
            403,
            "preview-of-another",
            "Somebody else made the preview",
            "Only who made a preview ends what it froze. Make one of your own, and look at it.",
        ),
        RevocationRefusal::Expired => (
            409,
            "preview-expired",
            "The preview has expired",
            "What is signed in may be different by now. Make another preview, and look at it.",
        ),
        RevocationRefusal::OtherDigest => (
            409,
            "other-digest",
            "The digest is not the preview's",
            "Send `digest` as the preview gave it: it says which set you looked at. Nothing was ended.",
        ),
    };
    new(status, name, title, detail)
}

fn role(refusal: RoleRefusal) -> Problem {
    let (status, name, title, detail) = match refusal {
        RoleRefusal::NoSuchUser => {
            (404, "no-such-user", "There is no such user", "GET /api/v2/users lists them.")
        }
        RoleRefusal::NoSuchRole => {
            (404, "no-such-role", "There is no such role", "Roles are `admin` and `user`.")
        }
        RoleRefusal::HasRole => (409, "has-role", "The user has the role already", "There is nothing to do."),
        RoleRefusal::HasNotRole => {
            (409, "has-not-role", "The user has not the role", "There is nothing to do.")
        }
        RoleRefusal::LastAdministrator => return outcome(&Outcome::LastAdministrator),
    };
    new(status, name, title, detail)
}

fn personal_token(refusal: PersonalTokenRefusal) -> Problem {
    let (status, name, title, detail) = match refusal {
        PersonalTokenRefusal::NoName => (400, "no-name", "A name is needed", "Say what the token is for."),
        PersonalTokenRefusal::NameInUse => (409, "name-in-use", "The name is in use", "Choose another."),
        PersonalTokenRefusal::TooMany => {
            (409, "too-many-tokens", "The user has as many as it may have", "Remove one.")
        }
        PersonalTokenRefusal::Unknown => {
            (404, "no-such-token", "There is no such token", "It may have been removed.")
        }
    };
    new(status, name, title, detail)
}

fn service_token(refusal: ServiceTokenRefusal) -> Problem {
    let (status, name, title, detail) = match refusal {
        ServiceTokenRefusal::NoName => {
            (400, "no-name", "A name is needed", "Say what the token is for, in letters that can be seen.")
        }
        ServiceTokenRefusal::NameInUse => {
            (409, "name-in-use", "The name is in use", "Choose another, or revoke the token that has it.")
        }
        ServiceTokenRefusal::TooMany => {
            let detail = format!("A workspace may have {}: revoke one.", limits::SERVICE_TOKENS);
            return new(409, "too-many-tokens", "There are as many as there may be", &detail);
        }
        ServiceTokenRefusal::NoScope => {
            (400, "no-scope", "A scope is needed", "Without one the token would open nothing.")
        }
        ServiceTokenRefusal::ExpiryPast => (
            400,
            "bad-expiry",
            "The token would have expired",
            "Choose an instant in the future, or how long it is to be good.",
        ),
        ServiceTokenRefusal::ExpiryTooFar => {
            let days = limits::SERVICE_LIFE_MAX.as_secs() / 86_400;
            let detail = format!("It may be good for {days} days; a rotation takes a new expiry.");
            return new(400, "bad-expiry", "The token would be good for too long", &detail);
        }
        ServiceTokenRefusal::OverlapTooLong => {
            let days = limits::SERVICE_OVERLAP_MAX.as_secs() / 86_400;
            let detail = format!("The secret of before may stay good for {days} days.");
            return new(400, "bad-overlap", "The overlap is too long", &detail);
        }
        ServiceTokenRefusal::Expired => {
            (409, "service-token-expired", "The token has expired", "Give it a new expiry with the rotation.")
        }
        ServiceTokenRefusal::Unknown => (
            404,
            "no-such-token",
            "There is no such token",
            "It may have been revoked. GET /api/v2/service-tokens lists those that there are.",
        ),
    };
    new(status, name, title, detail)
}

fn fields(refusal: &FieldRefusal) -> Problem {
    match refusal {
        FieldRefusal::InvalidRole => role(RoleRefusal::NoSuchRole),
        FieldRefusal::Empty(field) => {
            new(400, "not-as-declared", "A field is empty", &format!("`{field}` must not be empty."))
        }
        FieldRefusal::InvalidUsername(name) => new(
            400,
            "not-as-declared",
            "This is no username",
            &format!("{name:?} has characters that none has."),
        ),
        FieldRefusal::InUse(name) => {
            new(409, "name-in-use", "It is in use", &format!("{name:?} is somebody's already."))
        }
    }
}

fn not_now(name: &str, title: &str, detail: &str) -> Problem {
    Problem { retry_after_s: Some(limits::RETRY_AFTER.as_secs()), ..new(503, name, title, detail) }
}

fn internal() -> Problem {
    new(
        500,
        "internal",
        "This is a fault of the server",
        "Its log says more, under the x-request-id of this answer.",
    )
}

fn new(status: u16, name: &str, title: &str, detail: &str) -> Problem {
    let kind = format!("/problems/{name}");
    let body = json!({ "type": kind, "title": title, "status": status, "detail": detail });
    Problem { status, body, retry_after_s: None }
}

/// The types of all problems, in the order of their names.
pub fn types() -> BTreeSet<String> {
    let every = errors::samples().into_iter().chain(samples());
    every.filter_map(|refusal| problem(&refusal).body["type"].as_str().map(str::to_owned)).collect()
}

/// One of each that only v2 has, for the printed table.
pub fn samples() -> Vec<Refusal> {
    let filter = FilterError { column: 1, length: 6, fault: Fault::Expected("a value") };
    vec![
        Refusal::ForeignOrigin,
        Refusal::InsecureOrigin,
        Refusal::Outcome(Outcome::FactorEnrolled),
        Refusal::Outcome(Outcome::FactorNotEnrolled),
        Refusal::Outcome(Outcome::InvalidTotp),
        Refusal::Outcome(Outcome::TooManyStreams),
        Refusal::Outcome(Outcome::TooManyFollowed),
        Refusal::Outcome(Outcome::NothingToVerify),
        Refusal::Outcome(Outcome::WrongAddressCode),
        Refusal::Outcome(Outcome::TooManyMails(WAIT)),
        Refusal::Outcome(Outcome::WrongPassword),
        Refusal::Outcome(Outcome::Filter(Box::new(filter))),
        Refusal::Sort { given: "colour".into() },
        Refusal::Facet { given: "colour".into() },
        Refusal::OfThePresent { name: "seen" },
        Refusal::Format { given: "pdf".into() },
        Refusal::BadCursor,
        Outcome::from(AsOfRefusal::Future).into(),
        Outcome::from(AsOfRefusal::TooEarly { earliest: Timestamp::from_ms(0) }).into(),
        Outcome::from(AsOfRefusal::Forgotten).into(),
        Outcome::from(AsOfRefusal::TooLarge { sessions: 2, most: 1 }).into(),
        Outcome::from(AsOfRefusal::AllRead).into(),
        Outcome::from(RevocationRefusal::NoSuchPreview).into(),
        Outcome::from(RevocationRefusal::OfAnother).into(),
        Outcome::from(RevocationRefusal::Expired).into(),
        Outcome::from(RevocationRefusal::OtherDigest).into(),
        Refusal::Range("`from` is none."),
        Refusal::NotForServices,
        Refusal::NetworkNotAllowed { ip: std::net::Ipv4Addr::new(203, 0, 113, 9).into() },
        Refusal::Scope { given: "view-audits".into(), nearest: Some("view-audit") },
        Refusal::Network { given: "192.0.2.0/40".into() },
        Refusal::Time("`expires_in` is a time such as 90d or 12h."),
        Outcome::from(ServiceTokenRefusal::NoName).into(),
        Outcome::from(ServiceTokenRefusal::NameInUse).into(),
        Outcome::from(ServiceTokenRefusal::TooMany).into(),
        Outcome::from(ServiceTokenRefusal::NoScope).into(),
        Outcome::from(ServiceTokenRefusal::ExpiryPast).into(),
        Outcome::from(ServiceTokenRefusal::ExpiryTooFar).into(),
        Outcome::from(ServiceTokenRefusal::OverlapTooLong).into(),
        Outcome::from(ServiceTokenRefusal::Expired).into(),
        Outcome::from(ServiceTokenRefusal::Unknown).into(),
        Refusal::Outcome(Outcome::NoSuchView),
        Refusal::Outcome(Outcome::TooManyViews),
    ]
}
