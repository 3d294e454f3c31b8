//! `DELETE me/factors/mail`: codes by mail are asked for no more.

use crate::answer::Done;
use crate::endpoint::{Endpoint, Policy, Route, StepUp, delete};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::v2::me::policy;
use rollcall_service::Principal;

/// The endpoint.
pub struct RemoveMail;

impl Endpoint for RemoveMail {
    const ROUTES: &'static [Route] = &[delete("/api/v2/me/factors/mail")];
    const SUMMARY: &'static str = "Have codes by mail asked for no more";
    const POLICY: Policy<Self> = policy(StepUp::Always);
    type Caller = Principal;
    type Query = Nothing;
    type Body = Nothing;
    type Answer = Done;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        call.service.remove_mail(&call.caller).await?;
        Ok(Done)
    }
}
