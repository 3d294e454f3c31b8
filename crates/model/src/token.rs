//! The bearer secret that a client holds, and the digest that we keep of it.

use crate::clock::Timestamp;
use crate::ids::{Randomness, SessionNo, TokenNo, draw};
use crate::user::Owner;
use std::fmt;
use std::sync::Arc;

const TOKEN_ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Length of a login token: 43 characters of 6 bits each, 258 bits.
pub const TOKEN_LENGTH: usize = 43;

/// A token in the clear. It is shown once, to the client that it was made for, and never kept:
/// it has no `Debug` and no `Display`.
#[derive(Clone)]
pub struct Token([u8; TOKEN_LENGTH]);

impl Token {
    /// A new token.
    pub fn random(randomness: &dyn Randomness) -> Self {
        Self(draw(TOKEN_ALPHABET, randomness))
    }

    /// The secret itself, for the answer that hands it out.
    pub fn reveal(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// SHA-256 of a token: all that is kept of it. Its `Debug` says nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// What a token that is live stands for, beside its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A session: it is a login token.
    Session(SessionNo),
    /// Nothing: it is a personal token.
    Personal {
        /// Which.
        no: TokenNo,
        /// Whether it is asked for no second factor.
        bypasses_step_up: bool,
    },
}

impl Holder {
    /// The token's number.
    pub fn token(self) -> TokenNo {
        match self {
            Self::Session(no) => no.into(),
            Self::Personal { no, .. } => no,
        }
    }
}

/// A personal access token, as its row holds it: it authenticates its user, is no session, and never expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalToken {
    /// The ledger's number of its making.
    pub no: TokenNo,
    /// Whose it is.
    pub owner: Arc<Owner>,
    /// Its digest.
    pub token: TokenHash,
    /// The name that its user gave it, no two alike.
    pub name: String,
    /// The last characters of the token, for its user to know it by.
    pub last_part: String,
    /// Whether it is asked for no second factor.
    pub bypasses_step_up: bool,
    /// When it was made.
    pub made_at: Timestamp,
}
