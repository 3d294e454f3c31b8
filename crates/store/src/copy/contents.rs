//! What a store holds, row by row, and one digest of all of it: equal stores have equal ones, whichever engine they
//! are on.

use crate::chain::Hash;
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// A value of a row. A truth is 0 or 1.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// None.
    Null,
    /// A number.
    Integer(i64),
    /// A text.
    Text(Box<str>),
    /// Bytes.
    Bytes(Box<[u8]>),
}

/// Names the kind only: a value may be a digest of a secret.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Integer(_) => "Integer(…)",
            Self::Text(_) => "Text(…)",
            Self::Bytes(_) => "Bytes(…)",
        })
    }
}

/// Some rows of a table, in order of their keys.
pub type Rows = Arc<[Box<[Value]>]>;

/// What a store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Each table, by name, with the number of its rows.
    pub tables: Vec<(String, u64)>,
    /// SHA-256 of all tables and rows.
    pub digest: Hash,
}

impl Contents {
    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|(_, rows)| rows).sum()
    }

    /// Rows of one table.
    pub fn rows_of(&self, table: &str) -> u64 {
        self.tables.iter().find(|(name, _)| name == table).map_or(0, |(_, rows)| *rows)
    }
}

/// Contents, as they are read: tables by name, rows by key.
#[derive(Default)]
#[expect(missing_debug_implementations, reason = "it is a digest under way")]
pub struct Tally {
    tables: Vec<(String, u64)>,
    rows: u64,
    digest: Sha256,
    /// A row's bytes before they are digested: many small pieces take long.
    row: Vec<u8>,
}

const TABLE: u8 = 0;
const ROW: u8 = 1;
const NULL: u8 = 2;
const INTEGER: u8 = 3;
const TEXT: u8 = 4;
const BYTES: u8 = 5;

impl Tally {
    /// Rows of this table come next.
    pub fn table(&mut self, name: &str) {
        self.tables.push((name.into(), 0));
        self.row.clear();
        self.put(TABLE, name.as_bytes());
        self.digest.update(&self.row);
    }

    /// The next row.
    pub fn row(&mut self, values: &[Value]) {
        self.rows += 1;
        if let Some((_, rows)) = self.tables.last_mut() {
            *rows += 1;
        }
        self.row.clear();
        self.row.push(ROW);
        for value in values {
            match value {
                Value::Null => self.row.push(NULL),
                Value::Integer(number) => {
                    self.row.push(INTEGER);
                    self.row.extend(number.to_be_bytes());
                }
                Value::Text(text) => self.put(TEXT, text.as_bytes()),
                Value::Bytes(bytes) => self.put(BYTES, bytes),
            }
        }
        self.digest.update(&self.row);
    }

    /// Rows so far.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// All of it.
    pub fn finish(self) -> Contents {
        Contents { tables: self.tables, digest: self.digest.finalize().into() }
    }

    /// With its length before it, so that no two rows are written alike.
    fn put(&mut self, kind: u8, bytes: &[u8]) {
        self.row.push(kind);
        self.row.extend((bytes.len() as u64).to_be_bytes());
        self.row.extend(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(tables: &[(&str, &[&[Value]])]) -> Hash {
        let mut tally = Tally::default();
        for (name, rows) in tables {
            tally.table(name);
            rows.iter().for_each(|row| tally.row(row));
        }
        tally.finish().digest
    }

    #[test]
    fn any_other_value_row_or_table_gives_another_digest() {
        let text = |text: &str| Value::Text(text.into());
        let bytes = |bytes: &[u8]| Value::Bytes(bytes.into());
        let (first, second) = (Value::Integer(1), Value::Integer(2));
        let (one, two) = (std::slice::from_ref(&first), std::slice::from_ref(&second));
        let row = [first.clone(), text("ab"), text("c"), bytes(b"x"), Value::Null];
        let all = digest(&[("a", &[&row]), ("b", &[one, two])]);
        assert_eq!(all, digest(&[("a", &[&row]), ("b", &[one, two])]));
        let rows: [&[Value]; 6] = [
            &[second.clone(), text("ab"), text("c"), bytes(b"x"), Value::Null],
            &[first.clone(), text("a"), text("bc"), bytes(b"x"), Value::Null],
            &[first.clone(), text("ab"), text("c"), text("x"), Value::Null],
            &[first.clone(), text("ab"), text("c"), bytes(b"x"), text("")],
            &[first.clone(), text("ab"), text("c"), bytes(b"x"), Value::Integer(0)],
            &[first.clone(), text("ab"), text("c"), bytes(b"x")],
        ];
        for other in rows {
            assert_ne!(all, digest(&[("a", &[other]), ("b", &[one, two])]), "{other:?}");
        }
        assert_ne!(all, digest(&[("a", &[&row, one]), ("b", &[two])]));
        assert_ne!(all, digest(&[("a", &[&row]), ("b", &[two, one])]));
        assert_ne!(all, digest(&[("a", &[&row]), ("c", &[one, two])]));
        assert_ne!(all, digest(&[("a", &[&row]), ("b", &[])]));
    }

    #[test]
    fn rows_are_counted_by_table() {
        let mut tally = Tally::default();
        tally.table("a");
        tally.table("b");
        tally.row(&[Value::Null]);
        tally.row(&[Value::Null]);
        assert_eq!(tally.rows(), 2);
        let contents = tally.finish();
        assert_eq!(contents.tables, [("a".into(), 0), ("b".into(), 2)]);
        assert_eq!((contents.rows(), contents.rows_of("b"), contents.rows_of("c")), (2, 2, 0));
    }
}
