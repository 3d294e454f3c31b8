//! Tree to text: the one canonical form.

use crate::parser::is_joint;
use crate::scanner::{ends_word, is_escaped_by_backslash, is_operator};
use crate::text::{Glob, Pattern, Text};
use crate::tree::{Leaf, Tree};
use std::fmt::{self, Display, Formatter, Write};

impl<L: Display> Display for Tree<L> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => joined(f, parts, " "),
            Self::Or(parts) => joined(f, parts, " OR "),
            Self::Not(part) if matches!(**part, Self::Leaf(_)) => write!(f, "-{part}"),
            Self::Not(part) => write!(f, "-({part})"),
            Self::Leaf(leaf) => leaf.fmt(f),
        }
    }
}

fn joined<L: Display>(f: &mut Formatter<'_>, parts: &[Tree<L>], by: &str) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            f.write_str(by)?;
        }
        match part {
            // AND binds closer than OR.
            Tree::Or(_) => write!(f, "({part})")?,
            _ => write!(f, "{part}")?,
        }
    }
    Ok(())
}

impl Display for Leaf {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(Text::Matches(pattern)) => pattern.fmt(f),
            Self::Any(Text::Is(glob) | Text::Contains(glob)) => {
                if is_word(glob) {
                    bare(f, glob)
                } else {
                    quoted(f, glob)
                }
            }
            Self::Text(field, Text::Matches(pattern)) => write!(f, "{}:{pattern}", field.name()),
            Self::Text(field, Text::Is(glob)) => {
                write!(f, "{}:", field.name())?;
                value(f, glob)
            }
            Self::Text(field, Text::Contains(glob)) => {
                write!(f, "{}~", field.name())?;
                value(f, glob)
            }
            Self::Network(network) if network.prefix_len() == network.max_prefix_len() => {
                write!(f, "ip:{}", network.addr())
            }
            Self::Network(network) => write!(f, "ip:{network}"),
            Self::Role(role) => write!(f, "role:{}", role.as_str()),
            Self::Factor(factor) => write!(f, "factor:{}", factor.as_str()),
            Self::Current(is_current) => write!(f, "current:{}", if *is_current { "yes" } else { "no" }),
            Self::Time(field, comparison, when) => {
                write!(f, "{}{}{when}", crate::Field::Time(*field).name(), comparison.as_str())
            }
            Self::Version(comparison, version) => write!(f, "version{}{version}", comparison.as_str()),
        }
    }
}

impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('/')?;
        let mut chars = self.as_str().chars();
        while let Some(c) = chars.next() {
            match c {
                '/' => f.write_str("\\/")?,
                '\\' => {
                    f.write_char(c)?;
                    chars.next().into_iter().try_for_each(|escaped| f.write_char(escaped))?;
                }
                c => f.write_char(c)?,
            }
        }
        f.write_char('/')
    }
}

/// Whether a text needs no quotes where a value stands.
fn is_value(glob: &Glob) -> bool {
    let is_plain = |c: char| !ends_word(c) && !is_escaped_by_backslash(c);
    let is_there = glob.as_literal() != Some("");
    is_there
        && !glob.pieces()[0].starts_with('/')
        && glob.pieces().iter().all(|piece| piece.chars().all(is_plain))
}

/// Whether a text needs no quotes where a term stands.
fn is_word(glob: &Glob) -> bool {
    let first = &glob.pieces()[0];
    let behind_name = first.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let is_field = behind_name.len() < first.len() && behind_name.starts_with(is_operator);
    is_value(glob) && !first.starts_with('-') && !is_field && !is_joint(glob)
}

/// A text where a value stands.
pub fn value(f: &mut Formatter<'_>, glob: &Glob) -> fmt::Result {
    if is_value(glob) { bare(f, glob) } else { quoted(f, glob) }
}

fn bare(f: &mut Formatter<'_>, glob: &Glob) -> fmt::Result {
    f.write_str(&glob.pieces().join("*"))
}

fn quoted(f: &mut Formatter<'_>, glob: &Glob) -> fmt::Result {
    f.write_char('"')?;
    for (i, piece) in glob.pieces().iter().enumerate() {
        if i > 0 {
            f.write_char('*')?;
        }
        for c in piece.chars() {
            if is_escaped_by_backslash(c) {
                f.write_char('\\')?;
            }
            f.write_char(c)?;
        }
    }
    f.write_char('"')
}
