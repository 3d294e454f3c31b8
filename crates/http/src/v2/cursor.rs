//! Where a page ended, sealed for whoever asks for the next: tied to its list, and good for a day.

use crate::refusal::Refusal;
use rollcall_model::{SessionNo, Timestamp, limits};
use rollcall_service::index::{Position, SortValue};
use rollcall_service::{Kept, Service};
use serde_json::{Value, json};

/// Seals a place in a list.
pub fn seal(service: &Service, list: &str, position: &Position) -> String {
    let values: Vec<_> = position.values.iter().map(value).collect();
    let place = json!([service.now().as_ms(), position.no.0, values]).to_string();
    service.seal_kept(Kept::Cursor, list.as_bytes(), place.as_bytes())
}

/// Opens a place in a list.
pub fn open(service: &Service, list: &str, cursor: &str) -> Result<Position, Refusal> {
    let place = service.open_kept(Kept::Cursor, list.as_bytes(), cursor).ok_or(Refusal::BadCursor)?;
    read(&place, service.now()).ok_or(Refusal::BadCursor)
}

fn value(value: &SortValue) -> Value {
    match value {
        SortValue::Text(text) => json!(text),
        SortValue::Time(at) => json!(at.as_ms()),
        SortValue::Address(ip) => json!({ "ip": ip }),
    }
}

fn read(place: &[u8], now: Timestamp) -> Option<Position> {
    let (sealed_at, no, values): (i64, u64, Vec<Value>) = serde_json::from_slice(place).ok()?;
    if Timestamp::from_ms(sealed_at) + limits::CURSOR_LIFE < now {
        return None;
    }
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
