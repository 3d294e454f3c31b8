//! `DELETE service-tokens/{id}`: ends one at once.

use super::{NEEDS, number};
use crate::answer::Done;
use crate::endpoint::{Endpoint, Policy, Rate, Record, Route, StepUp, WithoutFactor, delete};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use rollcall_service::Principal;

/// The endpoint.
pub struct Revoke;

impl Endpoint for Revoke {
    const ROUTES: &'static [Route] = &[delete("/api/v2/service-tokens/{id}")];
    const SUMMARY: &'static str = "End a service token";
    const POLICY: Policy<Self> = Policy {
        needs: NEEDS,
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Nothing;
    type Body = Nothing;
    type Answer = Done;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        call.service.revoke_service_token(&call.caller, number(call.path.get("id"))?).await?;
        Ok(Done)
    }
}
