//! `POST me/emails/confirm`: takes the address as verified, by the code that was mailed to it.

use super::Emails;
use crate::answer::Json;
use crate::endpoint::{Endpoint, Policy, Route, StepUp, post};
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
    type Answer = Json<Emails<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        Emails::of(&call.service.verify_address(&call.caller, &call.body.code).await?)
    }
}
