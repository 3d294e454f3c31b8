//! `DELETE session`: ends the calling token, and its session where it has one, whichever way it came; a browser forgets its
//! cookie. Whoever is signed in no more has what it wanted.

use crate::answer::{Done, WithCookie};
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, delete};
use crate::guard::{Call, Way};
use crate::input::Nothing;
use crate::refusal::Refusal;
use rollcall_service::Principal;

/// The endpoint.
pub struct SignOut;

impl Endpoint for SignOut {
    const ROUTES: &'static [Route] = &[delete("/api/v2/session")];
    const SUMMARY: &'static str = "End the calling token and its session, and forget the cookie";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Allowed,
        record: Record::Nothing,
    };
    type Caller = Option<Principal>;
    type Query = Nothing;
    type Body = Nothing;
    type Answer = WithCookie<Done>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        if let Some(principal) = &call.caller {
            call.service.sign_out(principal).await?;
        }
        let by_cookie = call.credentials.is_some_and(|credentials| credentials.way == Way::Cookie);
        let cookie = by_cookie.then(|| call.page.cookie_name().forgotten());
        Ok(WithCookie { answer: Done, cookie })
    }
}
