//! `GET permissions.listAll`: all permissions, or those that changed since.

use super::PermissionWire;
use crate::answer::Json;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Unknown, Values, Whatever, optional};
use crate::refusal::Refusal;
use crate::v1::success::Success;
use rollcall_model::{Timestamp, limits};
use rollcall_service::Principal;
use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint.
pub struct ListAll;

impl Endpoint for ListAll {
    const ROUTES: &'static [Route] = &[get("/api/v1/permissions.listAll")];
    const SUMMARY: &'static str = "All permissions with the roles that hold them";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = ListAllQuery;
    type Body = Whatever;
    type Answer = Json<Success<Changes>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let since = match call.query.updated_since.as_deref() {
            None => Timestamp::from_ms(i64::MIN),
            Some(text) => Timestamp::parse(text).ok_or(Refusal::NoDate)?,
        };
        let rows = call.service.permissions().await?;
        let update = rows.iter().filter(|row| row.updated_at > since).map(PermissionWire::from).collect();
        Json::of(&Success::with(Changes { update, remove: [] }))
    }
}

/// What is as it is now.
#[derive(Serialize, JsonSchema)]
pub struct Changes {
    update: Vec<PermissionWire>,
    /// Permissions stay.
    remove: [PermissionWire; 0],
}

/// The parameters.
pub struct ListAllQuery {
    updated_since: Option<String>,
}

impl Input for ListAllQuery {
    const FIELDS: &'static [Field] = &[optional("updatedSince", Kind::Text(limits::TEXT_CHARS))
        .meaning("Only what was changed after this date.")];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(mut values: Values) -> Self {
        Self { updated_since: values.text("updatedSince").filter(|text| !text.is_empty()) }
    }
}
