//! A filter at a time and for a caller: what sessions can be held against.

use crate::field::{Factor, TextField, TimeField};
use crate::text::Text;
use crate::tree::{Leaf, Tree};
use crate::version::Version;
use crate::when::{Comparison, When};
use ipnet::IpNet;
use rollcall_model::{Role, SessionNo, Timestamp, UserNo};
use std::sync::Arc;

/// What a filter is bound to.
pub struct Binding<'a> {
    /// From when on ages are counted back, rounded down to the minute.
    pub now: Timestamp,
    /// The session of whoever asks, where there is one.
    pub caller: Option<SessionNo>,
    /// The users with an e-mail address that is so: whoever asks looks them up in the store.
    pub emails: &'a dyn Fn(&Text) -> Vec<UserNo>,
}

/// A filter that is bound.
#[derive(Clone, Debug)]
pub struct Bound {
    tree: Tree<Test>,
    key: Box<str>,
    is_kept: bool,
}

/// One question, bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// As [`Leaf::Any`].
    Any(Text),
    /// As [`Leaf::Text`], but of no e-mail address.
    Text(TextField, Text),
    /// As [`Leaf::Network`].
    Network(IpNet),
    /// Whether the user is one of these, whose numbers rise.
    Users(Arc<[UserNo]>),
    /// As [`Leaf::Role`].
    Role(Role),
    /// As [`Leaf::Factor`].
    Factor(Factor),
    /// Whether it is this session, or whether it is not.
    Current(Option<SessionNo>, bool),
    /// How an instant lies to a bound.
    Time(TimeField, Comparison, Timestamp),
    /// As [`Leaf::Version`].
    Version(Comparison, Version),
}

impl Tree {
    /// What is asked of e-mail addresses, for whoever has to look them up before binding.
    pub fn emails(&self) -> impl Iterator<Item = &Text> {
        self.leaves().into_iter().filter_map(|leaf| match leaf {
            Leaf::Text(TextField::Email, text) => Some(text),
            _ => None,
        })
    }

    /// Whether what it finds changes with time alone: it asks of ages, or of when a session was seen.
    pub fn moves_by_itself(&self) -> bool {
        let moves =
            |leaf: &&Leaf| matches!(leaf, Leaf::Time(TimeField::Seen, ..) | Leaf::Time(_, _, When::Age(_)));
        self.leaves().iter().any(moves)
    }

    /// Binds it.
    #[must_use]
    pub fn bind(&self, to: &Binding<'_>) -> Bound {
        let mut is_kept = true;
        let mut users = Vec::new();
        let tree = self.map(&mut |leaf| match leaf {
            Leaf::Any(text) => Test::Any(text.clone()),
            Leaf::Text(TextField::Email, text) => {
                let mut found = (to.emails)(text);
                found.sort_unstable();
                found.dedup();
                users.push(format!("{found:?}"));
                Test::Users(found.into())
            }
            Leaf::Text(field, text) => Test::Text(*field, text.clone()),
            Leaf::Network(network) => Test::Network(*network),
            Leaf::Role(role) => Test::Role(*role),
            Leaf::Factor(factor) => Test::Factor(*factor),
            Leaf::Current(is_current) => {
                is_kept = false;
                Test::Current(to.caller, *is_current)
            }
            Leaf::Time(field, comparison, when) => {
                is_kept &= *field != TimeField::Seen;
                let (comparison, at) = at(*comparison, *when, to.now);
                Test::Time(*field, comparison, at)
            }
            Leaf::Version(comparison, version) => Test::Version(*comparison, version.clone()),
        });
        let text = self.map(&mut |leaf| match leaf {
            Leaf::Time(field, comparison, when) => {
                let (comparison, at) = at(*comparison, *when, to.now);
                Leaf::Time(*field, comparison, When::At(at))
            }
            other => other.clone(),
        });
        let key = format!("{text}{}", users.concat()).into();
        Bound { tree, key, is_kept }
    }
}

/// A bound in time as an instant: what is older lies before.
fn at(comparison: Comparison, when: When, now: Timestamp) -> (Comparison, Timestamp) {
    match when {
        When::Age(age) => (comparison.turned(), age.before(now)),
        When::At(at) => (comparison, at),
    }
}

impl Bound {
    /// The questions.
    pub const fn tree(&self) -> &Tree<Test> {
        &self.tree
    }

    /// Its canonical text, with instants for ages and with the users that were looked up: two of the same key find the
    /// same.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether what it finds changes by events alone and for all callers alike, so that it can be kept.
    pub const fn is_kept(&self) -> bool {
        self.is_kept
    }
}
