//! `GET info`: which server this says to be.

use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Reply, Route, StepUp, WithoutFactor, get};
use crate::guard::Call;
use crate::input::Whatever;
use crate::refusal::Refusal;
use rollcall_model::Permission;
use rollcall_service::Principal;
use serde_json::json;

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

    async fn act(call: Call<Self>) -> Result<Reply, Refusal> {
        let trusted = call
            .caller
            .as_ref()
            .is_some_and(|principal| call.service.permits(principal, Permission::ViewStatistics));
        let clients = json!({ "desktop": "3.0.0", "mobile": "4.0.0" });
        let (short, full) = VERSION;
        let mut body = json!({ "version": short, "minimumClientVersions": clients, "success": true });
        if trusted {
            body["version"] = json!(full);
            body["info"] = json!({ "version": full });
        }
        Reply::json(&body)
    }
}
