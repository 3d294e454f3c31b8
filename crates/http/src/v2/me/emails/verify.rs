//! `POST me/emails/verify`: mails a code to the first of the caller's addresses that is not verified.

use crate::endpoint::{Endpoint, Policy, Reply, Route, StepUp, post};
use crate::guard::Call;
use crate::input::{Nothing, Whatever};
use crate::refusal::Refusal;
use crate::v2::me::policy;
use rollcall_service::Principal;
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

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let mailed = call.service.mail_address_code(&call.caller, &call.client).await?;
        let code_expires_at = mailed.until.to_string();
        Reply::accepted(&Mailed { address: mailed.address, code_expires_at })
    }
}

/// Where a code is on its way to.
#[derive(Serialize)]
struct Mailed {
    address: String,
    code_expires_at: String,
}
