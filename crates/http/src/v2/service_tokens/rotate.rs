//! `POST service-tokens/{id}/rotate`: another secret, shown this once; the one of before stays good for a while.

use super::{EXPIRES_AT, EXPIRES_IN, ExpiryFields, IssuedServiceToken, NEEDS, TEXT, number, time};
use crate::answer::Json;
use crate::endpoint::{Endpoint, Policy, Rate, Record, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::{Field, Input, Nothing, Unknown, Values, optional};
use crate::refusal::Refusal;
use rollcall_service::Principal;

/// The endpoint.
pub struct Rotate;

impl Endpoint for Rotate {
    const ROUTES: &'static [Route] = &[post("/api/v2/service-tokens/{id}/rotate")];
    const SUMMARY: &'static str = "Give a service token another secret";
    const POLICY: Policy<Self> = Policy {
        needs: NEEDS,
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::Always,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = Principal;
    type Query = Nothing;
    type Body = Request;
    type Answer = Json<IssuedServiceToken<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let no = number(call.path.get("id"))?;
        let overlap = |text: &String| time(text, "`overlap` is a time such as 24h, or 0m for none.");
        let overlap = call.body.overlap.as_ref().map(overlap).transpose()?;
        let expiry = call.body.expiry.expiry()?;
        let issued = call.service.rotate_service_token(&call.caller, no, overlap, expiry).await?;
        Json::of(&IssuedServiceToken::of(&issued, call.service.now()))
    }
}

/// How the secrets follow one another.
pub struct Request {
    overlap: Option<String>,
    expiry: ExpiryFields,
}

impl Input for Request {
    const FIELDS: &'static [Field] = &[
        optional("overlap", TEXT).meaning("How long the secret of before stays good."),
        EXPIRES_IN,
        EXPIRES_AT,
    ];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        Self { overlap: values.text("overlap"), expiry: ExpiryFields::read(&mut values) }
    }
}
