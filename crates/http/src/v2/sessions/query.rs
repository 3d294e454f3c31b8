//! The parameters of lists of sessions: `q`, `sort`, `facets`, `as_of`, and which part.

use crate::input::{Field, Input, Kind, Unknown, Values, optional};
use crate::refusal::Refusal;
use crate::v2::fields;
use rollcall_model::{Timestamp, limits};
use rollcall_service::index::{Direction, SortKey, TallyBy};

/// What can be sorted by.
const SORTS: [(&str, SortKey); 11] = [
    ("login", SortKey::LoginAt),
    ("seen", SortKey::SeenAt),
    ("user", SortKey::Username),
    ("name", SortKey::Name),
    ("device", SortKey::DeviceName),
    ("type", SortKey::DeviceType),
    ("version", SortKey::DeviceVersion),
    ("os", SortKey::OsName),
    ("os_version", SortKey::OsVersion),
    ("host", SortKey::Host),
    ("ip", SortKey::Ip),
];

/// What can be counted by.
const FACETS: [(&str, TallyBy); 8] = [
    ("user", TallyBy::User),
    ("role", TallyBy::Role),
    ("factor", TallyBy::Factor),
    ("device", TallyBy::Device),
    ("version", TallyBy::Version),
    ("type", TallyBy::Type),
    ("os", TallyBy::Os),
    ("host", TallyBy::Host),
];

/// The names of what can be sorted by.
pub fn sort_names() -> String {
    SORTS.map(|(name, _)| name).join(", ")
}

/// The names of what can be counted by.
pub fn facet_names() -> String {
    FACETS.map(|(name, _)| name).join(", ")
}

/// The parameters.
pub struct ListQuery {
    /// The filter.
    pub q: String,
    /// The sort, as it was given.
    sort: String,
    /// Sessions at the most.
    pub limit: usize,
    /// Sessions that are skipped.
    pub offset: usize,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// The instant of the past that is asked.
    pub as_of: Option<Timestamp>,
    /// By what to count, as it was given.
    facets: String,
}

impl Input for ListQuery {
    const FIELDS: &'static [Field] = &[
        fields::FILTER,
        fields::SORT,
        fields::LIMIT,
        optional("offset", Kind::Number).meaning("How many are skipped, for numbered pages."),
        fields::CURSOR,
        optional("facets", Kind::Text(limits::TEXT_CHARS))
            .meaning("By what to count, names with commas between."),
        fields::AS_OF,
    ];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        let limit = values.number("limit").unwrap_or(limits::V2_PAGE_DEFAULT);
        Self {
            q: values.text("q").unwrap_or_default(),
            sort: values.text("sort").unwrap_or_default(),
            limit: limit.min(limits::V2_PAGE_MAX),
            offset: values.number("offset").unwrap_or(0),
            cursor: values.text("cursor"),
            as_of: values.instant("as_of"),
            facets: values.text("facets").unwrap_or_default(),
        }
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.q)
    }

    fn as_of(&self) -> Option<Timestamp> {
        self.as_of
    }
}

impl ListQuery {
    /// What to sort by.
    pub fn sort(&self) -> Result<Vec<(SortKey, Direction)>, Refusal> {
        let keys = sort_keys(&self.sort)?;
        let asks_seen = keys.iter().any(|(key, _)| *key == SortKey::SeenAt);
        if asks_seen && self.as_of.is_some() {
            return Err(Refusal::OfThePresent { name: "seen" });
        }
        Ok(keys)
    }

    /// What to count by.
    pub fn facets(&self) -> Result<Vec<(&'static str, TallyBy)>, Refusal> {
        let facets = self.facet_names()?;
        let asks_factor = facets.iter().any(|(_, by)| *by == TallyBy::Factor);
        if asks_factor && self.as_of.is_some() {
            return Err(Refusal::OfThePresent { name: "factor" });
        }
        Ok(facets)
    }

    fn facet_names(&self) -> Result<Vec<(&'static str, TallyBy)>, Refusal> {
        names(&self.facets)
            .map(|given| {
                let facet = FACETS.iter().find(|(known, _)| *known == given);
                facet.copied().ok_or_else(|| Refusal::Facet { given: given.into() })
            })
            .collect()
    }

    /// What a cursor of this list is tied to.
    pub fn list_name(&self) -> String {
        let (q, sort) = (self.q.trim(), &self.sort);
        let as_of = self.as_of.map(|at| at.to_string()).unwrap_or_default();
        format!("sessions\n{as_of}\n{sort}\n{q}")
    }
}

/// What to sort by: the first key first, `-` before one that falls.
pub fn sort_keys(sort: &str) -> Result<Vec<(SortKey, Direction)>, Refusal> {
    names(sort)
        .map(|given| {
            let (name, direction) = match given.strip_prefix('-') {
                Some(name) => (name, Direction::Descending),
                None => (given, Direction::Ascending),
            };
            let key = SORTS.iter().find(|(known, _)| *known == name);
            let unknown = || Refusal::Sort { given: given.into() };
            key.map(|(_, key)| (*key, direction)).ok_or_else(unknown)
        })
        .collect()
}

fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty())
}
