//! `GET audit`: what happened, the newest first, as far as a filter of events finds.

use super::cursor;
use super::event::Event;
use super::search::SearchQuery;
use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use rollcall_model::{Permission, Seq};
use rollcall_service::AnyPrincipal;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

/// The endpoint.
pub struct Audit;

impl Endpoint for Audit {
    const ROUTES: &'static [Route] = &[get("/api/v2/audit")];
    const SUMMARY: &'static str = "The events of the ledger that a filter finds";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::ViewAudit, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Read,
    };
    type Caller = AnyPrincipal;
    type Query = SearchQuery;
    type Body = Nothing;
    type Answer = Json<EventPage<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let (service, query) = (&call.service, &call.query);
        let list = query.list_name("audit");
        let open = |sealed: &str| cursor::open_place(service, &list, sealed).map(Seq);
        let before = query.cursor.as_deref().map(open).transpose()?;
        let page = service.audit(&query.q, before, query.limit).await?;
        let next = page.next.map(|seq| cursor::seal_place(service, &list, &json!(seq.0)));
        Json::of(&EventPage { items: page.events.iter().map(Event::from).collect(), next })
    }
}

/// Events, the newest first.
#[derive(Serialize, JsonSchema)]
pub struct EventPage<'a> {
    items: Vec<Event<'a>>,
    /// The next page's cursor; null on the last page.
    next: Option<String>,
}
