//! `POST me/password`: another password for the present one. The caller's other sessions end.

use crate::answer::Done;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Nothing, Unknown, Values, required};
use crate::refusal::Refusal;
use rollcall_model::limits;
use rollcall_service::{Password, Principal};

/// The endpoint.
pub struct ChangePassword;

impl Endpoint for ChangePassword {
    const ROUTES: &'static [Route] = &[post("/api/v2/me/password")];
    const SUMMARY: &'static str = "Change the caller's password, and end its other sessions";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::Required,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Nothing;
    type Body = PasswordBody;
    type Answer = Done;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let PasswordBody { current, new } = call.body;
        call.service.change_password(&call.caller, &call.client, &current, new).await?;
        Ok(Done)
    }
}

/// The present password, and the next.
pub struct PasswordBody {
    current: Password,
    new: Password,
}

impl Input for PasswordBody {
    const FIELDS: &'static [Field] = &[
        required("current_password", Kind::Text(limits::TEXT_CHARS)),
        required("new_password", Kind::Text(limits::TEXT_CHARS)),
    ];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        let mut password = |name| Password(values.text(name).unwrap_or_default());
        Self { current: password("current_password"), new: password("new_password") }
    }
}
