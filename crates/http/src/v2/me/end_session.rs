//! `DELETE me/sessions/{id}`: ends one of the caller's own sessions. The calling one is ended as it is; others are after
//! a second factor, so that who found a device unlocked cannot lock its owner out elsewhere.

use crate::answer::Done;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, delete};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use rollcall_service::Principal;

/// The endpoint.
pub struct EndSession;

impl Endpoint for EndSession {
    const ROUTES: &'static [Route] = &[delete("/api/v2/me/sessions/{id}")];
    const SUMMARY: &'static str = "End one of the caller's own sessions";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::Within,
        without_factor: WithoutFactor::Allowed,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Nothing;
    type Body = Nothing;
    type Answer = Done;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let id = call.path.get("id");
        if call.service.is_own_session(&call.caller, id)? {
            call.service.sign_out(&call.caller).await?;
        } else {
            call.service.step_up(&call.caller, &call.client, &call.code).await?;
            call.service.end_own_session(&call.caller, id).await?;
        }
        Ok(Done)
    }
}
