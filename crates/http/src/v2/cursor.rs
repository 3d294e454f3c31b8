//! Where a page ended, sealed for whoever asks for the next: tied to its list, and good for a day.

use crate::refusal::Refusal;
use rollcall_model::{SessionNo, Timestamp, limits};
use rollcall_service::index::{Position, SortValue};
use rollcall_service::{Kept, Service};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Seals a place in a list of sessions.
pub fn seal(service: &Service, list: &str, position: &Position) -> String {
    let values: Vec<_> = position.values.iter().map(value).collect();
    seal_place(service, list, &json!([position.no.0, values]))
}

/// Opens a place in a list of sessions.
pub fn open(service: &Service, list: &str, cursor: &str) -> Result<Position, Refusal> {
    read(open_place(service, list, cursor)?).ok_or(Refusal::BadCursor)
}

/// Seals a place in any list.
pub fn seal_place(service: &Service, list: &str, place: &Value) -> String {
    let dated = json!([service.now().as_ms(), place]).to_string();
    service.seal_kept(Kept::Cursor, list.as_bytes(), dated.as_bytes())
}

/// Opens a place in any list.
pub fn open_place<T: DeserializeOwned>(service: &Service, list: &str, cursor: &str) -> Result<T, Refusal> {
    let dated = service.open_kept(Kept::Cursor, list.as_bytes(), cursor).ok_or(Refusal::BadCursor)?;
    let (sealed_at, place): (i64, T) = serde_json::from_slice(&dated).map_err(|_| Refusal::BadCursor)?;
    let is_good = service.now() <= Timestamp::from_ms(sealed_at) + limits::CURSOR_LIFE;
    if is_good { Ok(place) } else { Err(Refusal::BadCursor) }
}

fn value(value: &SortValue) -> Value {
    match value {
        SortValue::Text(text) => json!(text),
        SortValue::Time(at) => json!(at.as_ms()),
        SortValue::Address(ip) => json!({ "ip": ip }),
    }
}

fn read((no, values): (u64, Vec<Value>)) -> Option<Position> {
    let value = |value: Value| {
        Some(match value {
            Value::Null => SortValue::Text(None),
            Value::String(text) => SortValue::Text(Some(text.into())),
            Value::Number(ms) => SortValue::Time(Timestamp::from_ms(ms.as_i64()?)),
            Value::Object(address) => SortValue::Address(address.get("ip")?.as_str()?.parse().ok()?),
            Value::Bool(_) | Value::Array(_) => return None,
        })
    };
    let values = values.into_iter().map(value).collect::<Option<_>>()?;
    Some(Position { values, no: SessionNo(no) })
}
