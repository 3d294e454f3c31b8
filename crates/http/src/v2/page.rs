//! A page of sessions: `{"items":[…],"total":n,"next":…}`, and `facets` and `as_of` where they were asked for.

use super::count::Tally;
use super::item::{ITEM_BYTES, Session, Tense, fields};
use crate::time::Time;
use crate::v1::json;
use rollcall_model::SessionNo;
use rollcall_service::Then;
use rollcall_service::index::Page as Rows;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// A page of sessions.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "a schema: pages are written by hand")]
pub struct SessionPage {
    items: Vec<Session>,
    /// How many sessions are found, on all pages.
    total: usize,
    /// Counts by each of the facets that were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    facets: Option<BTreeMap<String, Tally<'static>>>,
    /// What there is to say of the past, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<AsOf>,
    /// The next page's cursor; null on the last page.
    next: Option<String>,
}

/// What a page says.
pub struct Page<'a> {
    /// The rows, and how many there are on all pages.
    pub rows: &'a Rows<'a>,
    /// The session that asks.
    pub current: Option<SessionNo>,
    /// The cursor behind the last row, when there may be more.
    pub next: Option<&'a str>,
    /// Counts, as JSON.
    pub facets: Option<&'a str>,
    /// What there is to say of the past, if it is one.
    pub then: Option<Then>,
}

/// What there is to say of the past, on the wire.
#[derive(JsonSchema, Serialize)]
pub struct AsOf {
    /// The instant.
    at: Time,
    /// As of when names and roles of users are.
    users_at: Time,
    /// How many sessions are left out, because their users were erased.
    erased: u64,
}

impl From<Then> for AsOf {
    fn from(then: Then) -> Self {
        Self { at: Time(then.at), users_at: Time(then.users_at), erased: then.erased }
    }
}

impl AsOf {
    /// As JSON.
    pub fn json(&self) -> String {
        // Texts and a number can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// As the last line of a table says it.
impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at: Time(at), users_at: Time(users_at), erased } = self;
        write!(f, "as of: {at}, users as of: {users_at}, erased: {erased}")
    }
}

/// Writes a page.
pub fn write(page: &Page<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(page.rows.rows().len() * ITEM_BYTES + 200);
    let tense = if page.then.is_some() { Tense::Past } else { Tense::Present(page.current) };
    out.extend_from_slice(br#"{"items":["#);
    for (i, row) in page.rows.rows().enumerate() {
        out.extend_from_slice(if i > 0 { b",{" } else { b"{" });
        fields(&mut out, &row, tense);
        out.push(b'}');
    }
    out.extend_from_slice(br#"],"total":"#);
    json::number(&mut out, page.rows.total());
    if let Some(facets) = page.facets {
        out.extend_from_slice(br#","facets":"#);
        out.extend_from_slice(facets.as_bytes());
    }
    if let Some(then) = page.then {
        out.extend_from_slice(br#","as_of":"#);
        out.extend_from_slice(AsOf::from(then).json().as_bytes());
    }
    out.extend_from_slice(br#","next":"#);
    match page.next {
        Some(next) => {
            out.push(b'"');
            json::text(&mut out, next.as_bytes());
            out.push(b'"');
        }
        None => out.extend_from_slice(b"null"),
    }
    out.push(b'}');
    out
}
