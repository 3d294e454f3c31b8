//! `POST users.logoutOtherClients` and `POST users.removeOtherTokens`: end the caller's other sessions.

use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::Whatever;
use crate::refusal::Refusal;
use rollcall_service::Principal;
use serde_json::json;

/// `users.logoutOtherClients`: gives the calling token back.
pub struct LogoutOtherClients;

impl Endpoint for LogoutOtherClients {
    const ROUTES: &'static [Route] = &[post("/api/v1/users.logoutOtherClients")];
    const SUMMARY: &'static str = "End the caller's other sessions, and say how long this one lives";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Whatever;
    type Body = Whatever;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        call.service.end_other_sessions(&call.caller).await?;
        let token = call.credentials.map(|credentials| credentials.token).unwrap_or_default();
        let mut answer = json!({ "token": token, "success": true });
        if let Some(expires_at) = call.service.expires_at(&call.caller) {
            answer["tokenExpires"] = json!(expires_at.to_string());
        }
        Reply::json(&answer)
    }
}

/// `users.removeOtherTokens`.
pub struct RemoveOtherTokens;

impl Endpoint for RemoveOtherTokens {
    const ROUTES: &'static [Route] = &[post("/api/v1/users.removeOtherTokens")];
    const SUMMARY: &'static str = "End the caller's other sessions";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Whatever;
    type Body = Whatever;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        call.service.end_other_sessions(&call.caller).await?;
        Reply::json(&json!({ "success": true }))
    }
}
