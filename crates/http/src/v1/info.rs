//! `GET info`: which server this says to be.

use crate::answer::Json;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Whatever;
use crate::refusal::Refusal;
use crate::v1::success::Success;
use rollcall_model::Permission;
use rollcall_service::Principal;
use schemars::JsonSchema;
use serde::Serialize;

/// The endpoint. One published client asks for it outside `/api/v1`.
pub struct Info;

/// The version whose API is spoken, as clients compare it, and in full.
const VERSION: (&str, &str) = ("8.8", "8.8.1");

impl Endpoint for Info {
    const ROUTES: &'static [Route] = &[get("/api/v1/info"), get("/api/info")];
    const SUMMARY: &'static str = "The version that is spoken; in full to holders of view-statistics";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Default,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Allowed,
        record: Record::Nothing,
    };
    type Caller = Option<Principal>;
    type Query = Whatever;
    type Body = Whatever;
    type Answer = Json<Success<About>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let trusted = call
            .caller
            .as_ref()
            .is_some_and(|principal| call.service.permits(principal, Permission::ViewStatistics));
        let (short, full) = VERSION;
        Json::of(&Success::with(About {
            version: if trusted { full } else { short },
            minimum_client_versions: ClientVersions { desktop: "3.0.0", mobile: "4.0.0" },
            info: trusted.then_some(FullVersion { version: full }),
        }))
    }
}

/// Which server this says to be.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct About {
    version: &'static str,
    minimum_client_versions: ClientVersions,
    /// For holders of `view-statistics`.
    #[serde(skip_serializing_if = "Option::is_none")]
    info: Option<FullVersion>,
}

#[derive(Serialize, JsonSchema)]
struct ClientVersions {
    desktop: &'static str,
    mobile: &'static str,
}

#[derive(Serialize, JsonSchema)]
struct FullVersion {
    version: &'static str,
}
