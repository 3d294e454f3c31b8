//! What v2 says of users wherever it shows one.

use rollcall_model::{Role, User, factor, user};
use schemars::JsonSchema;
use serde::Serialize;

/// An e-mail address.
#[derive(Serialize, JsonSchema)]
pub struct Email<'a> {
    address: &'a str,
    /// Whether it was shown to be the user's.
    verified: bool,
}

/// The second factors that a user has enrolled.
#[derive(Serialize, JsonSchema)]
pub struct Factors {
    /// An authenticator.
    totp: bool,
    /// Codes by mail.
    mail: bool,
}

impl From<factor::Factors> for Factors {
    fn from(factors: factor::Factors) -> Self {
        Self { totp: factors.authenticator, mail: factors.mail }
    }
}

/// A user's addresses.
pub fn emails(emails: &[user::Email]) -> Vec<Email<'_>> {
    emails.iter().map(|email| Email { address: &email.address, verified: email.verified }).collect()
}

/// The names of the user's roles.
pub fn roles(user: &User) -> Vec<&'static str> {
    user.owner.roles.iter().map(Role::as_str).collect()
}
