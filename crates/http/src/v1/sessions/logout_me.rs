//! `POST sessions/logout.me`: ends one of the caller's own sessions, the calling one included.

use super::EndedSession;
use super::query::SessionInput;
use crate::answer::Json;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::v1::success::Success;
use rollcall_service::Principal;

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
    type Answer = Json<Success<EndedSession>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let id = call.body.session_id;
        call.service.end_own_session(&call.caller, &id).await?;
        Json::of(&Success::with(EndedSession { session_id: id }))
    }
}
