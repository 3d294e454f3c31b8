//! `POST logout`: ends the calling token, and its session where it has one.

use crate::answer::Json;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get, post};
use crate::guard::Call;
use crate::input::Whatever;
use crate::refusal::Refusal;
use rollcall_service::Principal;
use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint. One published client asks with GET.
pub struct Logout;

impl Endpoint for Logout {
    const ROUTES: &'static [Route] = &[post("/api/v1/logout"), get("/api/v1/logout")];
    const SUMMARY: &'static str = "End the calling token, and its session";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Allowed,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Whatever;
    type Body = Whatever;
    type Answer = Json<LoggedOut>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        call.service.sign_out(&call.caller).await?;
        let data = LogoutMessage { message: "You've been logged out!" };
        Json::of(&LoggedOut { status: "success", data, success: true })
    }
}

/// It is done.
#[derive(Serialize, JsonSchema)]
pub struct LoggedOut {
    status: &'static str,
    data: LogoutMessage,
    success: bool,
}

#[derive(Serialize, JsonSchema)]
struct LogoutMessage {
    message: &'static str,
}
