//! `PUT me/factors/mail`: codes by mail are asked for from now on.

use crate::answer::Done;
use crate::endpoint::{Endpoint, Policy, Route, StepUp, put};
use crate::guard::Call;
use crate::input::{Nothing, Whatever};
use crate::refusal::Refusal;
use crate::v2::me::policy;
use rollcall_service::Principal;

/// The endpoint.
pub struct EnableMail;

impl Endpoint for EnableMail {
    const ROUTES: &'static [Route] = &[put("/api/v2/me/factors/mail")];
    const SUMMARY: &'static str = "Have codes by mail asked for, and end the caller's other sessions";
    const POLICY: Policy<Self> = policy(StepUp::Required);
    type Caller = Principal;
    type Query = Nothing;
    type Body = Whatever;
    type Answer = Done;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        call.service.enrol_mail(&call.caller).await?;
        Ok(Done)
    }
}
