//! What can come of a command that asks a server, and the exit code that says it.

/// A command that did not do what was asked: the sentence for stderr, and what kind of thing it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    /// What kind of thing.
    pub kind: Kind,
    /// What is wrong, and what would be right.
    pub what: String,
}

/// Kinds of failures: one exit code each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Refused, or anything else.
    Failed,
    /// Asked wrongly.
    Usage,
    /// Not signed in.
    NotSignedIn,
    /// Signed in, but not permitted.
    NotPermitted,
    /// A second factor is needed, and was not given or not right.
    SecondFactor,
    /// There is no such thing.
    NotFound,
    /// The server cannot be reached, or does not answer now.
    Unavailable,
}

/// The exit codes, for `--help`.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  it failed: the server refused, or something else; stderr says what
  2  asked wrongly
  3  not signed in
  4  not permitted
  5  a second factor is needed, and was not given or not right
  6  not found
  7  the server cannot be reached, or does not answer now: try again later";

impl Kind {
    /// The code that a process ends with.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotSignedIn => 3,
            Self::NotPermitted => 4,
            Self::SecondFactor => 5,
            Self::NotFound => 6,
            Self::Unavailable => 7,
        }
    }

    /// A failure of this kind.
    pub fn because(self, what: impl Into<String>) -> Failure {
        Failure { kind: self, what: what.into() }
    }
}
