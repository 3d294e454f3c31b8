//! `GET me/factors`: which factors the caller has.

use crate::answer::Json;
use crate::endpoint::{Endpoint, Policy, Route, StepUp, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::v2::me::policy;
use crate::v2::user::Factors;
use rollcall_service::{Credential, Principal};
use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint.
pub struct Show;

impl Endpoint for Show {
    const ROUTES: &'static [Route] = &[get("/api/v2/me/factors")];
    const SUMMARY: &'static str = "The caller's own second factors";
    const POLICY: Policy<Self> = policy(StepUp::No);
    type Caller = Principal;
    type Query = Nothing;
    type Body = Nothing;
    type Answer = Json<OwnFactors>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        Json::of(&OwnFactors::from(&call.service.myself(&call.caller).await?))
    }
}

/// One's second factors, and how many recovery codes are left.
#[derive(Serialize, JsonSchema)]
pub struct OwnFactors {
    #[serde(flatten)]
    factors: Factors,
    recovery_codes_left: u32,
}

impl From<&Credential> for OwnFactors {
    fn from(user: &Credential) -> Self {
        Self { factors: user.factors().into(), recovery_codes_left: user.recovery_left }
    }
}
