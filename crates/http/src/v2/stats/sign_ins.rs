//! `GET stats/sign-ins`: when, with what and from where people signed in.

use super::span::SpanQuery;
use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::time::Time;
use crate::v2::count::Count;
use rollcall_model::Permission;
use rollcall_service::{Principal, Times};
use schemars::JsonSchema;
use serde::Serialize;
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
    type Answer = Json<SignInCounts<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let (from, to) = call.query.span(call.service.now(), MONTH)?;
        let counted = call.service.count_sign_ins(from, to).await?;
        Json::of(&SignInCounts {
            from: Time(counted.from),
            to: Time(to),
            total: counted.count,
            hours: &counted.hours,
            devices: counts(&counted.devices),
            systems: counts(&counted.systems),
            networks: counts(&counted.networks),
        })
    }
}

/// Sign-ins, counted.
#[derive(Serialize, JsonSchema)]
pub struct SignInCounts<'a> {
    /// From when on they are counted: later than was asked for when there are more than are looked at.
    from: Time,
    to: Time,
    total: usize,
    /// By weekday, Monday first, and hour (UTC).
    hours: &'a [[usize; 24]; 7],
    devices: Vec<Count<'a>>,
    systems: Vec<Count<'a>>,
    networks: Vec<Count<'a>>,
}

fn counts(times: &Times) -> Vec<Count<'_>> {
    times.iter().map(|(value, count)| Count::new(value, *count)).collect()
}
