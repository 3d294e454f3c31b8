//! `POST sessions/logout.me`: ends one of the caller's own sessions, the calling one included.

use super::query::SessionInput;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use rollcall_service::Principal;
use serde_json::json;

/// The endpoint.
pub struct LogoutMe;

impl Endpoint for LogoutMe {
    const ROUTES: &'static [Route] = &[post("/api/v1/sessions/logout.me")];
    const SUMMARY: &'static str = "End one of the caller's own sessions";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Nothing;
    type Body = SessionInput;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let id = call.body.session_id;
        call.service.end_own_session(&call.caller, &id).await?;
        Reply::json(&json!({ "sessionId": id, "success": true }))
    }
}
