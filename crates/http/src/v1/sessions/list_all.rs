//! `GET sessions/list.all`: the sessions of every user. The endpoint that everything else is for.

use super::query::ListQuery;
use super::row::{Of, SessionRow, SessionRows, page};
use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Whatever;
use crate::refusal::Refusal;
use crate::v1::success::Success;
use rollcall_model::Permission;
use rollcall_service::Principal;
use rollcall_service::index::{Page, Scope};

/// The endpoint.
pub struct ListAll;

impl Endpoint for ListAll {
    const ROUTES: &'static [Route] = &[get("/api/v1/sessions/list.all")];
    const SUMMARY: &'static str = "Sessions of every user";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::ViewDeviceManagement, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Read,
    };
    type Caller = Principal;
    type Query = ListQuery;
    type Body = Whatever;
    type Answer = Json<Success<SessionRows<SessionRow>>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let list = call.query.list(Scope::Everyone)?;
        let (offset, count) = (list.offset, list.count);
        let write = move |rows: &Page<'_>| page(rows, Of::Everyone, offset, count);
        Ok(Json::written(call.service.list_sessions(call.service.live(), list, write).await?))
    }
}
