//! Everything that a request may be refused with: the guard's own refusals and the service's outcomes.
//! What each looks like on the wire is said in one file per version: `v1/errors.rs` and `v2/problem.rs`.

use crate::endpoint::DeniedAs;
use rollcall_service::{Refusal as Outcome, StepUpKind, Wait};
use std::net::IpAddr;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such path.
    NoSuchPath,
    /// The path has other methods.
    NoSuchMethod,
    /// The head is longer than heads may be.
    HeadTooLong,
    /// The body is longer than bodies may be.
    BodyTooLong,
    /// The body did not come in time.
    BodyTooSlow,
    /// Not signed in, whatever the reason.
    NotSignedIn,
    /// A cookie came with a change, and not from a page of ours.
    ForeignOrigin,
    /// The page came by plain HTTP, where a cookie could be read on its way.
    InsecureOrigin,
    /// A right is missing.
    Denied(DeniedAs),
    /// A program asks, and users only are answered.
    NotForServices,
    /// A program may not come from this address.
    NetworkNotAllowed {
        /// The address.
        ip: IpAddr,
    },
    /// Parameters are not as declared.
    Schema(Place, Vec<String>),
    /// The body is no JSON.
    NotJson,
    /// Too many calls: how long until the next is answered.
    TooMany {
        /// The rest of the window.
        wait: Wait,
    },
    /// Where a WebSocket is served, a request that asks for none.
    NotAnUpgrade,
    /// A call of a method that is none: not the form, or another method's name.
    NotACall,
    /// No such method.
    NoSuchCall {
        /// Its name.
        name: String,
    },
    /// No such user, of the one that is to be activated or deactivated.
    UserNotFound,
    /// No such user, of the one that was looked for.
    UserUnknown,
    /// No such user, of the one whose sessions are to end.
    UserIdUnknown,
    /// No such user, of the one that is to be changed in many ways.
    UserInvalid,
    /// No such role, of the one that is to be taken.
    RoleIdUnknown,
    /// A permission that there is not.
    NoSuchPermission,
    /// A role that there is not.
    NoSuchRole,
    /// A date that cannot be read.
    NoDate,
    /// Nobody was named whom a code is to be mailed to.
    NobodyToMail,
    /// Users cannot be looked up by a query.
    UserQuery,
    /// `sort` is no JSON object of 1 and -1.
    Sort {
        /// As it was given.
        given: String,
    },
    /// `sort` names what cannot be sorted by.
    SortKeys,
    /// Sessions cannot be counted by what was named.
    Facet {
        /// As it was given.
        given: String,
    },
    /// The past is to be sorted or counted by what is known of live sessions only.
    OfThePresent {
        /// What.
        name: &'static str,
    },
    /// Nothing is written in the form that was named.
    Format {
        /// As it was given.
        given: String,
    },
    /// Nothing is opened by a scope of this name.
    Scope {
        /// As it was given.
        given: String,
        /// The one that may be meant.
        nearest: Option<&'static str>,
    },
    /// What is no network.
    Network {
        /// As it was given.
        given: String,
    },
    /// A time cannot be read: what is wrong with it.
    Time(&'static str),
    /// A cursor is of another list, too old, or none of ours.
    BadCursor,
    /// A stretch of time cannot be told: what is wrong with it.
    Range(&'static str),
    /// An outcome of the service.
    Outcome(Outcome),
    /// Our own fault; the log has it under the request's id.
    Internal,
}

/// Where parameters stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// In the body.
    Body,
}

impl From<Outcome> for Refusal {
    fn from(outcome: Outcome) -> Self {
        Self::Outcome(outcome)
    }
}

impl Refusal {
    /// What the ledger calls it, where it is worth telling: attempts that were turned away, not mistakes.
    pub const fn reason(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotSignedIn => "not-signed-in",
            Self::ForeignOrigin => "foreign-origin",
            Self::Denied(_) => "denied",
            Self::NotForServices => "not-for-services",
            Self::NetworkNotAllowed { .. } => "network-not-allowed",
            Self::TooMany { .. } => "too-many-requests",
            Self::Outcome(Outcome::SignIn(_)) => "sign-in",
            Self::Outcome(Outcome::StepUp(step_up)) => match step_up.kind {
                StepUpKind::Required => "totp-required",
                StepUpKind::Invalid => "totp-invalid",
                StepUpKind::MaxAttempts(_) => "totp-max-attempts",
            },
            Self::Outcome(Outcome::InvalidTotp | Outcome::FactorNotEnrolled) => "invalid-totp",
            Self::Outcome(Outcome::WrongAddressCode) => "wrong-code",
            Self::Outcome(Outcome::WrongPassword) => "wrong-password",
            _ => return None,
        })
    }
}
