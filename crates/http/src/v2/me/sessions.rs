//! `GET me/sessions`: the caller's own sessions, all of them, the newest first.

use crate::answer::Json;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::v2::page::{Page, SessionPage, write};
use rollcall_service::Principal;
use rollcall_service::index::{List, Page as Rows, Scope};

/// The endpoint.
pub struct Sessions;

impl Endpoint for Sessions {
    const ROUTES: &'static [Route] = &[get("/api/v2/me/sessions")];
    const SUMMARY: &'static str = "The caller's own sessions";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Allowed,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Nothing;
    type Body = Nothing;
    type Answer = Json<SessionPage>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let scope = Scope::Of(call.caller.user());
        let list = List { scope, filter: None, sort: Vec::new(), after: None, offset: 0, count: usize::MAX };
        let current = call.caller.session();
        let read =
            move |rows: &Rows<'_>| write(&Page { rows, current, next: None, facets: None, then: None });
        Ok(Json::written(call.service.list_sessions(call.service.live(), list, read).await?))
    }
}
