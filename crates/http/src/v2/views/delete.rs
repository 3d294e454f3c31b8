//! `DELETE views/{name}`: drops a saved filter of the caller's own.

use super::NEEDS;
use crate::answer::Done;
use crate::endpoint::{Endpoint, Policy, Rate, Record, Route, StepUp, WithoutFactor, delete};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use rollcall_service::Principal;

/// The endpoint.
pub struct Delete;

impl Endpoint for Delete {
    const ROUTES: &'static [Route] = &[delete("/api/v2/views/{name}")];
    const SUMMARY: &'static str = "Drop one of the caller's saved filters";
    const POLICY: Policy<Self> = Policy {
        needs: NEEDS,
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Nothing;
    type Body = Nothing;
    type Answer = Done;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        call.service.drop_view(&call.caller, call.path.get("name")).await?;
        Ok(Done)
    }
}
