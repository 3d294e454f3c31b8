//! What is asked of a text: that it is, that it contains, or that it matches. Case is ignored.

use crate::pattern;
use regex_automata::meta::Regex;
use regex_syntax::hir::Hir;
use rollcall_model::limits::FILTER_PROGRAM_BYTES;

/// What is asked of a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Text {
    /// It is this, from its beginning to its end.
    Is(Glob),
    /// It contains this.
    Contains(Glob),
    /// It has a match of this.
    Matches(Pattern),
}

/// A text in which `*` stands for any run of characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Glob {
    /// What stands between the stars: one more than there are of these; only the first and the last may be empty.
    pieces: Vec<String>,
}

/// A regular expression that can be read and is not too large.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    text: String,
}

impl Glob {
    /// This text, in which nothing stands for anything else.
    pub fn literal(text: &str) -> Self {
        Self { pieces: vec![text.into()] }
    }

    /// These pieces, with a star between each two.
    pub fn of(pieces: Vec<String>) -> Self {
        let last = pieces.len().saturating_sub(1);
        let is_kept = |at: usize, piece: &str| at == 0 || at == last || !piece.is_empty();
        let kept = pieces.into_iter().enumerate().filter(|(at, piece)| is_kept(*at, piece));
        let mut pieces: Vec<String> = kept.map(|(_, piece)| piece).collect();
        if pieces.is_empty() {
            pieces.push(String::new());
        }
        Self { pieces }
    }

    /// The same without stars at its ends: to contain the one is to contain the other.
    #[must_use]
    pub fn without_ends(mut self) -> Self {
        if self.pieces.len() > 1 && self.pieces.first().is_some_and(String::is_empty) {
            self.pieces.remove(0);
        }
        if self.pieces.len() > 1 && self.pieces.last().is_some_and(String::is_empty) {
            self.pieces.pop();
        }
        self
    }

    /// What stands between the stars.
    pub fn pieces(&self) -> &[String] {
        &self.pieces
    }

    /// The text, if nothing in it stands for anything else.
    pub fn as_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [literal] => Some(literal),
            _ => None,
        }
    }

    fn regex(&self) -> String {
        let pieces: Vec<String> = self.pieces.iter().map(|piece| regex_syntax::escape(piece)).collect();
        pieces.join("(?s:.)*")
    }
}

impl Pattern {
    /// The pattern of this text, and the size of its program in bytes; what is wrong with it where it is none.
    pub fn parse(text: &str) -> Result<(Self, usize), BadPattern> {
        let hir = pattern::parse(text).map_err(BadPattern::Syntax)?;
        let built = pattern::build(&hir, true, Some(FILTER_PROGRAM_BYTES)).ok_or(BadPattern::TooLarge)?;
        Ok((Self { text: with_bare_slashes(text) }, built.memory_usage()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadPattern {
    /// It cannot be read.
    Syntax(String),
    /// Its program is larger than the bound.
    TooLarge,
}

/// A pattern with its slashes as they are: an escaped one matches the same.
fn with_bare_slashes(text: &str) -> String {
    let (mut bare, mut chars) = (String::with_capacity(text.len()), text.chars());
    while let Some(c) = chars.next() {
        if c != '\\' {
            bare.push(c);
            continue;
        }
        match chars.next() {
            Some('/') => bare.push('/'),
            escaped => bare.extend([Some('\\'), escaped].into_iter().flatten()),
        }
    }
    bare
}

impl Text {
    /// The same as a regular expression, parsed.
    pub fn hir(&self) -> Hir {
        let regex = match self {
            Self::Is(glob) => format!(r"\A{}\z", glob.regex()),
            Self::Contains(glob) => glob.regex(),
            Self::Matches(pattern) => pattern.text.clone(),
        };
        // What is escaped can be read, and so can a pattern that was.
        pattern::parse(&regex).unwrap_or_else(|_| Hir::fail())
    }

    /// What holds it against texts one by one.
    pub fn matcher(&self) -> Matcher {
        Matcher(pattern::build(&self.hir(), true, None))
    }
}

/// Holds what is asked against texts one by one.
#[derive(Clone, Debug)]
pub struct Matcher(Option<Regex>);

impl Matcher {
    /// What its program takes.
    pub fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, Regex::memory_usage)
    }

    /// Whether this text is meant.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(pieces: &[&str]) -> Glob {
        Glob::of(pieces.iter().map(|piece| (*piece).to_owned()).collect())
    }

    #[test]
    fn a_value_is_whole_and_its_case_does_not_matter() {
        for (text, there, elsewhere) in [
            (Text::Is(Glob::literal("ann")), vec!["ann", "ANN"], vec!["joanna", "ann ", ""]),
            (Text::Is(glob(&["Chrome 11", ""])), vec!["chrome 11", "Chrome 110\n2"], vec!["x chrome 11"]),
            (Text::Is(glob(&["", "a", "b", ""])), vec!["ab", "xa..bx"], vec!["bca"]),
            (Text::Is(glob(&["", ""])), vec!["", "x"], vec![]),
            (Text::Is(Glob::literal("")), vec![""], vec!["x"]),
            (Text::Is(Glob::literal("a.*")), vec!["A.*"], vec!["abc"]),
            (Text::Contains(glob(&["é", "k"])), vec!["xÉ-\u{212A}x"], vec!["ek"]),
            (Text::Matches(Pattern::parse("^zo[eé]$").unwrap().0), vec!["ZOÉ"], vec!["zoes"]),
        ] {
            let matcher = text.matcher();
            for there in there {
                assert!(matcher.is_match(there), "{text:?} in {there:?}");
            }
            for other in elsewhere {
                assert!(!matcher.is_match(other), "{text:?} in {other:?}");
            }
        }
    }

    #[test]
    fn what_is_no_pattern_or_too_large_is_refused() {
        assert!(matches!(Pattern::parse("("), Err(BadPattern::Syntax(_))));
        assert!(matches!(Pattern::parse("(?-u:\\xFF)"), Err(BadPattern::Syntax(_))));
        assert!(matches!(Pattern::parse(&"(".repeat(100_000)), Err(BadPattern::Syntax(_))));
        assert_eq!(Pattern::parse("\\w{500}{500}").map(|_| ()), Err(BadPattern::TooLarge));
    }
}
