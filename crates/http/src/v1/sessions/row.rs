//! A session as v1 shows it, written straight out of the index into one buffer.

use crate::time::Time;
use crate::v1::json;
use rollcall_model::{Device, SessionNo};
use rollcall_service::index::{Page, Row};
use schemars::JsonSchema;
use serde::Serialize;

/// A session.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "a schema: rows are written by hand")]
pub struct SessionRow {
    #[serde(rename = "_id")]
    id: String,
    session_id: String,
    user_id: String,
    #[serde(flatten)]
    client: ClientWire<'static>,
    ip: String,
    login_at: Time,
    #[serde(rename = "_user")]
    user: RowUser,
}

/// Whose a session is.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "a schema: rows are written by hand")]
struct RowUser {
    username: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// One of the caller's own sessions.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "a schema: rows are written by hand")]
pub struct OwnSessionRow {
    #[serde(rename = "_id")]
    id: String,
    session_id: String,
    user_id: String,
    #[serde(flatten)]
    client: ClientWire<'static>,
    ip: String,
    login_at: Time,
    /// Whether it is the calling session.
    current: bool,
}

/// A page of sessions.
#[derive(JsonSchema)]
#[schemars(inline)]
#[expect(dead_code, reason = "a schema: pages are written by hand")]
pub struct SessionRows<Row> {
    sessions: Vec<Row>,
    /// How many sessions are found, on all pages.
    total: usize,
    /// How many were asked for.
    count: usize,
    offset: usize,
}

/// Bytes of a row, about: a page's buffer is made once.
const ROW_BYTES: usize = 420;

/// What rows say of their user.
#[derive(Clone, Copy)]
pub enum Of {
    /// Whose it is: lists of everybody's.
    Everyone,
    /// Nothing but the id, and whether it is the calling session: lists of one's own.
    Myself(Option<SessionNo>),
}

/// A page with its numbers.
pub fn page(page: &Page<'_>, of: Of, offset: usize, count: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(count.min(page.total()) * ROW_BYTES + 100);
    out.extend_from_slice(br#"{"sessions":["#);
    for (i, row) in page.rows().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        out.push(b'{');
        fields(&mut out, &row, of);
        out.push(b'}');
    }
    out.extend_from_slice(br#"],"total":"#);
    json::number(&mut out, page.total());
    out.extend_from_slice(br#","count":"#);
    json::number(&mut out, count);
    out.extend_from_slice(br#","offset":"#);
    json::number(&mut out, offset);
    out.extend_from_slice(br#","success":true}"#);
    out
}

/// A row's fields, without the braces around them.
pub fn fields(out: &mut Vec<u8>, row: &Row<'_>, of: Of) {
    let id = row.id();
    // Straight into the buffer: a piece put together beforehand is read back before it is written, and waits.
    out.extend_from_slice(br#""_id":""#);
    out.extend_from_slice(id);
    out.extend_from_slice(br#"","sessionId":""#);
    out.extend_from_slice(id);
    out.extend_from_slice(br#"","userId":""#);
    out.extend_from_slice(row.user_id().as_bytes());
    out.extend_from_slice(br#"","#);
    out.extend_from_slice(row.fragment().as_bytes());
    out.extend_from_slice(br#","ip":""#);
    out.extend_from_slice(row.address());
    out.extend_from_slice(br#"","loginAt":""#);
    out.extend_from_slice(&row.opened_at().iso());
    match of {
        Of::Everyone => {
            out.extend_from_slice(br#"","_user":{"username":""#);
            json::text(out, row.username_utf8());
            if let Some(name) = row.name_utf8() {
                out.extend_from_slice(br#"","name":""#);
                json::text(out, name);
            }
            out.extend_from_slice(br#""}"#);
        }
        Of::Myself(calling) => {
            let current = calling == Some(row.no());
            out.extend_from_slice(if current { br#"","current":true"# } else { br#"","current":false"# });
        }
    }
}

/// What a session was opened with.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientWire<'a> {
    device: DeviceWire<'a>,
    host: &'a str,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DeviceWire<'a> {
    #[serde(rename = "type")]
    device_type: &'static str,
    name: &'a str,
    long_version: &'a str,
    version: &'a str,
    os: OsWire<'a>,
}

#[derive(Serialize, JsonSchema)]
struct OsWire<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
}

impl<'a> ClientWire<'a> {
    /// As v1 shows it.
    pub fn new(device: &'a Device, host: &'a str) -> Self {
        let device = DeviceWire {
            device_type: device.device_type.as_str(),
            name: &device.name,
            long_version: &device.long_version,
            version: &device.version,
            os: OsWire { name: &device.os_name, version: device.os_version.as_deref() },
        };
        Self { device, host }
    }
}

/// A device and a host as rows show them, made once per distinct pair: `"device":{…},"host":"…"`.
pub fn client_fragment(device: &Device, host: &str) -> String {
    // Text is always writable.
    let whole = serde_json::to_string(&ClientWire::new(device, host)).unwrap_or_default();
    whole.trim_start_matches('{').strip_suffix('}').unwrap_or_default().into()
}
