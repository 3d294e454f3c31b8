//! What is wrong with a filter's text: where, what was expected, and the known word that is nearest.

use crate::field::Field;
use rollcall_model::limits::{FILTER_DEPTH, FILTER_PROGRAM_BYTES, FILTER_TERMS, FILTER_TREE_CHARS};
use std::fmt;

/// Why a text is no filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// Where it is wrong: the number of the first character that is, counted from 1.
    pub column: usize,
    /// How many characters are; 0 where something is missing.
    pub length: usize,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a filter's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It has more characters than the bound.
    TooLong,
    /// It has more terms than the bound.
    TooManyTerms,
    /// Its parentheses are nested deeper than the bound.
    TooDeep,
    /// Something else is expected here.
    Expected(&'static str),
    /// What was opened is not closed.
    Unclosed(char),
    /// No field has this name.
    UnknownField {
        /// The name.
        name: String,
        /// The nearest one.
        nearest: Option<&'static str>,
    },
    /// The field cannot be asked so.
    Operator {
        /// The field.
        field: Field,
        /// What was written.
        operator: &'static str,
    },
    /// The field has no such value.
    Value {
        /// The field.
        field: Field,
        /// What it has.
        expected: &'static str,
        /// The nearest of its words, where it has a fixed set.
        nearest: Option<&'static str>,
    },
    /// The field is known of live sessions only, and those of the past are asked.
    OfThePresent(Field),
    /// Something is wrong that filters of events alone have.
    OfEvents {
        /// What.
        what: String,
        /// What was expected.
        expected: &'static str,
        /// The nearest of the words that are known.
        nearest: Option<&'static str>,
    },
    /// It is no regular expression.
    Pattern {
        /// What is wrong with it.
        reason: String,
    },
    /// The programs of its regular expressions are larger than the bound.
    PatternTooLarge,
}

impl FilterError {
    /// The known word that is nearest to what was written.
    pub const fn nearest(&self) -> Option<&'static str> {
        match &self.fault {
            Fault::UnknownField { nearest, .. }
            | Fault::Value { nearest, .. }
            | Fault::OfEvents { nearest, .. } => *nearest,
            _ => None,
        }
    }

    /// What was expected there.
    pub fn expected(&self) -> String {
        match &self.fault {
            Fault::TooLong => format!("at most {FILTER_TREE_CHARS} characters"),
            Fault::TooManyTerms => format!("at most {FILTER_TERMS} terms"),
            Fault::TooDeep => format!("at most {FILTER_DEPTH} parentheses within one another"),
            Fault::Expected(what) => (*what).to_owned(),
            Fault::Unclosed(close) => format!("`{close}`"),
            Fault::UnknownField { .. } => {
                format!("one of the fields {}; a text with such a sign is put in quotes", names(|_| true))
            }
            Fault::OfThePresent(_) => {
                format!("one of the fields {}", names(|field| !field.is_of_the_present()))
            }
            Fault::Operator { field, .. } => one_of(field.operators().iter().copied()),
            Fault::Value { field, expected, .. } => match field.words().as_slice() {
                [] => (*expected).to_owned(),
                words => one_of(words.iter().copied()),
            },
            Fault::OfEvents { expected, .. } => (*expected).to_owned(),
            Fault::Pattern { .. } => "a regular expression".into(),
            Fault::PatternTooLarge => {
                format!("regular expressions of at most {} KiB, compiled", FILTER_PROGRAM_BYTES >> 10)
            }
        }
    }
}

fn names(are_told: impl Fn(&Field) -> bool) -> String {
    let told: Vec<_> = Field::ALL.iter().filter(|field| are_told(field)).map(|field| field.name()).collect();
    told.join(", ")
}

fn one_of(words: impl Iterator<Item = &'static str>) -> String {
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: ", self.column)?;
        match &self.fault {
            Fault::UnknownField { name, .. } => write!(f, "there is no field `{name}`")?,
            Fault::Operator { field, operator } => write!(f, "`{}` takes no `{operator}`", field.name())?,
            Fault::Value { field, .. } => write!(f, "`{}` has no such value", field.name())?,
            Fault::OfThePresent(field) => write!(f, "`{}` is known of live sessions only", field.name())?,
            Fault::OfEvents { what, .. } => f.write_str(what)?,
            Fault::Pattern { reason } => write!(f, "{reason}")?,
            Fault::TooLong => f.write_str("the filter is too long")?,
            Fault::TooManyTerms => f.write_str("the filter has too many terms")?,
            Fault::TooDeep => f.write_str("the filter is nested too deeply")?,
            Fault::PatternTooLarge => f.write_str("the regular expression is too large")?,
            Fault::Expected(_) | Fault::Unclosed(_) => return write!(f, "expected {}", self.expected()),
        }
        match self.nearest() {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?")?,
            None => f.write_str(".")?,
        }
        write!(f, " Expected {}", self.expected())
    }
}

impl std::error::Error for FilterError {}
