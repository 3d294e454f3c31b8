//! The caller's authenticator and recovery codes: the five `2fa:*` methods.

use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, call};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Nothing, Unknown, Values, Whatever, required};
use crate::refusal::Refusal;
use rollcall_model::limits;
use rollcall_service::{Principal, Refusal as Outcome};
use serde_json::json;

/// All five are declared alike: anybody may manage the own factors, codes are asked for as parameters.
const fn policy<E: Endpoint>() -> Policy<E> {
    Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Uncounted,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Allowed,
        record: Record::Nothing,
    }
}

/// `2fa:enable`.
pub struct Enable;

impl Endpoint for Enable {
    const ROUTES: &'static [Route] = &[call("2fa:enable")];
    const SUMMARY: &'static str = "Begin an authenticator: its secret, to be shown to it";
    const POLICY: Policy<Self> = policy();
    type Caller = Principal;
    type Query = Whatever;
    type Body = Nothing;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let seed = call.service.begin_authenticator(&call.caller).await?;
        let secret = seed.base32();
        // A username's characters stand in a URL as they are.
        let url = format!(
            "otpauth://totp/Rocket.Chat:{}?secret={secret}",
            call.service.owner(&call.caller)?.username
        );
        Reply::json(&json!({ "secret": secret, "url": url }))
    }
}

/// `2fa:validateTempToken`.
pub struct ValidateTempToken;

impl Endpoint for ValidateTempToken {
    const ROUTES: &'static [Route] = &[call("2fa:validateTempToken")];
    const SUMMARY: &'static str =
        "Enrol the authenticator by its first code, and end the caller's other sessions";
    const POLICY: Policy<Self> = policy();
    type Caller = Principal;
    type Query = Whatever;
    type Body = CodeBody;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let codes = call.service.enrol_authenticator(&call.caller, &call.body.code).await?;
        Reply::json(&json!({ "codes": codes }))
    }
}

/// `2fa:disable`.
pub struct Disable;

impl Endpoint for Disable {
    const ROUTES: &'static [Route] = &[call("2fa:disable")];
    const SUMMARY: &'static str = "Remove the authenticator and its recovery codes";
    const POLICY: Policy<Self> = policy();
    type Caller = Principal;
    type Query = Whatever;
    type Body = CodeBody;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        match call.service.remove_factors(&call.caller, Some(&call.body.code)).await {
            Ok(()) => Reply::json(&true),
            Err(Outcome::FactorNotEnrolled | Outcome::InvalidTotp) => Reply::json(&false),
            Err(refusal) if refusal.is_wrong_code() => Reply::json(&false),
            Err(refusal) => Err(refusal.into()),
        }
    }
}

/// `2fa:regenerateCodes`.
pub struct RegenerateCodes;

impl Endpoint for RegenerateCodes {
    const ROUTES: &'static [Route] = &[call("2fa:regenerateCodes")];
    const SUMMARY: &'static str = "Replace the recovery codes";
    const POLICY: Policy<Self> = policy();
    type Caller = Principal;
    type Query = Whatever;
    type Body = CodeBody;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        match call.service.replace_recovery_codes(&call.caller, Some(&call.body.code)).await {
            Ok(codes) => Reply::json(&json!({ "codes": codes })),
            Err(refusal) if refusal.is_wrong_code() => Ok(Reply::nothing()),
            Err(refusal) => Err(refusal.into()),
        }
    }
}

/// `2fa:checkCodesRemaining`.
pub struct CheckCodesRemaining;

impl Endpoint for CheckCodesRemaining {
    const ROUTES: &'static [Route] = &[call("2fa:checkCodesRemaining")];
    const SUMMARY: &'static str = "How many recovery codes are left";
    const POLICY: Policy<Self> = policy();
    type Caller = Principal;
    type Query = Whatever;
    type Body = Nothing;

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let remaining = call.service.recovery_codes_left(&call.caller).await?;
        Reply::json(&json!({ "remaining": remaining }))
    }
}

/// A code of the authenticator, or a recovery code.
pub struct CodeBody {
    code: String,
}

impl Input for CodeBody {
    const FIELDS: &'static [Field] = &[required("code", Kind::Text(limits::TEXT_CHARS))];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(mut values: Values) -> Self {
        Self { code: values.text("code").unwrap_or_default() }
    }
}
