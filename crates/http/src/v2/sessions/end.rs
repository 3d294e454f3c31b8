//! `DELETE sessions/{id}`: ends one session, whoever's.

use crate::answer::Done;
use crate::endpoint::{
    DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, delete,
};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use rollcall_model::Permission;
use rollcall_service::AnyPrincipal;

/// The endpoint.
pub struct End;

impl Endpoint for End {
    const ROUTES: &'static [Route] = &[delete("/api/v2/sessions/{id}")];
    const SUMMARY: &'static str = "End one session of any user";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::LogoutDeviceManagement, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = AnyPrincipal;
    type Query = Nothing;
    type Body = Nothing;
    type Answer = Done;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        call.service.end_session(call.caller.actor(), call.path.get("id")).await?;
        Ok(Done)
    }
}
