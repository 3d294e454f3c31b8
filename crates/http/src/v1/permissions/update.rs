//! `POST permissions.update`: lets other roles hold permissions.

use super::PermissionWire;
use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Raw, Unknown, Values, Whatever, required};
use crate::refusal::{Place, Refusal};
use crate::v1::success::Success;
use rollcall_model::{Permission, Role, RoleSet};
use rollcall_service::Principal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The endpoint.
pub struct Update;

impl Endpoint for Update {
    const ROUTES: &'static [Route] = &[post("/api/v1/permissions.update")];
    const SUMMARY: &'static str = "Let other roles hold permissions, all of them or none";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::AccessPermissions, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Whatever;
    type Body = UpdateBody;
    type Answer = Json<Success<Permissions>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let grants = call.body.0.iter().map(grant).collect::<Result<Vec<_>, _>>()?;
        call.service.set_grants(&call.caller, grants).await?;
        let rows = call.service.permissions().await?;
        let permissions = rows.iter().map(PermissionWire::from).collect();
        Json::of(&Success::with(Permissions { permissions }))
    }
}

/// All of them, as they are now.
#[derive(Serialize, JsonSchema)]
pub struct Permissions {
    permissions: Vec<PermissionWire>,
}

fn grant(change: &Change) -> Result<(Permission, RoleSet), Refusal> {
    let permission = Permission::parse(&change.id).ok_or(Refusal::NoSuchPermission)?;
    let roles = change.roles.iter().map(|role| Role::parse(role).ok_or(Refusal::NoSuchRole));
    Ok((permission, roles.collect::<Result<_, _>>()?))
}

/// A permission and its roles, as given.
#[derive(Deserialize)]
struct Change {
    #[serde(rename = "_id")]
    id: String,
    roles: Vec<String>,
}

impl Change {
    fn of(given: Value) -> Result<Self, &'static str> {
        let change: Self =
            serde_json::from_value(given).map_err(|_| "must have the properties '_id' and 'roles'")?;
        let doubled = change.roles.iter().enumerate().any(|(i, role)| change.roles[..i].contains(role));
        if doubled { Err("must NOT have duplicate items") } else { Ok(change) }
    }
}

/// The changes.
pub struct UpdateBody(Vec<Change>);

impl Input for UpdateBody {
    const FIELDS: &'static [Field] = &[required("permissions", Kind::Objects)
        .meaning("Each `{_id, roles}`: the roles that hold this permission from now on.")];
    const UNKNOWN: Unknown = Unknown::Ignored;

    // A change's own form is more than a declared type says: it is refused here.
    fn decode(raw: Raw<'_>) -> Result<Self, Refusal> {
        let given = raw.values(Self::FIELDS, Self::UNKNOWN)?.objects("permissions").unwrap_or_default();
        let changes = given.into_iter().map(Change::of).collect::<Result<_, _>>();
        changes.map(Self).map_err(|fault| Refusal::Schema(Place::Body, vec![fault.into()]))
    }

    // `decode` doesn't come by here. Changes nothing, rather than a part of what was asked.
    fn read(_values: Values) -> Self {
        Self(Vec::new())
    }
}
