//! `GET stats/live`: how many sessions were live, at each step of a stretch of time.

use super::span::StepsQuery;
use crate::endpoint::{
    DeniedAs, Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, get,
};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use rollcall_model::Permission;
use rollcall_service::Principal;
use serde_json::json;

/// The endpoint.
pub struct Live;

impl Endpoint for Live {
    const ROUTES: &'static [Route] = &[get("/api/v2/stats/live")];
    const SUMMARY: &'static str = "How many sessions were live, over time";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::ViewStatistics, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = StepsQuery;
    type Body = Nothing;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let instants = call.query.instants(call.service.now())?;
        let live = call.service.live_at(&instants).await?;
        let points =
            instants.iter().zip(live).map(|(at, live)| json!({ "at": at.to_string(), "live": live }));
        Reply::json(&json!({ "items": points.collect::<Vec<_>>() }))
    }
}
