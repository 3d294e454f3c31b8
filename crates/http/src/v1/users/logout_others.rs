//! `POST users.logoutOtherClients` and `POST users.removeOtherTokens`: end the caller's other sessions.

use crate::answer::Json;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::Whatever;
use crate::refusal::Refusal;
use crate::time::Time;
use crate::v1::success::{Nothing as NoFields, Success};
use rollcall_service::Principal;
use schemars::JsonSchema;
use serde::Serialize;

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
    type Answer = Json<Success<OwnToken>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        call.service.end_other_sessions(&call.caller).await?;
        let token = call.credentials.map(|credentials| credentials.token).unwrap_or_default();
        let token_expires = call.service.expires_at(&call.caller).map(Time);
        Json::of(&Success::with(OwnToken { token, token_expires }))
    }
}

/// The calling token.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnToken {
    token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_expires: Option<Time>,
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
    type Answer = Json<Success<NoFields>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        call.service.end_other_sessions(&call.caller).await?;
        Json::of(&Success::DONE)
    }
}
