//! The bearer secret that a client holds, and the digest that we keep of it.

use crate::ids::{Randomness, draw};
use std::fmt;

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
