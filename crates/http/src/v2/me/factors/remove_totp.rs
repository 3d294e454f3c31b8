//! `DELETE me/factors/totp`: removes the authenticator and its recovery codes, by a code of either: no weaker factor, and
//! nothing remembered, does for it.

use crate::answer::Done;
use crate::endpoint::{Endpoint, Policy, Route, StepUp, delete};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::v2::me::policy;
use rollcall_service::Principal;

/// The endpoint.
pub struct RemoveTotp;

impl Endpoint for RemoveTotp {
    const ROUTES: &'static [Route] = &[delete("/api/v2/me/factors/totp")];
    const SUMMARY: &'static str = "Remove the authenticator and its recovery codes, by a code of either";
    const POLICY: Policy<Self> = policy(StepUp::Within);
    type Caller = Principal;
    type Query = Nothing;
    type Body = Nothing;
    type Answer = Done;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        call.service.remove_factors(&call.caller, call.code.given()).await?;
        Ok(Done)
    }
}
