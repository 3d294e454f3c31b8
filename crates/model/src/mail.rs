//! Mails: what one says, and what the queue keeps of it.
//!
//! **Invariant:** the queue keeps a mail sealed under the cluster key, its recipient too: a copy of the store
//! alone tells neither a code nor an address.

use crate::factor::MailedHash;
use serde_json::{Value, json};
use std::fmt;

/// A mail, in the clear. It may hold a code: its `Debug` says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The recipient's address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail(…)")
    }
}

impl Mail {
    /// The mail as it is sealed.
    pub fn to_bytes(&self) -> Vec<u8> {
        json!({ "to": self.to, "subject": self.subject, "text": self.text }).to_string().into_bytes()
    }

    /// The mail that was sealed as these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(bytes).ok()?;
        let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
        Some(Self { to: text("to")?, subject: text("subject")?, text: text("text")? })
    }
}

/// A mail, sealed under the cluster key. Its `Debug` says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedMail(pub Vec<u8>);

impl fmt::Debug for SealedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedMail(…)")
    }
}

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// It brings this code, which is good from now on.
    Code(MailedHash),
    /// It brings a code that shows the address to be the user's. Such a code follows from the address, and is kept nowhere.
    Address,
    /// It tells a new user of its account.
    Welcome,
}

impl About {
    /// The word for it in the ledger and in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code(_) => "code",
            Self::Address => "address",
            Self::Welcome => "welcome",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_read_back_as_it_was_and_shown_to_nobody() {
        let mail =
            Mail { to: "zoë\"@example.test".into(), subject: "a\nb".into(), text: "1\n2\u{0}".into() };
        assert_eq!(Mail::from_bytes(&mail.to_bytes()), Some(mail.clone()));
        assert_eq!(format!("{mail:?}{:?}", SealedMail(mail.to_bytes())), "Mail(…)SealedMail(…)");
        for bytes in [&b""[..], b"{}", b"[]", br#"{"to":1,"subject":"","text":""}"#, b"\xff"] {
            assert_eq!(Mail::from_bytes(bytes), None);
        }
    }
}
