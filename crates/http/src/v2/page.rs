//! A page of sessions: `{"items":[…],"total":n,"next":…}`, and `facets` and `as_of` where they were asked for.

use super::item::{ITEM_BYTES, Tense, fields};
use crate::v1::json;
use rollcall_model::SessionNo;
use rollcall_service::Then;
use rollcall_service::index::Page as Rows;
use serde::Serialize;
use serde_json::Value;
use std::fmt;

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
    /// What there is to say of the past, if it is one.
    pub then: Option<Then>,
}

/// What there is to say of the past, on the wire.
#[derive(Serialize)]
pub struct AsOf {
    /// The instant.
    at: String,
    /// As of when names and roles of users are.
    users_at: String,
    /// How many sessions are left out, because their users were erased.
    erased: u64,
}

impl From<Then> for AsOf {
    fn from(then: Then) -> Self {
        Self { at: then.at.to_string(), users_at: then.users_at.to_string(), erased: then.erased }
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
        let Self { at, users_at, erased } = self;
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
        out.extend_from_slice(facets.to_string().as_bytes());
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
