//! `POST roles.removeUserFromRole`: takes a role from a user.

use super::{Affected, RoleWire, TEXT};
use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::{Field, Input, Unknown, Values, Whatever, optional, required};
use crate::refusal::Refusal;
use crate::v1::success::Success;
use rollcall_model::Permission;
use rollcall_service::{Principal, Refusal as Outcome, RoleRefusal, UserReference};

/// The endpoint.
pub struct RemoveUserFromRole;

impl Endpoint for RemoveUserFromRole {
    const ROUTES: &'static [Route] = &[post("/api/v1/roles.removeUserFromRole")];
    const SUMMARY: &'static str = "Take a role from a user";
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
    type Body = RemoveBody;
    type Answer = Json<Success<Affected>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let RemoveBody { role_id, user } = call.body;
        let role =
            call.service.revoke_role(&call.caller, user, &role_id).await.map_err(
                |refusal| match refusal {
                    Outcome::Role(RoleRefusal::NoSuchRole) => Refusal::RoleIdUnknown,
                    other => other.into(),
                },
            )?;
        let role = RoleWire::new(role, call.service.factor_required_of());
        Json::of(&Success::with(Affected { role }))
    }
}

/// From whom, and which role.
pub struct RemoveBody {
    role_id: String,
    user: UserReference,
}

impl Input for RemoveBody {
    const FIELDS: &'static [Field] = &[
        required("roleId", TEXT).meaning("The id of a role."),
        required("username", TEXT).meaning("Whom."),
        optional("scope", TEXT).meaning("Taken and not used."),
    ];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(mut values: Values) -> Self {
        let role_id = values.text("roleId").unwrap_or_default();
        Self { role_id, user: UserReference { user_id: None, username: values.text("username") } }
    }
}
