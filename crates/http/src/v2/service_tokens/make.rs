//! `POST service-tokens`: makes one, and shows its secret this once.

use super::{EXPIRES_AT, EXPIRES_IN, ExpiryFields, IssuedServiceToken, NEEDS, networks, scopes};
use crate::answer::{Created, Json};
use crate::endpoint::{Endpoint, Policy, Rate, Record, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Nothing, Unknown, Values, optional, required};
use crate::refusal::Refusal;
use rollcall_model::limits;
use rollcall_service::{Principal, ServiceTokenRequest};

/// The endpoint.
pub struct Make;

impl Endpoint for Make {
    const ROUTES: &'static [Route] = &[post("/api/v2/service-tokens")];
    const SUMMARY: &'static str = "Make a service token";
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
    type Answer = Created<IssuedServiceToken<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let Request { name, scopes: opened, networks: from, expiry } = call.body;
        let request = ServiceTokenRequest {
            name,
            scopes: scopes(opened)?,
            networks: networks(from)?,
            expiry: expiry.expiry()?,
        };
        let issued = call.service.make_service_token(&call.caller, request).await?;
        Json::of(&IssuedServiceToken::of(&issued, call.service.now())).map(Created)
    }
}

/// What is to be made.
pub struct Request {
    name: String,
    scopes: Vec<String>,
    networks: Vec<String>,
    expiry: ExpiryFields,
}

impl Input for Request {
    const FIELDS: &'static [Field] = &[
        required("name", Kind::Text(limits::SERVICE_NAME_CHARS)).meaning("What it is for."),
        required("scopes", Kind::List).meaning("The permissions that it holds."),
        optional("networks", Kind::List).meaning("From where alone it is good: `192.0.2.0/24`."),
        EXPIRES_IN,
        EXPIRES_AT,
    ];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        Self {
            name: values.text("name").unwrap_or_default(),
            scopes: values.list("scopes").unwrap_or_default(),
            networks: values.list("networks").unwrap_or_default(),
            expiry: ExpiryFields::read(&mut values),
        }
    }
}
