//! `GET stats/live`: how many sessions were live, at each step of a stretch of time.

use super::span::StepsQuery;
use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::time::Time;
use rollcall_model::Permission;
use rollcall_service::Principal;
use schemars::JsonSchema;
use serde::Serialize;

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
    type Answer = Json<LiveCurve>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let instants = call.query.instants(call.service.now())?;
        let live = call.service.live_at(&instants).await?;
        let points = instants.iter().zip(live);
        Json::of(&LiveCurve { items: points.map(|(at, live)| LivePoint { at: Time(*at), live }).collect() })
    }
}

/// The curve of live sessions.
#[derive(Serialize, JsonSchema)]
pub struct LiveCurve {
    items: Vec<LivePoint>,
}

/// How many sessions were live at an instant.
#[derive(Serialize, JsonSchema)]
struct LivePoint {
    at: Time,
    live: u64,
}
