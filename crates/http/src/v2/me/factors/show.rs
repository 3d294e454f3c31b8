//! `GET me/factors`: which factors the caller has.

use crate::endpoint::{Endpoint, Policy, Reply, Route, StepUp, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::v2::me::policy;
use rollcall_service::{Credential, Principal};
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

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        Reply::json(&FactorsWire::from(&call.service.myself(&call.caller).await?))
    }
}

/// Which factors a user has.
#[derive(Serialize)]
pub struct FactorsWire {
    totp: bool,
    mail: bool,
    recovery_codes_left: u32,
}

impl From<&Credential> for FactorsWire {
    fn from(user: &Credential) -> Self {
        let totp = user.enrolled().is_some();
        Self { totp, mail: user.factors().mail, recovery_codes_left: user.recovery_left }
    }
}
