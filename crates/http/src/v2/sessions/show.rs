//! `GET sessions/{id}`: one session, whoever's.

use crate::endpoint::{
    DeniedAs, Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, get,
};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::v2::item::item;
use rollcall_model::Permission;
use rollcall_service::Principal;

/// The endpoint.
pub struct Show;

impl Endpoint for Show {
    const ROUTES: &'static [Route] = &[get("/api/v2/sessions/{id}")];
    const SUMMARY: &'static str = "One session of any user";
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
        let current = call.caller.session();
        let found = call.service.session(call.path.get("id"), |row| Some(item(&row, current)));
        Ok(Reply::Json(found?))
    }
}
