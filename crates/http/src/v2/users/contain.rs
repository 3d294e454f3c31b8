//! `POST users/{id}/contain`: deactivates a user and ends all that it has, in one commit; the answer is a receipt that can be
//! held against the ledger.

use crate::endpoint::{
    DeniedAs, Endpoint, Needs, OfTarget, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, post,
};
use crate::guard::Call;
use crate::input::{Nothing, Whatever};
use crate::refusal::Refusal;
use rollcall_model::Permission;
use rollcall_service::Principal;
use serde_json::json;

/// The endpoint.
pub struct Contain;

impl Endpoint for Contain {
    const ROUTES: &'static [Route] = &[post("/api/v2/users/{id}/contain")];
    const SUMMARY: &'static str = "Deactivate a user, and end its sessions and personal tokens";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::AnyOf(
            &[Permission::EditOtherUserActiveStatus, Permission::ManageModerationActions],
            DeniedAs::Forbidden,
        ),
        of_target: &[OfTarget {
            when: "sessions end, as they always do",
            permission: Permission::LogoutDeviceManagement,
            denied: DeniedAs::Forbidden,
            asks: |_, _| true,
        }],
        rate: Rate::Principal,
        step_up: StepUp::Always,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Nothing;
    type Body = Whatever;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let done = call.service.contain_user(&call.caller, call.path.get("id")).await?;
        let (seq, hash) = &done.head;
        Reply::json(&json!({
            "at": done.at.to_string(),
            "sessions_ended": done.sessions_ended,
            "tokens_ended": done.tokens_ended,
            "ledger": done.events.map(|(first, last)| json!({ "first": first.0, "last": last.0 })),
            "head": { "seq": seq.0, "hash": hash },
        }))
    }
}
