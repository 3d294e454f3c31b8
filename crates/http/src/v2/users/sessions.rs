//! `GET users/{id}/sessions`: a user's live sessions, the newest first.

use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::v2::cursor;
use crate::v2::page::{Page, SessionPage, write};
use crate::v2::search::SearchQuery;
use rollcall_model::Permission;
use rollcall_service::index::{List, Page as Rows, Scope};
use rollcall_service::{AnyPrincipal, UserName};

/// The endpoint.
pub struct Sessions;

impl Endpoint for Sessions {
    const ROUTES: &'static [Route] = &[get("/api/v2/users/{id}/sessions")];
    const SUMMARY: &'static str = "A user's live sessions that a filter finds";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::ViewDeviceManagement, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Read,
    };
    type Caller = AnyPrincipal;
    type Query = SearchQuery;
    type Body = Nothing;
    type Answer = Json<SessionPage>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let (service, query, id) = (&call.service, &call.query, call.path.get("id"));
        let user = service.user(&UserName::Id(id.to_owned())).await?.user.owner.no;
        let name = query.list_name(&format!("sessions of {id}"));
        let after = query.cursor.as_deref().map(|sealed| cursor::open(service, &name, sealed)).transpose()?;
        let live = service.live();
        let filter = service.filter(&live, &query.q, call.caller.session()).await?;
        let count = query.limit;
        let list = List { scope: Scope::Of(user), filter, sort: Vec::new(), after, offset: 0, count };
        let (sealing, current) = (service.clone(), call.caller.session());
        let read = move |rows: &Rows<'_>| {
            let end = rows.rows().last().filter(|_| rows.rows().len() == count);
            let next = end.map(|row| cursor::seal(&sealing, &name, &row.position(&[])));
            write(&Page { rows, current, next: next.as_deref(), facets: None, then: None })
        };
        Ok(Json::written(service.list_sessions(live, list, read).await?))
    }
}
