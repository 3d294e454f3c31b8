//! Numbers and ids: what names a user, a session and an event, inside and on the wire.

use std::fmt;
use std::str::FromStr;

/// The place of an event in the ledger, from 1, without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u64);

impl Seq {
    /// The next place.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A user by the ledger's number of the event that created it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserNo(pub u64);

/// A session by the ledger's number of its opening: later sign-ins have greater numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionNo(pub u64);

/// A token by the ledger's number of what made it: a login token has its session's, a personal token its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenNo(pub u64);

impl From<SessionNo> for TokenNo {
    fn from(session: SessionNo) -> Self {
        Self(session.0)
    }
}

/// A service token by the ledger's number of its making.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceNo(pub u64);

/// Random bytes. Tests and the demo put a seeded source in.
pub trait Randomness: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, bytes: &mut [u8]);
}

/// Letters and digits of an id: none that are easily mistaken for another.
pub const ID_ALPHABET: &[u8; 55] = b"23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";
/// By byte: whether it is one of those.
const IS_LETTER: [bool; 256] = {
    let (mut is_letter, mut at) = ([false; 256], 0);
    while at < ID_ALPHABET.len() {
        is_letter[ID_ALPHABET[at] as usize] = true;
        at += 1;
    }
    is_letter
};
/// Length of an id.
pub const ID_LENGTH: usize = 17;

/// Draws `N` characters out of `alphabet`, each equally likely.
pub fn draw<const N: usize>(alphabet: &[u8], randomness: &dyn Randomness) -> [u8; N] {
    // The greatest multiple of the alphabet's length: bytes above it would favour the first letters.
    let fair = 256 - 256 % alphabet.len();
    let mut drawn = [0; N];
    let mut filled = 0;
    while filled < N {
        let mut bytes = [0; 64];
        randomness.fill(&mut bytes);
        for byte in bytes.into_iter().map(usize::from).filter(|byte| *byte < fair) {
            if filled < N {
                drawn[filled] = alphabet[byte % alphabet.len()];
                filled += 1;
            }
        }
    }
    drawn
}

macro_rules! wire_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; ID_LENGTH]);

        impl $name {
            /// A new id.
            pub fn random(randomness: &dyn Randomness) -> Self {
                Self(draw(ID_ALPHABET, randomness))
            }

            /// The id of bytes that are one's: those that [`as_bytes`](Self::as_bytes) gave.
            pub const fn of_bytes(bytes: [u8; ID_LENGTH]) -> Self {
                Self(bytes)
            }

            /// The id's characters.
            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.0).unwrap_or_default()
            }

            /// The id's bytes, all of them ASCII.
            pub const fn as_bytes(&self) -> &[u8; ID_LENGTH] {
                &self.0
            }
        }

        /// Takes any 17 characters of the id alphabet, nothing else.
        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let bytes: [u8; ID_LENGTH] = text.as_bytes().try_into().map_err(|_| NotAnId)?;
                let known = bytes.iter().all(|byte| IS_LETTER[usize::from(*byte)]);
                if known { Ok(Self(bytes)) } else { Err(NotAnId) }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

wire_id! {
    /// A user's id on the wire.
    UserId
}
wire_id! {
    /// A session's id on the wire; stable for the token's life.
    SessionId
}

wire_id! {
    /// A preview's id on the wire, and that of the revocation by which it is carried out.
    RevocationId
}

/// The text has not the form of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnId;

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(std::sync::atomic::AtomicU8);

    impl Randomness for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn every_letter_is_drawn_equally_often() {
        let source = Counting(0.into());
        let drawn: [u8; 55 * 40] = draw(ID_ALPHABET, &source);
        let mut times = std::collections::HashMap::new();
        for letter in drawn {
            *times.entry(letter).or_insert(0) += 1;
        }
        assert!(times.len() == ID_ALPHABET.len() && times.values().all(|times| *times == 40));
    }

    #[test]
    fn only_seventeen_letters_of_the_alphabet_are_an_id() {
        assert!("o94SveQp6fyPsoiNC".parse::<SessionId>().is_ok());
        for text in ["", "o94SveQp6fyPsoiN", "o94SveQp6fyPsoiNCC", "o94SveQp6fyPsoiN0", "o94SveQp6fyPsoiNé"]
        {
            assert!(text.parse::<SessionId>().is_err(), "{text}");
        }
    }
}
