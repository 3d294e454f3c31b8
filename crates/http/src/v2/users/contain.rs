//! `POST users/{id}/contain`: deactivates a user and ends all that it has, in one commit; the answer is a receipt that can be
//! held against the ledger.

use crate::answer::Json;
use crate::endpoint::{
    DeniedAs, Endpoint, Needs, OfTarget, Policy, Rate, Record, Route, StepUp, WithoutFactor, post,
};
use crate::guard::Call;
use crate::input::{Nothing, Whatever};
use crate::refusal::Refusal;
use crate::time::Time;
use rollcall_model::Permission;
use rollcall_service::Principal;
use schemars::JsonSchema;
use serde::Serialize;

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
    type Answer = Json<Containment>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let done = call.service.contain_user(&call.caller, call.path.get("id")).await?;
        let (seq, hash) = done.head;
        Json::of(&Containment {
            at: Time(done.at),
            sessions_ended: done.sessions_ended,
            tokens_ended: done.tokens_ended,
            ledger: done.events.map(|(first, last)| LedgerStretch { first: first.0, last: last.0 }),
            head: LedgerHead { seq: seq.0, hash },
        })
    }
}

/// The receipt of a containment.
#[derive(Serialize, JsonSchema)]
pub struct Containment {
    /// When it was committed.
    at: Time,
    sessions_ended: usize,
    /// Personal access tokens.
    tokens_ended: usize,
    /// The events that it made; null when there was nothing to do.
    ledger: Option<LedgerStretch>,
    head: LedgerHead,
}

/// A stretch of the ledger, by the numbers of its first and last event.
#[derive(Serialize, JsonSchema)]
struct LedgerStretch {
    first: u64,
    last: u64,
}

/// Where the ledger ends: what `rollcall audit verify --expect SEQ:HASH` takes.
#[derive(Serialize, JsonSchema)]
struct LedgerHead {
    seq: u64,
    hash: String,
}
