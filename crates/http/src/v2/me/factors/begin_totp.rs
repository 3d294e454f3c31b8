//! `POST me/factors/totp`: begins an authenticator. It is asked for only when one of its codes has confirmed it. Whoever finds
//! a device unlocked must not enrol one of its own: the password is asked for, or a factor that is there.

use crate::answer::{Created, Json};
use crate::endpoint::{Endpoint, Policy, Route, StepUp, post};
use crate::guard::Call;
use crate::input::{Nothing, Whatever};
use crate::refusal::Refusal;
use crate::v2::me::policy;
use rollcall_service::Principal;
use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint.
pub struct BeginTotp;

impl Endpoint for BeginTotp {
    const ROUTES: &'static [Route] = &[post("/api/v2/me/factors/totp")];
    const SUMMARY: &'static str = "Begin an authenticator: its secret, to be shown to it";
    const POLICY: Policy<Self> = policy(StepUp::Required);
    type Caller = Principal;
    type Query = Nothing;
    type Body = Whatever;
    type Answer = Created<Begun>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let seed = call.service.begin_authenticator(&call.caller).await?;
        let (secret, username) = (seed.base32(), &call.service.owner(&call.caller)?.username);
        // A username's characters stand in a URI as they are.
        let uri = format!("otpauth://totp/Rollcall:{username}?secret={secret}&issuer=Rollcall");
        Ok(Created(Json::of(&Begun { secret, uri })?))
    }
}

/// An authenticator that is to be enrolled.
#[derive(Serialize, JsonSchema)]
pub struct Begun {
    /// In base32, to be typed.
    secret: String,
    /// The same as an `otpauth:` URI, to be scanned.
    uri: String,
}
