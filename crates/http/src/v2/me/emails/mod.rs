//! The caller's own addresses: given, and shown to be its own by a code that is mailed to them.

mod change;
mod confirm;
mod list;
mod verify;

pub use change::Change;
pub use confirm::Confirm;
pub use list::List;
pub use verify::Verify;

use rollcall_model::user::Email;
use serde::Serialize;

/// All addresses of a user.
#[derive(Serialize)]
struct Emails {
    items: Vec<EmailWire>,
}

/// An address.
#[derive(Serialize)]
pub struct EmailWire {
    address: String,
    verified: bool,
}

impl From<&Email> for EmailWire {
    fn from(email: &Email) -> Self {
        Self { address: email.address.clone(), verified: email.verified }
    }
}

impl From<Vec<Email>> for Emails {
    fn from(emails: Vec<Email>) -> Self {
        Self { items: emails.iter().map(EmailWire::from).collect() }
    }
}
