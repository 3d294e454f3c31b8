//! The letters of a filter's text, one after another: what ends a word, what is quoted, what stands for itself.

use crate::error::{Fault, FilterError};
use crate::text::Glob;
use crate::when::Comparison;

/// A place in a text.
pub struct Scanner {
    chars: Vec<char>,
    at: usize,
}

/// A text as it was written.
pub struct Word {
    /// What it says.
    pub glob: Glob,
    /// Whether it stands in quotes.
    pub is_quoted: bool,
    /// Where it starts.
    pub start: usize,
}

/// What stands between a field and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `:`
    Is,
    /// `~`
    Contains,
    /// `<`, `<=`, `>`, `>=`
    Compares(Comparison),
}

impl Operator {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Is => ":",
            Self::Contains => "~",
            Self::Compares(comparison) => comparison.as_str(),
        }
    }
}

/// Whether a character ends a word that stands in no quotes.
pub fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '"')
}

/// Whether a backslash takes from a character what it means otherwise.
pub const fn is_escaped_by_backslash(c: char) -> bool {
    matches!(c, '*' | '"' | '\\')
}

/// Whether a character stands behind a field's name.
pub const fn is_operator(c: char) -> bool {
    matches!(c, ':' | '~' | '<' | '>')
}

impl Scanner {
    /// At the beginning of a text.
    pub fn new(text: &str) -> Self {
        Self { chars: text.chars().collect(), at: 0 }
    }

    /// How many characters are before it.
    pub const fn at(&self) -> usize {
        self.at
    }

    /// Goes back to a place.
    pub const fn back_to(&mut self, at: usize) {
        self.at = at;
    }

    /// The next character.
    pub fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    /// Steps over a character, if it is the next.
    pub fn take(&mut self, c: char) -> bool {
        let is_there = self.peek() == Some(c);
        self.at += usize::from(is_there);
        is_there
    }

    /// Steps over white space.
    pub fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Steps over a word in capitals that joins terms, if it is the next.
    pub fn take_joint(&mut self, word: &str) -> bool {
        let end = self.at + word.len();
        let is_there =
            self.chars.get(self.at..end).is_some_and(|chars| chars.iter().copied().eq(word.chars()))
                && self.chars.get(end).is_none_or(|c| ends_word(*c));
        if is_there {
            self.at = end;
        }
        is_there
    }

    /// Steps over a field's name and what stands behind it, if these are the next.
    pub fn take_field(&mut self) -> Option<(String, Operator)> {
        let name: String = self.chars[self.at..].iter().take_while(|c| c.is_ascii_alphabetic()).collect();
        let operator = self.chars.get(self.at + name.len()).copied().filter(|c| is_operator(*c))?;
        if name.is_empty() {
            return None;
        }
        self.at += name.len() + 1;
        let operator = match operator {
            '<' if self.take('=') => Operator::Compares(Comparison::AtMost),
            '<' => Operator::Compares(Comparison::Less),
            '>' if self.take('=') => Operator::Compares(Comparison::AtLeast),
            '>' => Operator::Compares(Comparison::Greater),
            '~' => Operator::Contains,
            _ => Operator::Is,
        };
        Some((name, operator))
    }

    /// Steps over a text, in quotes or not; an empty one in no quotes where there is none.
    pub fn take_word(&mut self) -> Result<Word, FilterError> {
        let start = self.at;
        let is_quoted = self.take('"');
        let mut pieces = vec![String::new()];
        while let Some(c) = self.peek() {
            let ends = if is_quoted { c == '"' } else { ends_word(c) };
            if ends {
                break;
            }
            self.at += 1;
            match c {
                '*' => pieces.push(String::new()),
                '\\' => {
                    let escaped = self.peek().filter(|c| is_escaped_by_backslash(*c));
                    self.at += usize::from(escaped.is_some());
                    pieces.last_mut().into_iter().for_each(|piece| piece.push(escaped.unwrap_or('\\')));
                }
                c => pieces.last_mut().into_iter().for_each(|piece| piece.push(c)),
            }
        }
        if is_quoted && !self.take('"') {
            return Err(self.fault_from(start, Fault::Unclosed('"')));
        }
        Ok(Word { glob: Glob::of(pieces), is_quoted, start })
    }

    /// Steps over a regular expression between slashes; gives what stands between them.
    pub fn take_pattern(&mut self) -> Result<String, FilterError> {
        let start = self.at;
        self.at += 1;
        let mut pattern = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '/' => return Ok(pattern),
                '\\' => {
                    pattern.push('\\');
                    if let Some(escaped) = self.peek() {
                        self.at += 1;
                        pattern.push(escaped);
                    }
                }
                c => pattern.push(c),
            }
        }
        Err(self.fault_from(start, Fault::Unclosed('/')))
    }

    /// What was written from a place on.
    pub fn written_from(&self, start: usize) -> String {
        self.chars[start..self.at].iter().collect()
    }

    /// Something is wrong with what was written from a place on.
    pub fn fault_from(&self, start: usize, fault: Fault) -> FilterError {
        FilterError { column: start + 1, length: self.at - start, fault }
    }
}
