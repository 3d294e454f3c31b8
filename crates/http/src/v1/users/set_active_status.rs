//! `POST users.setActiveStatus`: lets a user sign in, or no more.

use super::TEXT;
use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Unknown, Values, Whatever, optional, required};
use crate::refusal::Refusal;
use crate::v1::success::Success;
use crate::v1::user_wire::Showing;
use rollcall_model::{Permission, UserChange};
use rollcall_service::{Principal, Refusal as Outcome, UserUpdate};
use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint.
pub struct SetActiveStatus;

impl Endpoint for SetActiveStatus {
    const ROUTES: &'static [Route] = &[post("/api/v1/users.setActiveStatus")];
    const SUMMARY: &'static str = "Activate a user, or deactivate it and end its sessions";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::AnyOf(
            &[Permission::EditOtherUserActiveStatus, Permission::ManageModerationActions],
            DeniedAs::Forbidden,
        ),
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Whatever;
    type Body = StatusBody;
    type Answer = Json<Success<Showing<UserStatus>>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let StatusBody { user_id, active } = call.body;
        let update = UserUpdate { change: UserChange::of_active(active), ..UserUpdate::default() };
        call.service.update_user(&call.caller, &user_id, update).await.map_err(|refusal| match refusal {
            Outcome::NoSuchUser => Refusal::UserNotFound,
            other => other.into(),
        })?;
        Json::of(&Success::with(Showing { user: UserStatus { id: user_id, active } }))
    }
}

/// How it is.
#[derive(Serialize, JsonSchema)]
pub struct UserStatus {
    #[serde(rename = "_id")]
    id: String,
    active: bool,
}

/// Whom, and how it is to be.
pub struct StatusBody {
    user_id: String,
    active: bool,
}

impl Input for StatusBody {
    const FIELDS: &'static [Field] = &[
        required("userId", TEXT).meaning("Whom."),
        required("activeStatus", Kind::Boolean).meaning("Whether it may sign in."),
        optional("confirmRelinquish", Kind::Boolean).meaning("Taken and not used."),
    ];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(mut values: Values) -> Self {
        let user_id = values.text("userId").unwrap_or_default();
        Self { user_id, active: values.boolean("activeStatus").unwrap_or(false) }
    }
}
