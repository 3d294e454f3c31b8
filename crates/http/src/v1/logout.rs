//! `POST logout`: ends the calling token, and its session where it has one.

use crate::endpoint::{
    Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, get, post,
};
use crate::guard::Call;
use crate::input::Whatever;
use crate::refusal::Refusal;
use rollcall_service::Principal;
use serde_json::json;

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

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        call.service.sign_out(&call.caller).await?;
        let data = json!({ "message": "You've been logged out!" });
        Reply::json(&json!({ "status": "success", "data": data, "success": true }))
    }
}
