//! `POST sessions/logout`: ends anyone's session.

use super::query::SessionInput;
use crate::endpoint::{
    DeniedAs, Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, post,
};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use rollcall_model::Permission;
use rollcall_service::Principal;
use serde_json::json;

/// The endpoint.
pub struct Logout;

impl Endpoint for Logout {
    const ROUTES: &'static [Route] = &[post("/api/v1/sessions/logout")];
    const SUMMARY: &'static str = "End a session of any user";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::LogoutDeviceManagement, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Nothing;
    type Body = SessionInput;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let id = call.body.session_id;
        call.service.end_session(&call.caller, &id).await?;
        Reply::json(&json!({ "sessionId": id, "success": true }))
    }
}
