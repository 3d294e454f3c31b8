//! The filter language: `user:zoe os:windows ip:10.0.0.0/8 seen<7d -type:mobile /regex/ or plain words`.
//!
//! [`Tree::parse`] reads a text, [`Tree`]'s `Display` prints it back in the one canonical form, and [`Tree::bind`]
//! makes of it what a set of sessions can be held against: ages become instants, `current` the caller's session, and
//! what is asked of e-mail addresses the users who have them. [`complete`] helps while it is typed. docs/guide/search.md
//! is the language for people. Pure: no clock and no I/O.
//!
//! **Invariants**
//! - A printed tree is read back as the same tree.
//! - Any text at all is read or refused in time linear in its length; a tree is never larger than the bounds in
//!   `model/src/limits.rs`.

mod bound;
mod complete;
mod error;
mod events;
mod field;
mod parser;
pub mod pattern;
mod print;
mod scanner;
mod text;
mod tree;
mod version;
mod when;

#[cfg(test)]
mod tests;

pub use bound::{Binding, Bound, Test};
pub use complete::{Completion, Suggestion, Values, complete};
pub use error::{Fault, FilterError};
pub use events::{EventFilter, EventTerm, Who};
pub use field::{Factor, Field, TextField, TimeField, nearest};
pub use text::{Glob, Matcher, Pattern, Text};
pub use tree::{Leaf, Tree};
pub use version::{Version, compare_versions};
pub use when::{Age, Comparison, When};
