//! Filters of events: `kind:session.* actor:zoe -subject:bob at>=7d chrome`. The words of the language of sessions, and less
//! of it: terms that all have to hold, each negated by `-`.

use crate::error::{Fault, FilterError};
use crate::field::nearest;
use crate::scanner::{Operator, Scanner, Word, ends_word};
use crate::text::{Glob, Text};
use crate::when::{Comparison, When};
use rollcall_model::event::KINDS;
use rollcall_model::limits::{FILTER_TERMS, FILTER_TREE_CHARS};
use rollcall_model::{Actor, SessionId};

/// What is asked of events: each term has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// The terms, and whether each has to hold, or must not.
    pub terms: Vec<(EventTerm, bool)>,
}

/// Something that is asked of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventTerm {
    /// It is of a kind of this name.
    Kind(Glob),
    /// It was refused, or done.
    Refused(bool),
    /// Somebody did it.
    Actor(Who),
    /// It was done to a user of this name.
    Subject(String),
    /// It is about this session.
    Session(SessionId),
    /// It was then, or before, or after.
    At(Comparison, When),
    /// Its detail contains this.
    Detail(Glob),
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Who has no name.
    Actor(Actor),
    /// A user, by an id, a username or an address; or a program, by its service token's id or name.
    Named(String),
}

/// Those who have no names, by their words.
const NAMELESS: [(&str, Actor); 3] =
    [("system", Actor::System), ("operator", Actor::Operator), ("anyone", Actor::Anyone)];
const OUTCOMES: [(&str, bool); 2] = [("done", false), ("refused", true)];
const FIELDS: [&str; 6] = ["kind", "outcome", "actor", "subject", "session", "at"];

impl EventFilter {
    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let chars = text.chars().count();
        if chars > FILTER_TREE_CHARS {
            let (column, length) = (FILTER_TREE_CHARS + 1, chars - FILTER_TREE_CHARS);
            return Err(FilterError { column, length, fault: Fault::TooLong });
        }
        let (mut scanner, mut terms) = (Scanner::new(text), Vec::new());
        loop {
            scanner.skip_space();
            let start = scanner.at();
            let mut holds = true;
            while scanner.take('-') {
                holds = !holds;
            }
            if scanner.peek().is_none() && scanner.at() == start {
                return Ok(Self { terms });
            }
            let term = term(&mut scanner)?;
            if scanner.peek().is_some_and(|c| !c.is_whitespace()) {
                return Err(scanner.fault_from(scanner.at(), Fault::Expected("a space between terms")));
            }
            terms.push((term, holds));
            if terms.len() > FILTER_TERMS {
                return Err(scanner.fault_from(start, Fault::TooManyTerms));
            }
        }
    }

    /// The users that it names.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().filter_map(|(term, _)| match term {
            EventTerm::Actor(Who::Named(name)) | EventTerm::Subject(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The sessions that it names.
    pub fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.terms.iter().filter_map(|(term, _)| match term {
            EventTerm::Session(id) => Some(*id),
            _ => None,
        })
    }
}

fn term(scanner: &mut Scanner) -> Result<EventTerm, FilterError> {
    let start = scanner.at();
    let Some((name, operator)) = scanner.take_field() else {
        let word = scanner.take_word()?;
        if scanner.at() == start {
            return Err(scanner.fault_from(start, Fault::Expected("a term")));
        }
        return Ok(EventTerm::Detail(word.glob.without_ends()));
    };
    let known = FIELDS.iter().find(|field| field.eq_ignore_ascii_case(&name));
    let Some(field) = known else {
        let what = format!("events have no field `{name}`");
        let expected =
            "one of kind, outcome, actor, subject, session, at; a text with such a sign is put in quotes";
        let fault = Fault::OfEvents { what, expected, nearest: nearest(&name, FIELDS) };
        return Err(FilterError { column: start + 1, length: name.len(), fault });
    };
    match (*field, operator) {
        ("at", Operator::Compares(comparison)) => {
            let what = "an age such as 30m, 12h, 7d or 2w, or a date such as 2026-11-01 or 2026-11-01T08:15Z";
            let (word, value) = value(scanner, what)?;
            let when = When::parse(&value);
            when.map(|when| EventTerm::At(comparison, when))
                .ok_or_else(|| bad(scanner, &word, "at", what, &[]))
        }
        ("at", _) => Err(operator_of(scanner, start, &name, operator, "`<`, `<=`, `>` or `>=`")),
        (_, Operator::Contains | Operator::Compares(_)) => {
            Err(operator_of(scanner, start, &name, operator, "`:`"))
        }
        ("kind", Operator::Is) => {
            let word = whole(scanner, "a kind")?;
            let matcher = Text::Is(word.glob.clone()).matcher();
            if KINDS.iter().any(|kind| matcher.is_match(kind)) {
                Ok(EventTerm::Kind(word.glob))
            } else {
                let what = "a kind such as session.opened; `*` stands for any letters";
                Err(bad(scanner, &word, "kind", what, &KINDS))
            }
        }
        ("outcome", Operator::Is) => {
            let (word, value) = value(scanner, "`done` or `refused`")?;
            let outcome = OUTCOMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(&value));
            outcome
                .map(|(_, is_refused)| EventTerm::Refused(*is_refused))
                .ok_or_else(|| bad(scanner, &word, "outcome", "`done` or `refused`", &["done", "refused"]))
        }
        ("actor", Operator::Is) => {
            let (word, value) = value(scanner, "a user, a service token, or system, operator or anyone")?;
            let none = NAMELESS.iter().find(|(name, _)| *name == value && !word.is_quoted);
            Ok(EventTerm::Actor(none.map_or(Who::Named(value), |(_, actor)| Who::Actor(*actor))))
        }
        ("subject", Operator::Is) => value(scanner, "a user").map(|(_, value)| EventTerm::Subject(value)),
        (_, Operator::Is) => {
            let (word, value) = value(scanner, "a session's id")?;
            let id = value.parse().map(EventTerm::Session);
            id.map_err(|_| bad(scanner, &word, "session", "a session's id, of 17 letters and digits", &[]))
        }
    }
}

/// What stands behind a field.
fn whole(scanner: &mut Scanner, what: &'static str) -> Result<Word, FilterError> {
    if scanner.peek().is_none_or(|c| ends_word(c) && c != '"') {
        return Err(scanner.fault_from(scanner.at(), Fault::Expected(what)));
    }
    scanner.take_word()
}

/// The same, with nothing in it that stands for anything else.
fn value(scanner: &mut Scanner, what: &'static str) -> Result<(Word, String), FilterError> {
    let word = whole(scanner, what)?;
    match word.glob.as_literal() {
        Some(literal) => {
            let literal = literal.to_owned();
            Ok((word, literal))
        }
        None => Err(scanner.fault_from(word.start, Fault::Expected(what))),
    }
}

fn bad(
    scanner: &Scanner,
    word: &Word,
    field: &str,
    expected: &'static str,
    known: &[&'static str],
) -> FilterError {
    let written = word.glob.pieces().join("*");
    let nearest = nearest(&written, known.iter().copied());
    let what = format!("`{field}` has no such value");
    scanner.fault_from(word.start, Fault::OfEvents { what, expected, nearest })
}

fn operator_of(
    scanner: &Scanner,
    start: usize,
    name: &str,
    operator: Operator,
    expected: &'static str,
) -> FilterError {
    let what = format!("`{name}` takes no `{}`", operator.as_str());
    scanner.fault_from(start + name.len(), Fault::OfEvents { what, expected, nearest: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<(EventTerm, bool)> {
        EventFilter::parse(text).unwrap().terms
    }

    #[test]
    fn terms_of_events_are_read() {
        let user = |name: &str| Who::Named(name.into());
        assert_eq!(parsed("  "), []);
        assert_eq!(
            parsed(r#"kind:session.* -ACTOR:zoe actor:system actor:"system" subject:bob"#),
            [
                (EventTerm::Kind(Glob::of(vec!["session.".into(), String::new()])), true),
                (EventTerm::Actor(user("zoe")), false),
                (EventTerm::Actor(Who::Actor(Actor::System)), true),
                (EventTerm::Actor(user("system")), true),
                (EventTerm::Subject("bob".into()), true),
            ]
        );
        let id = "o94SveQp6fyPsoiNC";
        assert_eq!(
            parsed(&format!("outcome:refused at>=7d --at<2026-11-01 session:{id} -\"a b\"")),
            [
                (EventTerm::Refused(true), true),
                (EventTerm::At(Comparison::AtLeast, When::parse("7d").unwrap()), true),
                (EventTerm::At(Comparison::Less, When::parse("2026-11-01").unwrap()), true),
                (EventTerm::Session(id.parse().unwrap()), true),
                (EventTerm::Detail(Glob::literal("a b")), false),
            ]
        );
        let many = "a ".repeat(FILTER_TERMS);
        assert_eq!(parsed(&many).len(), FILTER_TERMS);
        assert_eq!(EventFilter::parse(&(many + "a")).unwrap_err().fault, Fault::TooManyTerms);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, column, length, said) in [
            ("x knd:a", 3, 3, "events have no field `knd`; did you mean `kind`? Expected one of kind"),
            ("kind:session.opend", 6, 13, "`kind` has no such value; did you mean `session.opened`?"),
            ("kind~x", 5, 1, "`kind` takes no `~`. Expected `:`"),
            ("at:7d", 3, 1, "`at` takes no `:`. Expected `<`"),
            ("at>=soon", 5, 4, "`at` has no such value. Expected an age"),
            ("é session:7", 11, 1, "`session` has no such value. Expected a session's id"),
            ("outcome:don", 9, 3, "did you mean `done`?"),
            ("actor:", 7, 0, "expected a user"),
            ("actor:zo*", 7, 3, "expected a user"),
            ("- ", 2, 0, "expected a term"),
            ("(a)", 1, 0, "expected a term"),
            ("a\"b\"", 2, 0, "expected a space between terms"),
            ("\"a", 1, 2, "expected `\"`"),
        ] {
            let error = EventFilter::parse(text).unwrap_err();
            assert_eq!((error.column, error.length), (column, length), "{text}: {error}");
            assert!(error.to_string().contains(said), "{text}: {error}");
        }
    }
}
