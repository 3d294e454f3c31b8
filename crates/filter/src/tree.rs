//! A filter as a tree: leaves that are each one question, and how they go together.

use crate::field::{Factor, TextField, TimeField};
use crate::text::{Glob, Pattern, Text};
use crate::version::Version;
use crate::when::{Comparison, When};
use ipnet::IpNet;
use rollcall_model::Role;

/// A filter. Made by [`Tree::parse`] or by [`and`](Tree::and), [`or`](Tree::or), [`not`](Tree::not) and leaves, it has
/// its one form: no conjunction directly in another, and nothing negated twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree<L = Leaf> {
    /// All of these; without any, everything.
    And(Vec<Self>),
    /// One of these at the least.
    Or(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// This.
    Leaf(L),
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// Whether any of a session's texts contains this, or has a match of it: username, name, ids of user and session,
    /// device's name and type, operating system's name, host, address.
    Any(Text),
    /// Of one text.
    Text(TextField, Text),
    /// Whether the address is in this network.
    Network(IpNet),
    /// Whether the user has this role.
    Role(Role),
    /// Whether the user has this factor.
    Factor(Factor),
    /// Whether it is the session of whoever asks.
    Current(bool),
    /// How an instant lies to a bound; an age is less the later the instant.
    Time(TimeField, Comparison, When),
    /// How the version of browser or app lies to a bound, as far as that goes; an unknown one lies nowhere.
    Version(Comparison, Version),
}

impl<L> Tree<L> {
    /// All of these.
    #[must_use]
    pub fn and(parts: Vec<Self>) -> Self {
        let of_one = |part| match part {
            Self::And(parts) => parts,
            other => vec![other],
        };
        let mut parts: Vec<Self> = parts.into_iter().flat_map(of_one).collect();
        if parts.len() == 1 { parts.remove(0) } else { Self::And(parts) }
    }

    /// The same tree with other leaves.
    pub fn map<M>(&self, leaf: &mut impl FnMut(&L) -> M) -> Tree<M> {
        match self {
            Self::And(parts) => Tree::And(parts.iter().map(|part| part.map(leaf)).collect()),
            Self::Or(parts) => Tree::Or(parts.iter().map(|part| part.map(leaf)).collect()),
            Self::Not(part) => Tree::Not(Box::new(part.map(leaf))),
            Self::Leaf(of) => Tree::Leaf(leaf(of)),
        }
    }

    /// Whether it holds, by whether each leaf does.
    pub fn holds(&self, leaf: &mut impl FnMut(&L) -> bool) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.holds(leaf)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(leaf)),
            Self::Not(part) => !part.holds(leaf),
            Self::Leaf(of) => leaf(of),
        }
    }

    /// Its leaves, as they are written.
    pub fn leaves(&self) -> Vec<&L> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::leaves).collect(),
            Self::Not(part) => part.leaves(),
            Self::Leaf(leaf) => vec![leaf],
        }
    }
}

impl Tree {
    /// What every session is in.
    pub const fn everything() -> Self {
        Self::And(Vec::new())
    }

    /// One of these at the least.
    #[must_use]
    pub fn or(parts: Vec<Self>) -> Self {
        let of_one = |part| match part {
            Self::Or(parts) => parts,
            other => vec![other.said()],
        };
        let mut parts: Vec<Self> = parts.into_iter().flat_map(of_one).collect();
        match parts.len() {
            0 => Self::not(Self::everything()),
            1 => parts.remove(0),
            _ => Self::Or(parts),
        }
    }

    /// Not this.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "it stands beside `and` and `or`")]
    pub fn not(part: Self) -> Self {
        match part {
            Self::Not(part) => *part,
            other => Self::Not(Box::new(other.said())),
        }
    }

    /// What v1's filter of this text finds: what contains it, and what it matches if it is a pattern.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        let literal = Glob::literal(text);
        let contains = Self::Leaf(Leaf::Any(Text::Contains(literal)));
        // Without a letter that means something else, the pattern finds nothing further.
        match Pattern::parse(text) {
            Ok((pattern, _)) if regex_syntax::escape(text) != text => {
                Self::Or(vec![contains, Self::Leaf(Leaf::Any(Text::Matches(pattern)))])
            }
            _ => contains,
        }
    }

    /// Everything, as a question that can be printed within others.
    fn said(self) -> Self {
        match self {
            Self::And(parts) if parts.is_empty() => Self::Leaf(Leaf::Any(Text::Contains(Glob::literal("")))),
            other => other,
        }
    }
}
