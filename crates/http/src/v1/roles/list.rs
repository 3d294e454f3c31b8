//! `GET roles.list`: all roles.

use super::RoleWire;
use crate::answer::Json;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Whatever;
use crate::refusal::Refusal;
use crate::v1::success::Success;
use rollcall_model::Role;
use rollcall_service::Principal;
use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint.
pub struct List;

impl Endpoint for List {
    const ROUTES: &'static [Route] = &[get("/api/v1/roles.list")];
    const SUMMARY: &'static str = "All roles";
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
    type Answer = Json<Success<Roles>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let required = call.service.factor_required_of();
        let roles = Role::ALL.iter().map(|role| RoleWire::new(*role, required)).collect();
        Json::of(&Success::with(Roles { roles }))
    }
}

/// All of them.
#[derive(Serialize, JsonSchema)]
pub struct Roles {
    roles: Vec<RoleWire>,
}
