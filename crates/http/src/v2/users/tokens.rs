//! `GET users/{id}/tokens`: a user's personal access tokens, but for the tokens themselves.

use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::time::Time;
use rollcall_model::{Permission, PersonalToken};
use rollcall_service::Principal;
use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint.
pub struct Tokens;

impl Endpoint for Tokens {
    const ROUTES: &'static [Route] = &[get("/api/v2/users/{id}/tokens")];
    const SUMMARY: &'static str = "A user's personal access tokens, but for the tokens themselves";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::ViewDeviceManagement, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Read,
    };
    type Caller = Principal;
    type Query = Nothing;
    type Body = Nothing;
    type Answer = Json<PersonalTokens<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let held = call.service.personal_tokens_of(call.path.get("id")).await?;
        Json::of(&PersonalTokens { items: held.iter().map(PersonalTokenItem::from).collect() })
    }
}

/// A user's personal access tokens.
#[derive(Serialize, JsonSchema)]
pub struct PersonalTokens<'a> {
    items: Vec<PersonalTokenItem<'a>>,
}

/// A personal access token, but for the token itself.
#[derive(Serialize, JsonSchema)]
pub struct PersonalTokenItem<'a> {
    // The number of the event that made it.
    id: String,
    name: &'a str,
    /// The token's last characters, to be known by.
    last_part: &'a str,
    /// Whether no second factor is asked for with it.
    bypasses_step_up: bool,
    created_at: Time,
}

impl<'a> From<&'a PersonalToken> for PersonalTokenItem<'a> {
    fn from(token: &'a PersonalToken) -> Self {
        Self {
            id: token.no.0.to_string(),
            name: &token.name,
            last_part: &token.last_part,
            bypasses_step_up: token.bypasses_step_up,
            created_at: Time(token.made_at),
        }
    }
}
