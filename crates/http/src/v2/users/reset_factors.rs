//! `POST users/{id}/factors/reset`: takes all second factors of a user away, and ends all that it has.

use crate::answer::Done;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::{Nothing, Whatever};
use crate::refusal::Refusal;
use rollcall_model::Permission;
use rollcall_service::Principal;

/// The endpoint.
pub struct ResetFactors;

impl Endpoint for ResetFactors {
    const ROUTES: &'static [Route] = &[post("/api/v2/users/{id}/factors/reset")];
    const SUMMARY: &'static str =
        "Take a user's second factors away, and end its sessions and personal tokens";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::EditOtherUserTotp, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Nothing;
    type Body = Whatever;
    type Answer = Done;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        call.service.reset_factors(&call.caller, call.path.get("id")).await?;
        Ok(Done)
    }
}
