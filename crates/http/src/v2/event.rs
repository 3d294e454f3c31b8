//! An event of the ledger as v2 shows it.

use rollcall_model::Actor;
use rollcall_service::{AuditEvent, NamedUser};
use serde_json::{Value, json};

/// An event.
pub fn event(event: &AuditEvent) -> Value {
    let detail = event.detail.as_deref().and_then(|detail| serde_json::from_str::<Value>(detail).ok());
    json!({
        "seq": event.seq.0,
        "at": event.at.to_string(),
        "kind": event.kind,
        "outcome": if event.is_refused { "refused" } else { "done" },
        "actor": actor(event),
        "subject": event.subject.as_ref().map(user),
        "session": event.session.map(|id| id.as_str().to_owned()),
        "detail": detail,
        "hash": event.hash,
    })
}

/// Who did it.
pub fn actor(event: &AuditEvent) -> Value {
    let kind = match event.actor {
        Actor::System => "system",
        Actor::Operator => "operator",
        Actor::Anyone => "anyone",
        Actor::User(_) => return event.actor_user.as_ref().map_or(Value::Null, user),
    };
    json!({ "kind": kind })
}

/// A user; one that was erased has no name any more.
fn user(user: &NamedUser) -> Value {
    let username = (!user.username.is_empty()).then_some(&user.username);
    json!({ "id": user.id.as_str(), "username": username })
}
