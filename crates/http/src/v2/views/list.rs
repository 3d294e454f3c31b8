//! `GET views`: the caller's saved filters, and those that others share.

use super::{NEEDS, SavedView};
use crate::answer::Json;
use crate::endpoint::{Endpoint, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use rollcall_service::Principal;
use schemars::JsonSchema;
use serde::Serialize;

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
    type Answer = Json<Views<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let views = call.service.views(&call.caller).await?;
        let items = views.iter().map(|owned| ListedView {
            view: SavedView::from(&owned.view),
            own: owned.user == call.caller.user(),
            user: ViewOwner { id: owned.user_id.as_str(), username: &owned.username },
        });
        Json::of(&Views { items: items.collect() })
    }
}

/// Saved filters.
#[derive(Serialize, JsonSchema)]
pub struct Views<'a> {
    items: Vec<ListedView<'a>>,
}

/// A saved filter, and whose it is.
#[derive(Serialize, JsonSchema)]
pub struct ListedView<'a> {
    #[serde(flatten)]
    view: SavedView<'a>,
    /// Whether it is the caller's own.
    own: bool,
    user: ViewOwner<'a>,
}

/// Whose a saved filter is.
#[derive(Serialize, JsonSchema)]
struct ViewOwner<'a> {
    id: &'a str,
    username: &'a str,
}
