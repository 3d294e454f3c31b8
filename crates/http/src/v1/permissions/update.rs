//! `POST permissions.update`: lets other roles hold permissions.

use super::wire;
use crate::endpoint::{
    DeniedAs, Endpoint, Needs, OfTarget, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, post,
};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Unknown, Values, Whatever, required};
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
        of_target: OfTarget::Nothing,
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Whatever;
    type Body = UpdateBody;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let grants = call.body.0.into_iter().map(grant).collect::<Result<Vec<_>, _>>()?;
        call.service.set_grants(&call.caller, grants).await?;
        let rows = call.service.permissions().await?;
        Reply::json(&json!({ "permissions": wire(&rows), "success": true }))
    }
}

fn grant(change: Value) -> Result<(Permission, RoleSet), Refusal> {
    let refused = |fault: &str| Refusal::Schema(Place::Body, vec![fault.into()]);
    let change: Change =
        serde_json::from_value(change).map_err(|_| refused("must have the properties '_id' and 'roles'"))?;
    let permission = Permission::parse(&change.id).ok_or(Refusal::NoSuchPermission)?;
    let doubled = change.roles.iter().enumerate().any(|(i, role)| change.roles[..i].contains(role));
    if doubled {
        return Err(refused("must NOT have duplicate items"));
    }
    let roles = change.roles.iter().map(|role| Role::parse(role).ok_or(Refusal::NoSuchRole));
    Ok((permission, roles.collect::<Result<_, _>>()?))
}

#[derive(Deserialize)]
struct Change {
    #[serde(rename = "_id")]
    id: String,
    roles: Vec<String>,
}

/// The changes, each a permission and its roles.
pub struct UpdateBody(Vec<Value>);

impl Input for UpdateBody {
    const FIELDS: &'static [Field] = &[required("permissions", Kind::Objects)];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(mut values: Values) -> Self {
        Self(values.objects("permissions").unwrap_or_default())
    }
}
