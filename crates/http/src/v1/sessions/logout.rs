//! `POST sessions/logout`: ends anyone's session.

use super::EndedSession;
use super::query::SessionInput;
use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::v1::success::Success;
use rollcall_model::Permission;
use rollcall_service::Principal;

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
    type Answer = Json<Success<EndedSession>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let id = call.body.session_id;
        call.service.end_session(call.caller.actor(), &id).await?;
        Json::of(&Success::with(EndedSession { session_id: id }))
    }
}
