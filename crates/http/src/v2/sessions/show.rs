//! `GET sessions/{id}`: one session, whoever's, live or ended, and what happened to it.

use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::time::Time;
use crate::v2::event::{EventActor, actor, detail};
use crate::v2::item::{Session, ended_item, live_item};
use rollcall_model::Permission;
use rollcall_service::index::Row;
use rollcall_service::{AnyPrincipal, AuditEvent};
use schemars::JsonSchema;
use serde::Serialize;

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
    type Caller = AnyPrincipal;
    type Query = Nothing;
    type Body = Nothing;
    type Answer = Json<SessionWithHistory>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let current = call.caller.session();
        let (id, live) = (call.path.get("id"), |row: &Row<'_>| live_item(row, current));
        let (mut item, events) = call.service.session_with_history(id, live, ended_item).await?;
        let history = events.iter().map(SessionStep::from).collect::<Vec<_>>();
        item.extend_from_slice(br#","history":"#);
        item.extend_from_slice(&serde_json::to_vec(&history).map_err(|_| Refusal::Internal)?);
        item.push(b'}');
        Ok(Json::written(item))
    }
}

/// A session and what happened to it.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "a schema: the session is written by hand")]
pub struct SessionWithHistory {
    #[serde(flatten)]
    session: Session,
    /// When it ended; null while it is live.
    ended_at: Option<Time>,
    /// Why it ended.
    ended_reason: Option<String>,
    /// The oldest first.
    history: Vec<SessionStep<'static>>,
}

/// What happened to a session.
#[derive(Serialize, JsonSchema)]
pub struct SessionStep<'a> {
    /// The event's number in the ledger.
    seq: u64,
    at: Time,
    /// What happened: `session.ended`.
    kind: &'static str,
    /// Who did it; null when that was erased.
    actor: Option<EventActor<'a>>,
    /// Why it ended.
    reason: Option<String>,
}

impl<'a> From<&'a AuditEvent> for SessionStep<'a> {
    fn from(event: &'a AuditEvent) -> Self {
        let reason = detail(event).and_then(|detail| detail.get("reason")?.as_str().map(str::to_owned));
        Self { seq: event.seq.0, at: Time(event.at), kind: event.kind, actor: actor(event), reason }
    }
}
