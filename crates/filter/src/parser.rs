//! Text to tree.
//!
//! ```text
//! filter = [ either ]
//! either = both { "OR" both }
//! both   = one { [ "AND" ] one }
//! one    = { "-" | "NOT" } ( "(" either ")" | term )
//! term   = field operator value | word | pattern
//! ```

use crate::error::{Fault, FilterError};
use crate::field::{Factor, Field, TextField, YES_OR_NO, nearest};
use crate::scanner::{Operator, Scanner, Word, ends_word};
use crate::text::{BadPattern, Glob, Pattern, Text};
use crate::tree::{Leaf, Tree};
use crate::version::Version;
use crate::when::When;
use ipnet::IpNet;
use rollcall_model::limits::{FILTER_DEPTH, FILTER_PROGRAM_BYTES, FILTER_TERMS, FILTER_TREE_CHARS};
use rollcall_model::{DeviceType, Role};
use std::net::IpAddr;

impl Tree {
    /// Reads a filter; an empty one is everything.
    ///
    /// # Errors
    /// Where the text is no filter: the first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        Self::read(text, false)
    }

    /// Reads a filter of sessions as they were, which asks nothing that is known of live ones only.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and where such a field is asked.
    pub fn parse_of_the_past(text: &str) -> Result<Self, FilterError> {
        Self::read(text, true)
    }

    fn read(text: &str, of_the_past: bool) -> Result<Self, FilterError> {
        if let Some((_, beyond)) = text.char_indices().nth(FILTER_TREE_CHARS).map(|(at, _)| text.split_at(at))
        {
            let length = beyond.chars().count();
            return Err(FilterError { column: FILTER_TREE_CHARS + 1, length, fault: Fault::TooLong });
        }
        let mut parser =
            Parser { scanner: Scanner::new(text), of_the_past, depth: 0, terms: 0, program_bytes: 0 };
        parser.scanner.skip_space();
        if parser.scanner.peek().is_none() {
            return Ok(Self::everything());
        }
        let tree = parser.either()?;
        if parser.scanner.peek().is_some() {
            return Err(parser.expected("a term, not `)`"));
        }
        Ok(tree)
    }
}

struct Parser {
    scanner: Scanner,
    of_the_past: bool,
    depth: usize,
    terms: usize,
    program_bytes: usize,
}

impl Parser {
    /// Terms up to a closing parenthesis or the end.
    fn either(&mut self) -> Result<Tree, FilterError> {
        let mut parts = vec![self.both()?];
        while self.scanner.take_joint("OR") {
            parts.push(self.both()?);
        }
        Ok(Tree::or(parts))
    }

    fn both(&mut self) -> Result<Tree, FilterError> {
        let mut parts = vec![self.one()?];
        loop {
            self.scanner.skip_space();
            let is_joined = self.scanner.take_joint("AND");
            let (place, is_or) = (self.scanner.at(), self.scanner.take_joint("OR"));
            if is_or {
                self.scanner.back_to(place);
            }
            if is_joined || !(is_or || matches!(self.scanner.peek(), None | Some(')'))) {
                parts.push(self.one()?);
            } else {
                return Ok(Tree::and(parts));
            }
        }
    }

    fn one(&mut self) -> Result<Tree, FilterError> {
        let mut is_negated = false;
        loop {
            self.scanner.skip_space();
            if !(self.scanner.take('-') || self.scanner.take_joint("NOT")) {
                break;
            }
            is_negated = !is_negated;
        }
        let tree = if self.scanner.peek() == Some('(') { self.parenthesis()? } else { self.term()? };
        Ok(if is_negated { Tree::not(tree) } else { tree })
    }

    fn parenthesis(&mut self) -> Result<Tree, FilterError> {
        let start = self.scanner.at();
        self.scanner.take('(');
        self.depth += 1;
        if self.depth > FILTER_DEPTH {
            return Err(self.scanner.fault_from(start, Fault::TooDeep));
        }
        let tree = self.either()?;
        self.depth -= 1;
        if self.scanner.take(')') {
            Ok(tree)
        } else {
            Err(self.scanner.fault_from(start, Fault::Unclosed(')')))
        }
    }

    fn term(&mut self) -> Result<Tree, FilterError> {
        let start = self.scanner.at();
        let leaf = if self.scanner.peek() == Some('/') {
            Leaf::Any(self.pattern()?)
        } else if let Some((name, operator)) = self.scanner.take_field() {
            self.of_field(start, name, operator)?
        } else {
            let word = self.scanner.take_word()?;
            let is_missing = self.scanner.at() == start || (!word.is_quoted && is_joint(&word.glob));
            if is_missing {
                return Err(self.scanner.fault_from(start, Fault::Expected("a term")));
            }
            Leaf::Any(Text::Contains(word.glob.without_ends()))
        };
        if self.scanner.peek().is_some_and(|c| !ends_word(c) || c == '"') {
            return Err(self.expected("a space between terms"));
        }
        self.terms += 1;
        if self.terms > FILTER_TERMS {
            return Err(self.scanner.fault_from(start, Fault::TooManyTerms));
        }
        Ok(Tree::Leaf(leaf))
    }

    fn of_field(&mut self, start: usize, name: String, operator: Operator) -> Result<Leaf, FilterError> {
        let Some(field) = Field::parse(&name) else {
            let nearest = nearest(&name, Field::ALL.map(Field::name));
            let (column, length) = (start + 1, name.len());
            return Err(FilterError { column, length, fault: Fault::UnknownField { name, nearest } });
        };
        if self.of_the_past && field.is_of_the_present() {
            let (column, length) = (start + 1, name.len());
            return Err(FilterError { column, length, fault: Fault::OfThePresent(field) });
        }
        if !field.operators().contains(&operator.as_str()) {
            let fault = Fault::Operator { field, operator: operator.as_str() };
            return Err(self.scanner.fault_from(start + name.len(), fault));
        }
        match (field, operator) {
            (Field::Text(of), Operator::Is) if self.scanner.peek() == Some('/') => {
                Ok(Leaf::Text(of, self.pattern()?))
            }
            (Field::Text(of), Operator::Is) => {
                let word = self.value("a value")?;
                self.is(of, word)
            }
            (Field::Text(of), Operator::Contains) => {
                let word = self.value("a text")?;
                Ok(Leaf::Text(of, Text::Contains(word.glob.without_ends())))
            }
            (Field::Text(_), Operator::Compares(comparison)) => {
                let version = self.read(field, "a version such as 145 or 17.5", Version::parse)?;
                Ok(Leaf::Version(comparison, version))
            }
            (Field::Time(of), Operator::Compares(comparison)) => {
                let what =
                    "an age such as 30m, 12h, 7d or 2w, or a date such as 2026-11-01 or 2026-11-01T08:15Z";
                Ok(Leaf::Time(of, comparison, self.read(field, what, When::parse)?))
            }
            (Field::Role, _) => self.read(field, "a role", Role::parse).map(Leaf::Role),
            (Field::Factor, _) => {
                let factor = |text: &str| Factor::ALL.into_iter().find(|factor| factor.as_str() == text);
                self.read(field, "a factor", factor).map(Leaf::Factor)
            }
            (Field::Current | Field::Time(_), _) => {
                let current = |text: &str| YES_OR_NO.into_iter().find(|(word, _)| *word == text);
                self.read(field, "yes or no", current).map(|(_, is_current)| Leaf::Current(is_current))
            }
        }
    }

    /// The whole value of a text field.
    fn is(&self, field: TextField, word: Word) -> Result<Leaf, FilterError> {
        let value = word.glob.as_literal();
        match (field, value) {
            (TextField::Type, Some(value)) => {
                let is_it = |kind: &DeviceType| kind.as_str().eq_ignore_ascii_case(value);
                let kind = DeviceType::ALL.into_iter().find(is_it);
                let kind =
                    kind.ok_or_else(|| self.bad_value(word.start, Field::Text(field), "a type", value))?;
                Ok(Leaf::Text(field, Text::Is(Glob::literal(kind.as_str()))))
            }
            (TextField::Ip, Some(value)) => {
                let what =
                    "an address such as 10.1.0.7, a network such as 10.0.0.0/8, or `*` for a part of one";
                let bad = || self.bad_value(word.start, Field::Text(field), what, value);
                network(value).ok_or_else(bad).map(Leaf::Network)
            }
            _ => Ok(Leaf::Text(field, Text::Is(word.glob))),
        }
    }

    fn value(&mut self, what: &'static str) -> Result<Word, FilterError> {
        let word = self.scanner.take_word()?;
        if word.start == self.scanner.at() {
            return Err(self.expected(what));
        }
        Ok(word)
    }

    /// A value that has to be read by more than its letters.
    fn read<T>(
        &mut self,
        field: Field,
        what: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, FilterError> {
        let word = self.value(what)?;
        let text = word.glob.as_literal().unwrap_or_default();
        read(text)
            .or_else(|| read(&text.to_ascii_lowercase()))
            .ok_or_else(|| self.bad_value(word.start, field, what, text))
    }

    fn bad_value(&self, start: usize, field: Field, expected: &'static str, value: &str) -> FilterError {
        let nearest = nearest(value, field.words());
        self.scanner.fault_from(start, Fault::Value { field, expected, nearest })
    }

    fn pattern(&mut self) -> Result<Text, FilterError> {
        let start = self.scanner.at();
        let text = self.scanner.take_pattern()?;
        if text.is_empty() {
            return Err(self
                .scanner
                .fault_from(start, Fault::Expected("a regular expression between slashes")));
        }
        let parsed = Pattern::parse(&text).map_err(|bad| match bad {
            BadPattern::Syntax(reason) => Fault::Pattern { reason },
            BadPattern::TooLarge => Fault::PatternTooLarge,
        });
        let (pattern, bytes) = parsed.map_err(|fault| self.scanner.fault_from(start, fault))?;
        self.program_bytes += bytes;
        if self.program_bytes > FILTER_PROGRAM_BYTES {
            return Err(self.scanner.fault_from(start, Fault::PatternTooLarge));
        }
        Ok(Text::Matches(pattern))
    }

    fn expected(&self, what: &'static str) -> FilterError {
        self.scanner.fault_from(self.scanner.at(), Fault::Expected(what))
    }
}

/// Whether a word joins terms and is none.
pub fn is_joint(word: &Glob) -> bool {
    word.as_literal().is_some_and(|word| matches!(word, "OR" | "AND" | "NOT"))
}

/// A network, or an address as the network of it alone.
fn network(text: &str) -> Option<IpNet> {
    let of_one = |ip: IpAddr| IpNet::from(ip.to_canonical());
    let address = text.parse().ok().map(of_one);
    address.or_else(|| text.parse().ok().map(|network: IpNet| network.trunc()))
}
