//! `POST me/emails/confirm`: takes the address as verified, by the code that was mailed to it.

use super::Emails;
use crate::endpoint::{Endpoint, Policy, Reply, Route, StepUp, post};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::v2::me::code_body::CodeBody;
use crate::v2::me::policy;
use rollcall_service::Principal;

/// The endpoint.
pub struct Confirm;

impl Endpoint for Confirm {
    const ROUTES: &'static [Route] = &[post("/api/v2/me/emails/confirm")];
    const SUMMARY: &'static str = "Verify the caller's address by the code that was mailed to it";
    const POLICY: Policy<Self> = policy(StepUp::No);
    type Caller = Principal;
    type Query = Nothing;
    type Body = CodeBody;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        Reply::json(&Emails::from(call.service.verify_address(&call.caller, &call.body.code).await?))
    }
}
