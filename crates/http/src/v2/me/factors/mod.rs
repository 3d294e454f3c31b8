//! The caller's own second factors: an authenticator with its recovery codes, and codes by mail.

mod begin_totp;
mod confirm_totp;
mod enable_mail;
mod remove_mail;
mod remove_totp;
mod replace_recovery_codes;
mod show;

pub use begin_totp::BeginTotp;
pub use confirm_totp::ConfirmTotp;
pub use enable_mail::EnableMail;
pub use remove_mail::RemoveMail;
pub use remove_totp::RemoveTotp;
pub use replace_recovery_codes::ReplaceRecoveryCodes;
pub use show::{OwnFactors, Show};

use schemars::JsonSchema;
use serde::Serialize;

/// Recovery codes, shown this once.
#[derive(Serialize, JsonSchema)]
pub struct RecoveryCodes {
    recovery_codes: Vec<String>,
}
