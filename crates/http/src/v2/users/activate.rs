//! `POST users/{id}/activate`: lets a user sign in again that was deactivated. What was ended stays so.

use crate::answer::Done;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::{Nothing, Whatever};
use crate::refusal::Refusal;
use rollcall_model::Permission;
use rollcall_service::Principal;

/// The endpoint.
pub struct Activate;

impl Endpoint for Activate {
    const ROUTES: &'static [Route] = &[post("/api/v2/users/{id}/activate")];
    const SUMMARY: &'static str = "Let a deactivated user sign in again";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::AnyOf(
            &[Permission::EditOtherUserActiveStatus, Permission::ManageModerationActions],
            DeniedAs::Forbidden,
        ),
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
        call.service.activate_user(&call.caller, call.path.get("id")).await?;
        Ok(Done)
    }
}
