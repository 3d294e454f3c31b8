//! `DELETE tokens/{id}`: ends a personal access token, whoever's.

use crate::answer::Done;
use crate::endpoint::{
    DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, delete,
};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use rollcall_model::{Permission, TokenNo};
use rollcall_service::{PersonalTokenRefusal, Principal, Refusal as Outcome};

/// The endpoint.
pub struct EndToken;

impl Endpoint for EndToken {
    const ROUTES: &'static [Route] = &[delete("/api/v2/tokens/{id}")];
    const SUMMARY: &'static str = "End a personal access token of any user";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::LogoutDeviceManagement, DeniedAs::Forbidden),
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
        let unknown = |_| Refusal::Outcome(Outcome::PersonalToken(PersonalTokenRefusal::Unknown));
        let token = call.path.get("id").parse().map(TokenNo).map_err(unknown)?;
        call.service.end_personal_token(&call.caller, token).await?;
        Ok(Done)
    }
}
