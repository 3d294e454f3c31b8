//! How many there are of each.

use rollcall_service::index;
use schemars::JsonSchema;
use serde::Serialize;

/// A value, and how many there are of it.
#[derive(Serialize, JsonSchema)]
pub struct Count<'a> {
    /// The value.
    value: &'a str,
    /// How many.
    count: usize,
}

impl<'a> Count<'a> {
    /// Of a value.
    pub const fn new(value: &'a str, count: usize) -> Self {
        Self { value, count }
    }
}

/// The most frequent values, the most frequent first, and how many others there are.
#[derive(Serialize, JsonSchema)]
pub struct Tally<'a> {
    values: Vec<Count<'a>>,
    /// How many more values there are.
    more: usize,
}

impl<'a> From<&'a index::Tally> for Tally<'a> {
    fn from(tally: &'a index::Tally) -> Self {
        let values = tally.values.iter().map(|(value, count)| Count::new(value, *count)).collect();
        Self { values, more: tally.more }
    }
}
