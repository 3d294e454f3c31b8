//! A page of sessions: `{"items":[…],"total":n,"next":…}`.

use super::item::{Beside, ITEM_BYTES};
use crate::v1::json;
use rollcall_service::index::Page;

/// Writes a page. `next` is the cursor behind its last row, when there is more.
pub fn page(rows: &Page<'_>, beside: Beside<'_>, next: Option<&str>) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.rows().len() * ITEM_BYTES + 200);
    out.extend_from_slice(br#"{"items":["#);
    for (i, row) in rows.rows().enumerate() {
        out.extend_from_slice(if i > 0 { b",{" } else { b"{" });
        beside.fields(&mut out, &row);
        out.push(b'}');
    }
    out.extend_from_slice(br#"],"total":"#);
    json::number(&mut out, rows.total());
    out.extend_from_slice(br#","next":"#);
    match next {
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
