//! What may be written next: fields, what stands behind them, and values.

use crate::field::{Field, TextField};
use crate::scanner::{Operator, Scanner, ends_word};
use crate::text::Glob;
use std::ops::Range;

/// What may stand where the cursor is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The characters that a suggestion takes the place of, counted from 0.
    pub replaces: Range<usize>,
    /// What the language knows.
    pub suggestions: Vec<Suggestion>,
    /// What the sessions know: whoever asks looks it up, and writes it as [`Glob::literal`] prints it.
    pub values: Option<Values>,
}

/// Something that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// What is put in.
    pub text: String,
    /// What it means, in a few words; empty where the text says it.
    pub meaning: &'static str,
}

/// Values of a field that begin with what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// The field.
    pub field: TextField,
    /// How they begin, whatever the case.
    pub prefix: String,
}

/// Ages to begin with.
const AGES: [(&str, &str); 5] =
    [("1h", "an hour"), ("1d", "a day"), ("7d", "a week"), ("30d", "a month"), ("90d", "three months")];

/// What may stand at the cursor, which stands behind so many characters.
pub fn complete(text: &str, cursor: usize) -> Completion {
    let before: String = text.chars().take(cursor).collect();
    let behind = text.chars().skip(cursor).take_while(|c| !ends_word(*c)).count();
    let term = last_term(&before);
    let end = before.chars().count() + behind;
    let nothing = Completion { replaces: term.start..end, suggestions: Vec::new(), values: None };
    match term.kind {
        Kind::Word => Completion { suggestions: fields(&term.text), ..nothing },
        Kind::Value(field, operator) if field.operators().contains(&operator.as_str()) => {
            let (suggestions, values) = values(field, operator, &term.text);
            Completion { suggestions, values, ..nothing }
        }
        Kind::Value(..) | Kind::Nothing => nothing,
    }
}

/// What the cursor stands in.
struct Term {
    kind: Kind,
    /// Where what is completed starts.
    start: usize,
    /// As far as it is written.
    text: String,
}

enum Kind {
    /// A word, or the name of a field.
    Word,
    /// A field's value.
    Value(Field, Operator),
    /// A pattern, or a field that there is not.
    Nothing,
}

fn last_term(before: &str) -> Term {
    let mut scanner = Scanner::new(before);
    loop {
        scanner.skip_space();
        while scanner.take('-') || scanner.take('(') || scanner.take(')') {
            scanner.skip_space();
        }
        let first = scanner.at();
        let kind = match scanner.take_field() {
            None if scanner.peek() == Some('/') => Kind::Nothing,
            None => Kind::Word,
            Some((name, operator)) => match Field::parse(&name) {
                Some(Field::Text(_)) if operator == Operator::Is && scanner.peek() == Some('/') => {
                    Kind::Nothing
                }
                Some(field) => Kind::Value(field, operator),
                None => Kind::Nothing,
            },
        };
        let start = scanner.at();
        if scanner.peek() == Some('/') && matches!(kind, Kind::Nothing) {
            let is_open = scanner.take_pattern().is_err();
            if is_open || scanner.peek().is_none() {
                return Term { kind, start, text: String::new() };
            }
            continue;
        }
        // What is still open is taken as far as it goes.
        let text = match scanner.take_word() {
            Ok(word) => word.glob.pieces().join("*"),
            Err(_) => scanner.written_from(start).trim_start_matches('"').to_owned(),
        };
        if scanner.peek().is_none() {
            return Term { kind, start: if text.is_empty() { start } else { start.max(first) }, text };
        }
    }
}

fn fields(written: &str) -> Vec<Suggestion> {
    let written = written.to_ascii_lowercase();
    let starts = Field::ALL.into_iter().filter(|field| field.name().starts_with(&written));
    let all_of = |field: Field| {
        // Whoever has written the whole name sees all that may stand behind it.
        let count = if field.name() == written { field.operators().len() } else { 1 };
        let text = move |operator: &&str| format!("{}{operator}", field.name());
        let suggestion = move |operator| Suggestion { text: text(operator), meaning: meaning(field) };
        field.operators().iter().take(count).map(suggestion)
    };
    starts.flat_map(all_of).collect()
}

fn values(field: Field, operator: Operator, written: &str) -> (Vec<Suggestion>, Option<Values>) {
    let folded = written.to_ascii_lowercase();
    let words = field.words().into_iter().map(|word| (word, ""));
    let ages = AGES.into_iter().filter(|_| matches!(field, Field::Time(_)));
    let starting = words.chain(ages).filter(|(word, _)| word.starts_with(&folded));
    let suggestions = starting.map(|(word, meaning)| Suggestion { text: word.into(), meaning }).collect();
    let values = match (field, operator) {
        (
            Field::Text(
                field @ (TextField::User
                | TextField::Name
                | TextField::Device
                | TextField::Version
                | TextField::Os
                | TextField::Host),
            ),
            Operator::Is,
        ) => Some(Values { field, prefix: written.into() }),
        _ => None,
    };
    (suggestions, values)
}

/// What a field is, in a few words.
const fn meaning(field: Field) -> &'static str {
    match field {
        Field::Text(TextField::User) => "username",
        Field::Text(TextField::Name) => "the user's name",
        Field::Text(TextField::Email) => "an e-mail address of the user",
        Field::Text(TextField::Device) => "browser or app",
        Field::Text(TextField::Type) => "kind of client",
        Field::Text(TextField::Version) => "version of browser or app",
        Field::Text(TextField::Os) => "operating system",
        Field::Text(TextField::Host) => "host that was signed in at",
        Field::Text(TextField::Ip) => "address or network",
        Field::Text(TextField::Id) => "the session's id",
        Field::Time(crate::TimeField::Login) => "signed in: how long ago, or when",
        Field::Time(crate::TimeField::Seen) => "last seen: how long ago, or when",
        Field::Role => "a role of the user",
        Field::Factor => "a second factor of the user",
        Field::Current => "your own session",
    }
}

impl std::fmt::Display for Glob {
    /// As a value is written: in quotes where it needs them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        crate::print::value(f, self)
    }
}
