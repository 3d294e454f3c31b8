//! `GET roles.list`: all roles.

use super::role_wire;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Whatever;
use crate::refusal::Refusal;
use rollcall_model::Role;
use rollcall_service::Principal;
use serde_json::json;

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

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let required = call.service.factor_required_of();
        let roles: Vec<_> = Role::ALL.iter().map(|role| role_wire(*role, required)).collect();
        Reply::json(&json!({ "roles": roles, "success": true }))
    }
}
