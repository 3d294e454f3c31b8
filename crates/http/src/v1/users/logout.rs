//! `POST users.logout`: ends all sessions of a user, by default the caller's.

use super::TEXT;
use crate::answer::Json;
use crate::endpoint::{
    DeniedAs, Endpoint, Needs, OfTarget, Policy, Rate, Record, Route, StepUp, WithoutFactor, post,
};
use crate::guard::Call;
use crate::input::{Field, Input, Unknown, Values, Whatever, optional};
use crate::refusal::Refusal;
use crate::v1::success::Success;
use rollcall_model::Permission;
use rollcall_service::{Principal, Refusal as Outcome};
use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint.
pub struct Logout;

impl Endpoint for Logout {
    const ROUTES: &'static [Route] = &[post("/api/v1/users.logout")];
    const SUMMARY: &'static str = "End all sessions of a user";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[OfTarget {
            when: "`userId` is another's",
            permission: Permission::LogoutOtherUser,
            denied: DeniedAs::Unauthorized,
            asks: |caller, body| body.user_id.as_deref().is_some_and(|id| id != caller.user_id().as_str()),
        }],
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Whatever;
    type Body = LogoutBody;
    type Answer = Json<Success<Told>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let id = call.body.user_id.unwrap_or_else(|| call.caller.user_id().to_string());
        call.service.end_sessions_of(&call.caller, &id).await.map_err(|refusal| match refusal {
            Outcome::NoSuchUser => Refusal::UserIdUnknown,
            other => other.into(),
        })?;
        Json::of(&Success::with(Told { message: format!("User {id} has been logged out!") }))
    }
}

/// That it is done, in a sentence.
#[derive(Serialize, JsonSchema)]
pub struct Told {
    message: String,
}

/// Whom.
pub struct LogoutBody {
    user_id: Option<String>,
}

impl Input for LogoutBody {
    const FIELDS: &'static [Field] =
        &[optional("userId", TEXT).meaning("Whose sessions end; nothing for the own ones.")];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(mut values: Values) -> Self {
        Self { user_id: values.text("userId").filter(|id| !id.is_empty()) }
    }
}
