//! The caller's factor by mail: `users.2fa.enableEmail`, `users.2fa.disableEmail`, `users.2fa.sendEmailCode`.

use crate::answer::Json;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Unknown, Values, Whatever, optional};
use crate::refusal::Refusal;
use crate::v1::success::{Nothing as NoFields, Success};
use rollcall_model::limits;
use rollcall_service::Principal;

/// All three are for anybody, whatever factor there is; only the step-up differs.
const fn policy<E: Endpoint>(step_up: StepUp) -> Policy<E> {
    Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Default,
        step_up,
        without_factor: WithoutFactor::Allowed,
        record: Record::Nothing,
    }
}

/// `users.2fa.enableEmail`.
pub struct EnableEmail;

impl Endpoint for EnableEmail {
    const ROUTES: &'static [Route] = &[post("/api/v1/users.2fa.enableEmail")];
    const SUMMARY: &'static str = "Have codes by mail asked for, and end the caller's other sessions";
    const POLICY: Policy<Self> = policy(StepUp::No);
    type Caller = Principal;
    type Query = Whatever;
    type Body = Whatever;
    type Answer = Json<Success<NoFields>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        call.service.enrol_mail(&call.caller).await?;
        Json::of(&Success::DONE)
    }
}

/// `users.2fa.disableEmail`.
pub struct DisableEmail;

impl Endpoint for DisableEmail {
    const ROUTES: &'static [Route] = &[post("/api/v1/users.2fa.disableEmail")];
    const SUMMARY: &'static str = "Have codes by mail asked for no more";
    const POLICY: Policy<Self> = policy(StepUp::Always);
    type Caller = Principal;
    type Query = Whatever;
    type Body = Whatever;
    type Answer = Json<Success<NoFields>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        call.service.remove_mail(&call.caller).await?;
        Json::of(&Success::DONE)
    }
}

/// `users.2fa.sendEmailCode`.
pub struct SendEmailCode;

impl Endpoint for SendEmailCode {
    const ROUTES: &'static [Route] = &[post("/api/v1/users.2fa.sendEmailCode")];
    const SUMMARY: &'static str = "Mail a code to the caller, or to the user of that name";
    const POLICY: Policy<Self> = policy(StepUp::No);
    type Caller = Option<Principal>;
    type Query = Whatever;
    type Body = SendBody;
    type Answer = Json<Success<NoFields>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let name = call.body.name.ok_or(Refusal::NobodyToMail)?;
        call.service.mail_code(call.caller.as_ref(), &name, &call.client).await?;
        Json::of(&Success::DONE)
    }
}

/// Whom to mail to.
pub struct SendBody {
    name: Option<String>,
}

impl Input for SendBody {
    // One that is missing has a sentence of its own.
    const FIELDS: &'static [Field] = &[optional("emailOrUsername", Kind::Text(limits::TEXT_CHARS))
        .meaning("Whom, by username or address; without it the call is refused.")];
    const UNKNOWN: Unknown = Unknown::Ignored;

    fn read(mut values: Values) -> Self {
        Self { name: values.text("emailOrUsername").filter(|name| !name.is_empty()) }
    }
}
