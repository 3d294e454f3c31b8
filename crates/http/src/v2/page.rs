//! A page of sessions: `{"items":[…],"total":n,"next":…}`, and `facets` where they were asked for.

use super::count::Tally;
use super::item::{ITEM_BYTES, Session, fields};
use crate::v1::json;
use rollcall_model::SessionNo;
use rollcall_service::index::Page as Rows;
use schemars::JsonSchema;
use std::collections::BTreeMap;

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
}

/// Writes a page.
pub fn write(page: &Page<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(page.rows.rows().len() * ITEM_BYTES + 200);
    out.extend_from_slice(br#"{"items":["#);
    for (i, row) in page.rows.rows().enumerate() {
        out.extend_from_slice(if i > 0 { b",{" } else { b"{" });
        fields(&mut out, &row, page.current);
        out.push(b'}');
    }
    out.extend_from_slice(br#"],"total":"#);
    json::number(&mut out, page.rows.total());
    if let Some(facets) = page.facets {
        out.extend_from_slice(br#","facets":"#);
        out.extend_from_slice(facets.as_bytes());
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
