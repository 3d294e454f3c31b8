//! The parameters of lists that are searched and read on from page to page: `q`, `limit`, `cursor`.

use crate::input::{Field, Input, Unknown, Values};
use crate::v2::fields;
use rollcall_model::limits;

/// The parameters.
pub struct SearchQuery {
    /// What is looked for.
    pub q: String,
    /// Items at the most, and one at the least.
    pub limit: usize,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

impl Input for SearchQuery {
    const FIELDS: &'static [Field] = &[fields::SEARCH, fields::LIMIT, fields::CURSOR];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        Self {
            q: values.text("q").unwrap_or_default(),
            limit: values.number("limit").unwrap_or(limits::V2_PAGE_DEFAULT).clamp(1, limits::V2_PAGE_MAX),
            cursor: values.text("cursor"),
        }
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.q)
    }
}

impl SearchQuery {
    /// What a cursor of this list is tied to.
    pub fn list_name(&self, what: &str) -> String {
        format!("{what}\n{}", self.q.trim())
    }
}
