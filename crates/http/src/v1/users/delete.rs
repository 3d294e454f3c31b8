//! `POST users.delete`: deletes a user and ends its sessions.

use super::TEXT;
use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Unknown, Values, Whatever, optional};
use crate::refusal::Refusal;
use crate::v1::success::Success;
use rollcall_model::Permission;
use rollcall_service::{Principal, UserReference};
use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint.
pub struct Delete;

impl Endpoint for Delete {
    const ROUTES: &'static [Route] = &[post("/api/v1/users.delete")];
    const SUMMARY: &'static str = "Delete a user and end its sessions";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::DeleteUser, DeniedAs::Unauthorized),
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Whatever;
    type Body = DeleteBody;
    type Answer = Json<Success<DeletedUser>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        call.service.delete_user(&call.caller, call.body.user).await?;
        Json::of(&Success::with(DeletedUser { deleted_rooms: [] }))
    }
}

/// What went with it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeletedUser {
    /// There are no rooms.
    deleted_rooms: [String; 0],
}

/// The parameters of `users.delete`.
pub struct DeleteBody {
    user: UserReference,
}

impl Input for DeleteBody {
    const FIELDS: &'static [Field] = &[
        optional("userId", TEXT).meaning("Whom; or `username`."),
        optional("username", TEXT).meaning("Whom; or `userId`."),
        optional("confirmRelinquish", Kind::Boolean).meaning("Taken and not used."),
    ];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(mut values: Values) -> Self {
        let (user_id, username) = (values.text("userId"), values.text("username"));
        Self { user: UserReference { user_id, username } }
    }
}
