//! `GET sessions/list`: the caller's own sessions.

use super::query::ListQuery;
use super::row::{Of, OwnSessionRow, SessionRows, page};
use crate::answer::Json;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Whatever;
use crate::refusal::Refusal;
use crate::v1::success::Success;
use rollcall_service::Principal;
use rollcall_service::index::{Page, Scope};

/// The endpoint.
pub struct List;

impl Endpoint for List {
    const ROUTES: &'static [Route] = &[get("/api/v1/sessions/list")];
    const SUMMARY: &'static str = "The caller's own sessions";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = ListQuery;
    type Body = Whatever;
    type Answer = Json<Success<SessionRows<OwnSessionRow>>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let list = call.query.list(Scope::Of(call.caller.user()))?;
        let (offset, count) = (list.offset, list.count);
        let calling = call.caller.session();
        let write = move |rows: &Page<'_>| page(rows, Of::Myself(calling), offset, count);
        Ok(Json::written(call.service.list_sessions(call.service.live(), list, write).await?))
    }
}
