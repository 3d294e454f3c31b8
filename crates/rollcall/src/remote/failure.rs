//! What can come of a command that asks a server, and the exit code that says it.

use crate::clean::{clean, width};

/// A command that did not do what was asked: the sentence for stderr, and what kind of thing it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    /// What kind of thing.
    pub kind: Kind,
    /// What is wrong, and what would be right.
    pub what: String,
    /// Where in the filter that was sent, when it is that.
    pub place: Option<Box<Place>>,
}

/// A part of a filter that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The filter as it was sent.
    pub filter: String,
    /// The first character that is wrong, counted from 1.
    pub column: usize,
    /// How many characters are.
    pub length: usize,
}

/// Characters of a filter that are shown before and after the place.
const AROUND_CHARS: usize = 60;

impl Place {
    /// The filter around the place, and a line that points at it. Both are clean.
    pub fn shown(&self) -> [String; 2] {
        let start = self.column.saturating_sub(1);
        let skipped = start.saturating_sub(AROUND_CHARS);
        let part = |from: usize, count: usize| {
            let part: String = self.filter.chars().skip(from).take(count).collect();
            clean(&part, usize::MAX)
        };
        let length = self.length.min(AROUND_CHARS);
        let before = part(skipped, start - skipped);
        let at = part(start, length);
        let after = part(start.saturating_add(length), AROUND_CHARS);
        let carets = "^".repeat(width(&at).max(1));
        [format!("{before}{at}{after}"), format!("{}{carets}", " ".repeat(width(&before)))]
    }
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
        Failure { kind: self, what: what.into(), place: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(filter: &str, column: usize, length: usize) -> [String; 2] {
        Place { filter: filter.into(), column, length }.shown()
    }

    #[test]
    fn the_carets_are_under_what_is_wrong() {
        assert_eq!(shown("zoe divice:x", 5, 6), ["zoe divice:x", "    ^^^^^^"]);
        assert_eq!(shown("王小明 x:y", 5, 1), ["王小明 x:y", "       ^"]);
        assert_eq!(shown("(zoe", 5, 0), ["(zoe", "    ^"]);
        assert_eq!(shown("\u{1b}[2J x:y", 6, 1), ["\u{fffd}[2J x:y", "     ^"]);
    }

    #[test]
    fn a_long_filter_is_shown_around_the_place() {
        let [line, carets] = shown(&"a".repeat(8_000), 4_001, 3);
        assert_eq!((line.len(), carets), (123, format!("{}^^^", " ".repeat(60))));
        // A server may say any number.
        for (column, length) in [(0, 0), (usize::MAX, usize::MAX), (1, usize::MAX)] {
            assert!(shown("zoe", column, length)[1].len() <= 64);
        }
    }
}
