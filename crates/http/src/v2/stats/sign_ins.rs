//! `GET stats/sign-ins`: when, with what and from where people signed in.

use super::span::SpanQuery;
use crate::endpoint::{
    DeniedAs, Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, get,
};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use rollcall_model::Permission;
use rollcall_service::{Principal, Times};
use serde_json::{Value, json};
use std::time::Duration;

/// What is counted when it is not said.
const MONTH: Duration = Duration::from_hours(30 * 24);

/// The endpoint.
pub struct SignIns;

impl Endpoint for SignIns {
    const ROUTES: &'static [Route] = &[get("/api/v2/stats/sign-ins")];
    const SUMMARY: &'static str = "Sign-ins by weekday and hour, device, system and network";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::ViewStatistics, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = SpanQuery;
    type Body = Nothing;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let (from, to) = call.query.span(call.service.now(), MONTH)?;
        let counted = call.service.count_sign_ins(from, to).await?;
        Reply::json(&json!({
            "from": counted.from.to_string(),
            "to": to.to_string(),
            "total": counted.count,
            "hours": counted.hours,
            "devices": times(&counted.devices),
            "systems": times(&counted.systems),
            "networks": times(&counted.networks),
        }))
    }
}

fn times(times: &Times) -> Vec<Value> {
    times.iter().map(|(value, count)| json!({ "value": value, "count": count })).collect()
}
