//! `POST me/factors/totp/confirm`: enrols the authenticator that was begun, by one of its codes.

use super::RecoveryCodes;
use crate::answer::Json;
use crate::endpoint::{Endpoint, Policy, Route, StepUp, post};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use crate::v2::me::code_body::CodeBody;
use crate::v2::me::policy;
use rollcall_service::Principal;

/// The endpoint.
pub struct ConfirmTotp;

impl Endpoint for ConfirmTotp {
    const ROUTES: &'static [Route] = &[post("/api/v2/me/factors/totp/confirm")];
    const SUMMARY: &'static str =
        "Enrol the authenticator by its first code, and end the caller's other sessions";
    const POLICY: Policy<Self> = policy(StepUp::No);
    type Caller = Principal;
    type Query = Nothing;
    type Body = CodeBody;
    type Answer = Json<RecoveryCodes>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let recovery_codes = call.service.enrol_authenticator(&call.caller, &call.body.code).await?;
        Json::of(&RecoveryCodes { recovery_codes })
    }
}
