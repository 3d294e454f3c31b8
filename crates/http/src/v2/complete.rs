//! `GET filter/complete`: what may be written next in a filter.

use crate::endpoint::{
    DeniedAs, Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, get,
};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Nothing, Unknown, Values, optional};
use crate::refusal::Refusal;
use rollcall_model::{Permission, limits};
use rollcall_service::Principal;
use serde_json::json;

/// The endpoint.
pub struct Complete;

impl Endpoint for Complete {
    const ROUTES: &'static [Route] = &[get("/api/v2/filter/complete")];
    const SUMMARY: &'static str = "What may be written next in a filter of sessions";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::ViewDeviceManagement, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Principal,
        // Values are names and devices of others, as lists show them.
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = CompleteQuery;
    type Body = Nothing;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let CompleteQuery { q, cursor } = &call.query;
        let cursor = cursor.unwrap_or(usize::MAX);
        let completed = call.service.complete_filter(q, cursor).await?;
        let completion = &completed.completion;
        let suggestions = completion.suggestions.iter();
        let suggestions = suggestions.map(|known| json!({ "text": known.text, "meaning": known.meaning }));
        let values = completed.values.iter().map(|(text, count)| json!({ "text": text, "count": count }));
        Reply::json(&json!({
            "replaces": { "from": completion.replaces.start, "to": completion.replaces.end },
            "suggestions": suggestions.collect::<Vec<_>>(),
            "values": values.collect::<Vec<_>>(),
            "more": completed.more,
        }))
    }
}

/// A filter, and behind how many of its characters the cursor stands; at its end when it is not said.
pub struct CompleteQuery {
    q: String,
    cursor: Option<usize>,
}

impl Input for CompleteQuery {
    const FIELDS: &'static [Field] =
        &[optional("q", Kind::Text(limits::FILTER_TREE_CHARS)), optional("cursor", Kind::Number)];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        Self { q: values.text("q").unwrap_or_default(), cursor: values.number("cursor") }
    }
}
