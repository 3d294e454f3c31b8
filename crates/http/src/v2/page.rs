//! A page of sessions: `{"items":[…],"total":n,"next":…}`, and `facets` where they were asked for.

use super::item::{ITEM_BYTES, fields};
use crate::v1::json;
use rollcall_model::SessionNo;
use rollcall_service::index::Page as Rows;
use serde_json::Value;

/// What a page says.
pub struct Page<'a> {
    /// The rows, and how many there are on all pages.
    pub rows: &'a Rows<'a>,
    /// The session that asks.
    pub current: Option<SessionNo>,
    /// The cursor behind the last row, when there may be more.
    pub next: Option<&'a str>,
    /// Counts.
    pub facets: Option<&'a Value>,
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
        out.extend_from_slice(facets.to_string().as_bytes());
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
