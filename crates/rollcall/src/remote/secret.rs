//! A text that nobody is shown.

use std::fmt;

/// A password, a token or a code. Its `Debug` says nothing, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for whom it is meant.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A text without it: a server may say what it was told.
    pub fn strike(&self, text: &str) -> String {
        if self.0.is_empty() { text.into() } else { text.replace(&self.0, "[secret]") }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_neither_printed_nor_said_again() {
        let secret = Secret::new("hunter22");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.strike("no hunter22 here, hunter22"), "no [secret] here, [secret]");
        assert_eq!(Secret::new("").strike("nothing"), "nothing");
    }
}
