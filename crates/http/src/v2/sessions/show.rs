//! `GET sessions/{id}`: one session, whoever's, live or ended, and what happened to it.

use crate::endpoint::{
    DeniedAs, Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, get,
};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::v2::event::actor;
use crate::v2::item::{ended_item, live_item};
use rollcall_model::Permission;
use rollcall_service::index::Row;
use rollcall_service::{AuditEvent, Principal};
use serde_json::{Value, json};

/// The endpoint.
pub struct Show;

impl Endpoint for Show {
    const ROUTES: &'static [Route] = &[get("/api/v2/sessions/{id}")];
    const SUMMARY: &'static str = "One session of any user, live or ended, and its history";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::ViewDeviceManagement, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Read,
    };
    type Caller = Principal;
    type Query = Nothing;
    type Body = Nothing;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let current = call.caller.session();
        let (id, live) = (call.path.get("id"), |row: &Row<'_>| live_item(row, current));
        let (mut item, events) = call.service.session_with_history(id, live, ended_item).await?;
        let history: Vec<_> = events.iter().map(step).collect();
        item.extend_from_slice(br#","history":"#);
        item.extend_from_slice(json!(history).to_string().as_bytes());
        item.push(b'}');
        Ok(Reply::Json(item))
    }
}

/// What happened to it, and who did it; an ending says why.
fn step(event: &AuditEvent) -> Value {
    let detail = event.detail.as_deref().and_then(|detail| serde_json::from_str::<Value>(detail).ok());
    let reason = detail.as_ref().and_then(|detail| detail.get("reason"));
    json!({
        "seq": event.seq.0,
        "at": event.at.to_string(),
        "kind": event.kind,
        "actor": actor(event),
        "reason": reason,
    })
}
