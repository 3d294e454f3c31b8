//! `POST permissions.update`: lets other roles hold permissions.

use super::wire;
use crate::endpoint::{
    DeniedAs, Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, post,
};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Raw, Unknown, Values, Whatever, required};
use crate::refusal::{Place, Refusal};
use rollcall_model::{Permission, Role, RoleSet};
use rollcall_service::Principal;
use serde::Deserialize;
use serde_json::{Value, json};

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

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let grants = call.body.0.iter().map(grant).collect::<Result<Vec<_>, _>>()?;
        call.service.set_grants(&call.caller, grants).await?;
        let rows = call.service.permissions().await?;
        Reply::json(&json!({ "permissions": wire(&rows), "success": true }))
    }
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
    const FIELDS: &'static [Field] = &[required("permissions", Kind::Objects)];
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
