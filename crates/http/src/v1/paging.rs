//! `offset` and `count`: which part of a list is asked for.

use crate::input::{Field, Kind, Values, optional};
use rollcall_model::limits;

/// Rows that are skipped, and rows at the most.
#[derive(Clone, Copy, Debug)]
pub struct Paging {
    /// Rows in front of the page.
    pub offset: usize,
    /// Rows of the page.
    pub count: usize,
}

impl Paging {
    /// The first row that is asked for.
    pub const OFFSET: Field = optional("offset", Kind::Number).meaning("How many are passed over.");
    /// How many rows.
    pub const COUNT: Field = optional("count", Kind::Number).meaning("How many are answered at the most.");

    /// Takes both; none at all of `count` means the default, as in clients that send 0 for "no limit".
    pub fn read(values: &mut Values) -> Self {
        let count = values.number("count").filter(|count| *count > 0).unwrap_or(limits::PAGE_ROWS_DEFAULT);
        Self { offset: values.number("offset").unwrap_or(0), count: count.min(limits::PAGE_ROWS_MAX) }
    }
}
