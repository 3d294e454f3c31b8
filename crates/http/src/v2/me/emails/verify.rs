//! `POST me/emails/verify`: mails a code to the first of the caller's addresses that is not verified.

use crate::answer::{Accepted, Json};
use crate::endpoint::{Endpoint, Policy, Route, StepUp, post};
use crate::guard::Call;
use crate::input::{Nothing, Whatever};
use crate::refusal::Refusal;
use crate::time::Time;
use crate::v2::me::policy;
use rollcall_service::Principal;
use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint.
pub struct Verify;

impl Endpoint for Verify {
    const ROUTES: &'static [Route] = &[post("/api/v2/me/emails/verify")];
    const SUMMARY: &'static str = "Mail a code to the caller's address that is to be verified";
    const POLICY: Policy<Self> = policy(StepUp::No);
    type Caller = Principal;
    type Query = Nothing;
    type Body = Whatever;
    type Answer = Accepted<Mailed<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let mailed = call.service.mail_address_code(&call.caller, &call.client).await?;
        Ok(Accepted(Json::of(&Mailed { address: &mailed.address, code_expires_at: Time(mailed.until) })?))
    }
}

/// Where a code is on its way to.
#[derive(Serialize, JsonSchema)]
pub struct Mailed<'a> {
    address: &'a str,
    /// Until when the code is good.
    code_expires_at: Time,
}
