//! `POST users.logout`: ends all sessions of a user, by default the caller's.

use super::TEXT;
use crate::endpoint::{
    DeniedAs, Endpoint, Needs, OfTarget, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, post,
};
use crate::guard::Call;
use crate::input::{Field, Input, Unknown, Values, Whatever, optional};
use crate::refusal::Refusal;
use rollcall_model::Permission;
use rollcall_service::{Principal, Refusal as Outcome};
use serde_json::json;

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

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let id = call.body.user_id.unwrap_or_else(|| call.caller.user_id().to_string());
        call.service.end_sessions_of(&call.caller, &id).await.map_err(|refusal| match refusal {
            Outcome::NoSuchUser => Refusal::UserIdUnknown,
            other => other.into(),
        })?;
        Reply::json(&json!({ "message": format!("User {id} has been logged out!"), "success": true }))
    }
}

/// Whom.
pub struct LogoutBody {
    user_id: Option<String>,
}

impl Input for LogoutBody {
    const FIELDS: &'static [Field] = &[optional("userId", TEXT)];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(mut values: Values) -> Self {
        Self { user_id: values.text("userId").filter(|id| !id.is_empty()) }
    }
}
