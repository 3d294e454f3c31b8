//! `POST revocations`: ends what a preview froze, once. The code is asked for anew, whatever is remembered: it is for
//! this act alone.

use super::receipt::Receipt;
use crate::answer::{Json, Work};
use crate::endpoint::{DeniedAs, Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, post};
use crate::guard::Call;
use crate::input::{Field, Input, Kind, Nothing, Unknown, Values, required};
use crate::refusal::Refusal;
use data_encoding::HEXLOWER_PERMISSIVE;
use rollcall_model::revocation::SetDigest;
use rollcall_model::{Permission, limits};
use rollcall_service::{AnyPrincipal, Refusal as Outcome, RevocationRefusal};

/// The endpoint.
pub struct Execute;

impl Endpoint for Execute {
    const ROUTES: &'static [Route] = &[post("/api/v2/revocations")];
    const SUMMARY: &'static str = "End the sessions that a preview froze";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Permission(Permission::LogoutDeviceManagement, DeniedAs::Forbidden),
        of_target: &[],
        rate: Rate::Principal,
        step_up: StepUp::Always,
        without_factor: WithoutFactor::Refused,
        record: Record::Nothing,
    };
    type Caller = AnyPrincipal;
    type Query = Nothing;
    type Body = Request;
    type Answer = Work<Receipt<'static>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let Request { preview, digest, reason } = call.body;
        // What is no digest is none of the preview.
        let digest =
            HEXLOWER_PERMISSIVE.decode(digest.as_bytes()).ok().and_then(|digest| digest.try_into().ok());
        let digest = digest.map(SetDigest).ok_or(Outcome::from(RevocationRefusal::OtherDigest))?;
        let kept = call.service.revoke_by_filter(&call.caller, &preview, digest, reason).await?;
        let told = Json::of(&Receipt::from(&kept))?;
        Ok(if kept.revocation.finished.is_some() { Work::Finished(told) } else { Work::UnderWay(told) })
    }
}

/// Which preview, and why.
pub struct Request {
    preview: String,
    digest: String,
    reason: String,
}

impl Input for Request {
    const FIELDS: &'static [Field] = &[
        required("preview", Kind::Text(limits::TEXT_CHARS)).meaning("The preview's id."),
        required("digest", Kind::Text(limits::TEXT_CHARS)).meaning("Its digest: which set was looked at."),
        required("reason", Kind::Text(limits::TEXT_CHARS)).meaning("Why, for the record."),
    ];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        let mut text = |name| values.text(name).unwrap_or_default();
        Self { preview: text("preview"), digest: text("digest"), reason: text("reason") }
    }
}
