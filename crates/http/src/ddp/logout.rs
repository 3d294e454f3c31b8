//! `logout` on a socket: ends the session of its token. The socket stays, and is nobody's.

use crate::answer::Json;
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, socket};
use crate::guard::Call;
use crate::input::Whatever;
use crate::refusal::Refusal;
use rollcall_service::Principal;

/// The method's name.
pub const NAME: &str = "logout";

/// The endpoint.
pub struct Logout;

impl Endpoint for Logout {
    const ROUTES: &'static [Route] = &[socket(NAME)];
    const SUMMARY: &'static str = "End the session of the socket's token; the socket stays";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::Uncounted,
        step_up: StepUp::No,
        without_factor: WithoutFactor::Allowed,
        record: Record::Nothing,
    };
    /// Who is signed out already has what is asked for.
    type Caller = Option<Principal>;
    type Query = Whatever;
    type Body = Whatever;
    type Answer = Option<Json<()>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        if let Some(principal) = &call.caller {
            call.service.sign_out(principal).await?;
        }
        Ok(None)
    }
}
