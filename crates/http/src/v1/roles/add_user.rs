//! `POST roles.addUserToRole`: gives a user a role.

use super::{Affected, RoleWire, TEXT};
use crate::answer::Json;
use crate::endpoint::{
    DeniedAs, Endpoint, Needs, OfTarget, Policy, Rate, Record, Route, StepUp, WithoutFactor, post,
};
use crate::guard::Call;
use crate::input::{Field, Input, Unknown, Values, Whatever, optional, required};
use crate::refusal::Refusal;
use crate::v1::success::Success;
use rollcall_model::{Permission, Role};
use rollcall_service::{Principal, Refusal as Outcome, RoleRefusal, UserReference};

/// The endpoint.
pub struct AddUserToRole;

impl Endpoint for AddUserToRole {
    const ROUTES: &'static [Route] = &[post("/api/v1/roles.addUserToRole")];
    const SUMMARY: &'static str = "Give a user a role";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(
            Permission::AccessPermissions,
            DeniedAs::ActionNotAllowed {
                sentence: "Accessing permissions is not allowed",
                method: "authorization:addUserToRole",
                action: "Accessing_permissions",
            },
        ),
        of_target: &[OfTarget {
            when: "`roleId` is admin",
            permission: Permission::AssignAdminRole,
            denied: DeniedAs::ActionNotAllowed {
                sentence: "Assigning admin is not allowed",
                method: "authorization:addUserToRole",
                action: "Assign_admin",
            },
            asks: |_, body| body.role_id == Role::Admin.as_str(),
        }],
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Whatever;
    type Body = AddBody;
    type Answer = Json<Success<Affected>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let AddBody { role_id, user, in_a_room } = call.body;
        // There are no rooms, so nobody is in one.
        if in_a_room {
            return Err(Outcome::Role(RoleRefusal::NoSuchUser).into());
        }
        let role = call.service.grant_role(&call.caller, user, &role_id).await?;
        let role = RoleWire::new(role, call.service.factor_required_of());
        Json::of(&Success::with(Affected { role }))
    }
}

/// Whom, and which role.
pub struct AddBody {
    role_id: String,
    user: UserReference,
    in_a_room: bool,
}

impl Input for AddBody {
    const FIELDS: &'static [Field] = &[
        required("roleId", TEXT).meaning("The id of a role."),
        optional("username", TEXT).meaning("Whom; or `userId`."),
        optional("userId", TEXT).meaning("Whom; or `username`."),
        optional("roomId", TEXT).meaning("Taken and not used."),
    ];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(mut values: Values) -> Self {
        let role_id = values.text("roleId").unwrap_or_default();
        let user = UserReference { user_id: values.text("userId"), username: values.text("username") };
        Self { role_id, user, in_a_room: values.text("roomId").is_some_and(|room| !room.is_empty()) }
    }
}
