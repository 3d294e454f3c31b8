//! Which sessions are meant: a filter of docs/guide/search.md, as a command line has it.

use crate::remote::http::Query;
use clap::Args;

/// A filter.
#[derive(Args, Debug)]
pub struct Filter {
    /// Only sessions that this filter finds, such as 'user:zoe os:windows seen<7d'
    #[arg(value_name = "QUERY")]
    query: Option<String>,
    /// The same, for a filter that begins with `-`
    #[arg(
        long,
        visible_alias = "q",
        value_name = "QUERY",
        allow_hyphen_values = true,
        conflicts_with = "query"
    )]
    filter: Option<String>,
}

impl Filter {
    /// Its text, if there is one.
    pub fn text(&self) -> Option<&str> {
        self.query.as_deref().or(self.filter.as_deref())
    }

    /// As a parameter.
    pub fn parameter(&self) -> Query {
        self.text().map(|text| ("q", text.to_owned())).into_iter().collect()
    }
}
