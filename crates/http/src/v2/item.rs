//! A session as v2 shows it: flat, written straight out of the index into one buffer.

use crate::time::Time;
use crate::v1::json;
use rollcall_model::factor::Factors;
use rollcall_model::{Device, SessionNo, Timestamp};
use rollcall_service::Ended;
use rollcall_service::index::Row;
use schemars::JsonSchema;

/// Bytes of an item, about: a page's buffer is made once.
pub const ITEM_BYTES: usize = 480;

/// In which tense a session is told: what only the present knows is null in the past.
#[derive(Clone, Copy, Debug)]
pub enum Tense {
    /// It is live; and which session asks, if one does.
    Present(Option<SessionNo>),
    /// It was live.
    Past,
}

/// A session.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "a schema: items are written by hand")]
pub struct Session {
    id: String,
    user_id: String,
    username: String,
    name: Option<String>,
    /// `browser`, `mobile`, `desktop-app` or `other`.
    device_type: String,
    /// The browser or app.
    device_name: String,
    device_version: String,
    os_name: String,
    os_version: Option<String>,
    /// The server's name, as the client called it when it signed in.
    host: String,
    /// The client's address when it signed in.
    ip: String,
    login_at: Time,
    /// When it was last used, as far as that was told; null of the past.
    seen_at: Option<Time>,
    /// When it ends by itself.
    expires_at: Time,
    /// The strongest second factor that its user has; null of the past.
    factor: Option<FactorName>,
    /// Whether it is the calling session; null of the past.
    current: Option<bool>,
}

/// The strongest second factor that a user has.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "a schema: items are written by hand")]
enum FactorName {
    Totp,
    Mail,
    None,
}

/// The strongest second factor that a user has, in a word.
pub const fn factor(factors: Factors) -> &'static str {
    if factors.authenticator {
        "totp"
    } else if factors.mail {
        "mail"
    } else {
        "none"
    }
}

/// An item of its own for a session that has ended, without the closing brace.
pub fn ended_item(ended: &Ended) -> Vec<u8> {
    let (Ended { session, device, factors }, owner) = (ended, &ended.session.owner);
    let mut out = Vec::with_capacity(ITEM_BYTES);
    out.push(b'{');
    first(&mut out, "id", session.id.as_bytes());
    text(&mut out, "user_id", owner.id.as_bytes());
    text(&mut out, "username", owner.username.as_bytes());
    maybe(&mut out, "name", owner.name.as_deref().map(str::as_bytes));
    device_fields(&mut out, device);
    text(&mut out, "host", session.host.as_bytes());
    text(&mut out, "ip", session.ip.to_string().as_bytes());
    time(&mut out, "login_at", session.opened_at);
    time(&mut out, "seen_at", session.seen_at);
    time(&mut out, "expires_at", session.expires_at);
    text(&mut out, "factor", factor(*factors).as_bytes());
    out.extend_from_slice(br#","current":false"#);
    time(&mut out, "ended_at", session.ended_at);
    text(&mut out, "ended_reason", session.reason.as_str().as_bytes());
    out
}

/// An item of its own for a session that is live.
pub fn item(row: &Row<'_>, current: Option<SessionNo>) -> Vec<u8> {
    let mut out = Vec::with_capacity(ITEM_BYTES);
    out.push(b'{');
    fields(&mut out, row, Tense::Present(current));
    out.push(b'}');
    out
}

/// The same with what an ended one has, without the closing brace.
pub fn live_item(row: &Row<'_>, current: Option<SessionNo>) -> Vec<u8> {
    let mut out = Vec::with_capacity(ITEM_BYTES);
    out.push(b'{');
    fields(&mut out, row, Tense::Present(current));
    out.extend_from_slice(br#","ended_at":null,"ended_reason":null"#);
    out
}

/// An item's fields, without the braces around them.
pub fn fields(out: &mut Vec<u8>, row: &Row<'_>, tense: Tense) {
    first(out, "id", row.id());
    text(out, "user_id", row.user_id().as_bytes());
    text(out, "username", row.username_utf8());
    maybe(out, "name", row.name_utf8());
    device_fields(out, row.device());
    text(out, "host", row.host().as_bytes());
    text(out, "ip", row.address());
    time(out, "login_at", row.opened_at());
    match tense {
        Tense::Present(asking) => {
            time(out, "seen_at", row.seen_at());
            time(out, "expires_at", row.expires_at());
            text(out, "factor", factor(row.factors()).as_bytes());
            let is_asking = asking == Some(row.no());
            out.extend_from_slice(if is_asking { br#","current":true"# } else { br#","current":false"# });
        }
        Tense::Past => {
            maybe(out, "seen_at", None);
            time(out, "expires_at", row.expires_at());
            maybe(out, "factor", None);
            maybe(out, "current", None);
        }
    }
}

fn device_fields(out: &mut Vec<u8>, device: &Device) {
    text(out, "device_type", device.device_type.as_str().as_bytes());
    text(out, "device_name", device.name.as_bytes());
    text(out, "device_version", device.long_version.as_bytes());
    text(out, "os_name", device.os_name.as_bytes());
    maybe(out, "os_version", device.os_version.as_deref().map(str::as_bytes));
}

fn first(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(br#"":""#);
    json::text(out, value);
    out.push(b'"');
}

fn text(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.push(b',');
    first(out, name, value);
}

fn maybe(out: &mut Vec<u8>, name: &str, value: Option<&[u8]>) {
    if let Some(value) = value {
        return text(out, name, value);
    }
    out.extend_from_slice(br#",""#);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(br#"":null"#);
}

fn time(out: &mut Vec<u8>, name: &str, at: Timestamp) {
    text(out, name, &at.iso());
}
