//! `GET sessions`: the sessions that a filter of the language finds, a page of them, and counts by facets.

use super::query::ListQuery;
use crate::endpoint::{
    DeniedAs, Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, get,
};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::v2::cursor;
use crate::v2::page::{Page, write};
use rollcall_model::Permission;
use rollcall_service::Principal;
use rollcall_service::index::{List as Asked, Page as Rows, Scope, Tally};
use serde_json::{Map, Value, json};

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
    type Caller = Principal;
    type Query = ListQuery;
    type Body = Nothing;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let (service, query) = (&call.service, &call.query);
        let (sort, facets, name) = (query.sort()?, query.facets()?, query.list_name());
        let after = query.cursor.as_deref().map(|sealed| cursor::open(service, &name, sealed)).transpose()?;
        let of = service.as_of(query.as_of).await?;
        let (then, filter) = (of.then(), service.filter(&of, &query.q, &call.caller).await?);
        let counted = match &*facets {
            [] => None,
            facets => {
                let by = facets.iter().map(|(_, by)| *by).collect();
                let (_, tallies) = service.tally(of.clone(), filter.clone(), by).await?;
                Some(counts(facets.iter().map(|(name, _)| *name).zip(tallies)))
            }
        };
        let (offset, count) = (query.offset, query.limit);
        let list = Asked { scope: Scope::Everyone, filter, sort: sort.clone(), after, offset, count };
        let (sealing, current) = (service.clone(), call.caller.session());
        let read = move |rows: &Rows<'_>| {
            let end = rows.rows().last().filter(|_| rows.rows().len() == count);
            let next = end.map(|row| cursor::seal(&sealing, &name, &row.position(&sort)));
            write(&Page { rows, current, next: next.as_deref(), facets: counted.as_ref(), then })
        };
        Ok(Reply::Json(service.list_sessions(of, list, read).await?))
    }
}

/// `{"os":{"values":[{"value":"Linux","count":2}],"more":0}}`.
fn counts(tallies: impl Iterator<Item = (&'static str, Tally)>) -> Value {
    let each = tallies.map(|(name, Tally { values, more })| {
        let values: Vec<_> =
            values.iter().map(|(value, count)| json!({ "value": value, "count": count })).collect();
        (name.to_owned(), json!({ "values": values, "more": more }))
    });
    Value::Object(each.collect::<Map<_, _>>())
}
