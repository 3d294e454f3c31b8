//! `PUT views/{name}`: saves a filter under a name.

use super::{NEEDS, SavedView};
use crate::answer::Json;
use crate::endpoint::{Endpoint, Policy, Rate, Record, Route, StepUp, WithoutFactor, put};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Nothing, Unknown, Values, optional};
use crate::refusal::{Place, Refusal};
use crate::v2::fields;
use crate::v2::sessions::sort_keys;
use rollcall_model::limits;
use rollcall_service::Principal;

/// The endpoint.
pub struct Put;

impl Endpoint for Put {
    const ROUTES: &'static [Route] = &[put("/api/v2/views/{name}")];
    const SUMMARY: &'static str = "Save a filter under a name";
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
    type Body = ViewBody;
    type Answer = Json<SavedView<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let (name, ViewBody { q, sort, shared }) = (call.path.get("name"), &call.body);
        if name.chars().count() > limits::VIEW_NAME_CHARS || name.contains('\0') {
            let fault = format!("a name has at most {} characters, and no NUL", limits::VIEW_NAME_CHARS);
            return Err(Refusal::Schema(Place::Path, vec![fault]));
        }
        sort_keys(sort)?;
        let view = call.service.put_view(&call.caller, name, q, sort, *shared).await?;
        Json::of(&SavedView::from(&view))
    }
}

/// What is saved.
pub struct ViewBody {
    q: String,
    sort: String,
    shared: bool,
}

impl Input for ViewBody {
    const FIELDS: &'static [Field] =
        &[fields::FILTER, fields::SORT, optional("shared", Kind::Boolean).meaning("Whether others see it.")];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        Self {
            q: values.text("q").unwrap_or_default(),
            sort: values.text("sort").unwrap_or_default(),
            shared: values.boolean("shared").unwrap_or(false),
        }
    }
}
