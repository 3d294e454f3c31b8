//! `GET users/{id}/tokens`: a user's personal access tokens, but for the tokens themselves.

use crate::endpoint::{
    DeniedAs, Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, get,
};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use rollcall_model::{Permission, PersonalToken};
use rollcall_service::Principal;
use serde_json::{Value, json};

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

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let held = call.service.personal_tokens_of(call.path.get("id")).await?;
        let items: Vec<_> = held.iter().map(item).collect();
        Reply::json(&json!({ "items": items }))
    }
}

/// Its id is the number of the event that made it.
fn item(token: &PersonalToken) -> Value {
    json!({
        "id": token.no.0.to_string(),
        "name": token.name,
        "last_part": token.last_part,
        "bypasses_step_up": token.bypasses_step_up,
        "created_at": token.made_at.to_string(),
    })
}
