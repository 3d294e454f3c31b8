//! `GET service-tokens`: the service tokens that are not revoked, but for their secrets.

use super::{NEEDS, ServiceTokenItem};
use crate::answer::Json;
use crate::endpoint::{Endpoint, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use rollcall_service::Principal;
use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint.
pub struct List;

impl Endpoint for List {
    const ROUTES: &'static [Route] = &[get("/api/v2/service-tokens")];
    const SUMMARY: &'static str = "The service tokens, but for their secrets";
    const POLICY: Policy<Self> = Policy {
        needs: NEEDS,
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Nothing;
    type Body = Nothing;
    type Answer = Json<ServiceTokens<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let (tokens, now) = (call.service.service_tokens().await?, call.service.now());
        let items = tokens.iter().map(|token| ServiceTokenItem::of(token, now)).collect();
        Json::of(&ServiceTokens { items })
    }
}

/// The service tokens, in the order of their making; what has expired is among them until it is revoked.
#[derive(Serialize, JsonSchema)]
pub struct ServiceTokens<'a> {
    items: Vec<ServiceTokenItem<'a>>,
}
