//! Second factors of a user: an authenticator's seed, sealed, recovery codes and mailed codes, hashed.
//!
//! **Invariants:** nothing here can be turned back into a code without the cluster key; the last accepted
//! step of an authenticator never falls, so that a code is good once; a recovery code or mailed code that was used is gone.

use crate::clock::Timestamp;
use crate::ids::Seq;
use std::fmt;

/// Seconds that one code of an authenticator is shown (RFC 6238 §4.1: X).
pub const STEP_S: i64 = 30;

/// A time step of an authenticator: how many times [`STEP_S`] have gone by since 1970 (RFC 6238: T).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step(pub u64);

/// An authenticator's seed, sealed under the cluster key. Its `Debug` says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSeed(pub Vec<u8>);

impl fmt::Debug for SealedSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSeed(…)")
    }
}

/// What is kept of a recovery code: its hash under the cluster key, the user's number in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecoveryHash(pub [u8; 32]);

impl fmt::Debug for RecoveryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryHash(…)")
    }
}

/// What is kept of a code that was mailed: its hash under the cluster key, the user's number in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailedHash(pub [u8; 32]);

impl fmt::Debug for MailedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailedHash(…)")
    }
}

/// A code that was mailed, as long as it was not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailedCode {
    /// What is kept of it.
    pub hash: MailedHash,
    /// From when on it is good no more.
    pub until: Timestamp,
}

/// Which factors a user has, or loses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Factors {
    /// An authenticator, with its recovery codes.
    pub authenticator: bool,
    /// Codes by mail, to the first verified address. Without one they count for nothing.
    pub mail: bool,
}

impl Factors {
    /// An authenticator alone.
    pub const AUTHENTICATOR: Self = Self { authenticator: true, mail: false };
    /// Mail alone.
    pub const MAIL: Self = Self { authenticator: false, mail: true };
    /// All there are.
    pub const ALL: Self = Self { authenticator: true, mail: true };

    /// Whether there is any.
    pub const fn any(self) -> bool {
        self.authenticator || self.mail
    }

    /// These and those.
    #[must_use]
    pub const fn with(self, others: Self) -> Self {
        Self { authenticator: self.authenticator || others.authenticator, mail: self.mail || others.mail }
    }

    /// These but for those.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self { authenticator: self.authenticator && !others.authenticator, mail: self.mail && !others.mail }
    }

    /// Their words in the ledger.
    pub fn words(self) -> Vec<&'static str> {
        [(self.authenticator, "authenticator"), (self.mail, "mail")]
            .into_iter()
            .filter_map(|(there, word)| there.then_some(word))
            .collect()
    }
}

/// What shows that the store was sealed with this very cluster key, and tells nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyFingerprint(pub [u8; 32]);

impl fmt::Display for KeyFingerprint {
    /// The first 8 bytes in hex: enough to tell keys apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..8].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A user's authenticator, but for its seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authenticator {
    /// The event that gave the seed out: which of several seeds it is.
    pub begun: Seq,
    /// The last step whose code was accepted; `None` until the first was, which enrols it.
    pub last_step: Option<Step>,
}

impl Authenticator {
    /// Whether it is asked for: a seed that was given out and never proved is not.
    pub const fn is_enrolled(&self) -> bool {
        self.last_step.is_some()
    }
}

/// A code that was accepted, and is good no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Used {
    /// The authenticator's code of this step, and with it all earlier ones.
    Step(Step),
    /// A recovery code.
    Recovery(RecoveryHash),
    /// A mailed code.
    Mailed(MailedHash),
}

/// What somebody showed for a second factor, as far as it could be checked without the locked head: the
/// rest (is the step later? is the code still there?) is decided in the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The password: good while no factor is enrolled.
    Password,
    /// A code of the authenticator that was begun by this event, at this step.
    Authenticator {
        /// Which authenticator.
        begun: Seq,
        /// Which code.
        step: Step,
    },
    /// A recovery code.
    Recovery(RecoveryHash),
    /// A mailed code.
    Mailed(MailedHash),
}
