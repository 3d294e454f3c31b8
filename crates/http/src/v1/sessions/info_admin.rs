//! `GET sessions/info.admin`: one session, whoever's, by its exact id.

use super::query::SessionInput;
use super::row::{Of, SessionRow, fields};
use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Whatever;
use crate::refusal::Refusal;
use crate::v1::success::Success;
use rollcall_model::Permission;
use rollcall_service::Principal;

/// The endpoint.
pub struct InfoAdmin;

impl Endpoint for InfoAdmin {
    const ROUTES: &'static [Route] = &[get("/api/v1/sessions/info.admin")];
    const SUMMARY: &'static str = "One session of any user";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::ViewDeviceManagement, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Read,
    };
    type Caller = Principal;
    type Query = SessionInput;
    type Body = Whatever;
    type Answer = Json<Success<SessionRow>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let found = call.service.session(&call.query.session_id, |row| {
            let mut out = vec![b'{'];
            fields(&mut out, &row, Of::Everyone);
            out.extend_from_slice(br#","success":true}"#);
            Some(out)
        });
        Ok(Json::written(found?))
    }
}
