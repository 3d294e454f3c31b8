//! The caller's authenticator and recovery codes: the five `2fa:*` methods.

use crate::answer::Json;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, call};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Nothing, Unknown, Values, Whatever, required};
use crate::refusal::Refusal;
use rollcall_model::limits;
use rollcall_service::{Principal, Refusal as Outcome};
use schemars::JsonSchema;
use serde::Serialize;

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
    type Answer = Json<Begun>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let seed = call.service.begin_authenticator(&call.caller).await?;
        let secret = seed.base32();
        // A username's characters stand in a URL as they are.
        let url = format!(
            "otpauth://totp/Rocket.Chat:{}?secret={secret}",
            call.service.owner(&call.caller)?.username
        );
        Json::of(&Begun { secret, url })
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
    type Answer = Json<Codes>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let codes = call.service.enrol_authenticator(&call.caller, &call.body.code).await?;
        Json::of(&Codes { codes })
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
    type Answer = Json<bool>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        match call.service.remove_factors(&call.caller, Some(&call.body.code)).await {
            Ok(()) => Json::of(&true),
            Err(Outcome::FactorNotEnrolled | Outcome::InvalidTotp) => Json::of(&false),
            Err(refusal) if refusal.is_wrong_code() => Json::of(&false),
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
    type Answer = Option<Json<Codes>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        match call.service.replace_recovery_codes(&call.caller, Some(&call.body.code)).await {
            Ok(codes) => Json::of(&Codes { codes }).map(Some),
            Err(refusal) if refusal.is_wrong_code() => Ok(None),
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
    type Answer = Json<CodesLeft>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let remaining = call.service.recovery_codes_left(&call.caller).await?;
        Json::of(&CodesLeft { remaining })
    }
}

/// An authenticator that is to be enrolled.
#[derive(Serialize, JsonSchema)]
pub struct Begun {
    /// In base32, to be typed.
    secret: String,
    /// The same as an `otpauth:` URL, to be scanned.
    url: String,
}

/// Recovery codes, shown this once.
#[derive(Serialize, JsonSchema)]
pub struct Codes {
    codes: Vec<String>,
}

/// How many recovery codes are left.
#[derive(Serialize, JsonSchema)]
pub struct CodesLeft {
    remaining: u32,
}

/// A code of the authenticator, or a recovery code.
pub struct CodeBody {
    code: String,
}

impl Input for CodeBody {
    const FIELDS: &'static [Field] = &[required("code", Kind::Text(limits::TEXT_CHARS))
        .meaning("What the authenticator shows, or a recovery code where one is left.")];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(mut values: Values) -> Self {
        Self { code: values.text("code").unwrap_or_default() }
    }
}
