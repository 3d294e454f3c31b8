//! `GET revocations/{id}`: what became of a preview. It shows no session, so no second factor is asked for.

use super::receipt::Receipt;
use crate::answer::Json;
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Nothing;
use crate::refusal::Refusal;
use rollcall_model::Permission;
use rollcall_service::AnyPrincipal;

/// The endpoint.
pub struct Show;

impl Endpoint for Show {
    const ROUTES: &'static [Route] = &[get("/api/v2/revocations/{id}")];
    const SUMMARY: &'static str = "What became of a preview, whoever's";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::LogoutDeviceManagement, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = AnyPrincipal;
    type Query = Nothing;
    type Body = Nothing;
    type Answer = Json<Receipt<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let kept = call.service.revocation(call.path.get("id")).await?;
        Json::of(&Receipt::from(&kept))
    }
}
