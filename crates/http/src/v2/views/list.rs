//! `GET views`: the caller's saved filters, and those that others share.

use super::{NEEDS, item};
use crate::endpoint::{Endpoint, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use rollcall_service::Principal;
use serde_json::json;

/// The endpoint.
pub struct List;

impl Endpoint for List {
    const ROUTES: &'static [Route] = &[get("/api/v2/views")];
    const SUMMARY: &'static str = "The caller's saved filters, and those that others share";
    const POLICY: Policy<Self> = Policy {
        needs: NEEDS,
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Nothing;
    type Body = Nothing;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let views = call.service.views(&call.caller).await?;
        let items = views.iter().map(|owned| {
            let mut item = item(&owned.view);
            item["own"] = json!(owned.user == call.caller.user());
            item["user"] = json!({ "id": owned.user_id.as_str(), "username": owned.username });
            item
        });
        Reply::json(&json!({ "items": items.collect::<Vec<_>>() }))
    }
}
