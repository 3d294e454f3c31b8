//! `POST me/factors/recovery-codes`: other recovery codes, by a code of the authenticator or one of the old ones.

use super::RecoveryCodes;
use crate::answer::Json;
use crate::endpoint::{Endpoint, Policy, Route, StepUp, post};
use crate::guard::Call;
use crate::input::{Nothing, Whatever};
use crate::refusal::Refusal;
use crate::v2::me::policy;
use rollcall_service::Principal;

/// The endpoint.
pub struct ReplaceRecoveryCodes;

impl Endpoint for ReplaceRecoveryCodes {
    const ROUTES: &'static [Route] = &[post("/api/v2/me/factors/recovery-codes")];
    const SUMMARY: &'static str = "Replace the recovery codes, by a code of the authenticator or an old one";
    const POLICY: Policy<Self> = policy(StepUp::Within);
    type Caller = Principal;
    type Query = Nothing;
    type Body = Whatever;
    type Answer = Json<RecoveryCodes>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let recovery_codes = call.service.replace_recovery_codes(&call.caller, call.code.given()).await?;
        Json::of(&RecoveryCodes { recovery_codes })
    }
}
