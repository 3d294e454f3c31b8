//! `GET sessions`: the sessions that a filter of the language finds, a page of them, and counts by facets.

use super::query::ListQuery;
use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::v2::count::Tally;
use crate::v2::cursor;
use crate::v2::page::{Page, SessionPage, write};
use rollcall_model::Permission;
use rollcall_service::AnyPrincipal;
use rollcall_service::index::{List as Asked, Page as Rows, Scope};
use std::collections::BTreeMap;

/// The endpoint.
pub struct List;

impl Endpoint for List {
    const ROUTES: &'static [Route] = &[get("/api/v2/sessions")];
    const SUMMARY: &'static str = "The sessions of every user that a filter finds";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::ViewDeviceManagement, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Read,
    };
    type Caller = AnyPrincipal;
    type Query = ListQuery;
    type Body = Nothing;
    type Answer = Json<SessionPage>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let (service, query) = (&call.service, &call.query);
        let (sort, facets, name) = (query.sort()?, query.facets()?, query.list_name());
        let after = query.cursor.as_deref().map(|sealed| cursor::open(service, &name, sealed)).transpose()?;
        let of = service.as_of(query.as_of).await?;
        let (then, filter) = (of.then(), service.filter(&of, &query.q, call.caller.session()).await?);
        let counted = match &*facets {
            [] => None,
            facets => {
                let by = facets.iter().map(|(_, by)| *by).collect();
                let (_, tallies) = service.tally(of.clone(), filter.clone(), by).await?;
                let names = facets.iter().map(|(name, _)| *name);
                let counts: BTreeMap<_, _> = names.zip(tallies.iter().map(Tally::from)).collect();
                Some(serde_json::to_string(&counts).map_err(|_| Refusal::Internal)?)
            }
        };
        let (offset, count) = (query.offset, query.limit);
        let list = Asked { scope: Scope::Everyone, filter, sort: sort.clone(), after, offset, count };
        let (sealing, current) = (service.clone(), call.caller.session());
        let read = move |rows: &Rows<'_>| {
            let end = rows.rows().last().filter(|_| rows.rows().len() == count);
            let next = end.map(|row| cursor::seal(&sealing, &name, &row.position(&sort)));
            write(&Page { rows, current, next: next.as_deref(), facets: counted.as_deref(), then })
        };
        Ok(Json::written(service.list_sessions(of, list, read).await?))
    }
}
