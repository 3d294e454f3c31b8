//! `GET me/emails`: the caller's own addresses.

use super::Emails;
use crate::answer::Json;
use crate::endpoint::{Endpoint, Policy, Route, StepUp, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::v2::me::policy;
use rollcall_service::Principal;

/// The endpoint.
pub struct List;

impl Endpoint for List {
    const ROUTES: &'static [Route] = &[get("/api/v2/me/emails")];
    const SUMMARY: &'static str = "The caller's own addresses";
    const POLICY: Policy<Self> = policy(StepUp::No);
    type Caller = Principal;
    type Query = Nothing;
    type Body = Nothing;
    type Answer = Json<Emails<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        Emails::of(&call.service.myself(&call.caller).await?.user.emails)
    }
}
