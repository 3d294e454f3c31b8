//! Step-up: proving a second factor for an endpoint that asks for one.
//!
//! **Invariants:** fails shut, whatever goes wrong; the window is remembered for the session, the user agent
//! and the address that proved it.

use crate::codes::{Code, NotTaken};
use crate::error::{StepUpKind, StepUpMethod, unforeseen};
use crate::principal::{Client, Principal};
use crate::{Refusal, Service};
use rollcall_model::command::Passing;
use rollcall_model::{Command, Refused};

impl Service {
    /// Passes when a second factor is remembered for this client, or when the code is right.
    pub async fn step_up(&self, principal: &Principal, client: &Client, code: &Code) -> Result<(), Refusal> {
        let agent = client.agent_digest();
        let remembered =
            self.standing.step_up_remembered(principal.session, agent, client.ip, self.clock.now());
        if remembered {
            return Ok(());
        }
        let owner = principal.owner();
        let method = self.method(owner, code);
        let (session, ip, window) = (principal.session, client.ip, self.settings.step_up_window);
        let passing =
            |proof| Command::PassStepUp(Passing { user: owner.no, session, proof, agent, ip, window });
        let refused = |kind| Err(Refusal::StepUp(self.step_up_refusal(owner, kind, method)));
        match self.with_code(owner, method, code.given(), passing).await {
            Ok(_) => Ok(()),
            Err(NotTaken::Code(kind)) => refused(kind),
            // The session ended while the code was looked at: nothing is open to it any more.
            Err(NotTaken::Refused(Refused::SessionNotLive | Refused::NoSuchUser)) => {
                refused(StepUpKind::Required)
            }
            Err(NotTaken::Refused(refused)) => Err(unforeseen(refused)),
            Err(NotTaken::Outcome(outcome)) => Err(outcome),
        }
    }

    /// Refuses a user that must have a factor and has none: it can do nothing but enrol one.
    pub fn has_required_factor(&self, principal: &Principal) -> Result<(), Refusal> {
        let owner = principal.owner();
        let required = self.settings.factor_required_of.meets(owner.roles);
        if !required || self.standing.is_enrolled(owner.no) {
            return Ok(());
        }
        Err(Refusal::StepUp(self.step_up_refusal(owner, StepUpKind::Required, StepUpMethod::Totp)))
    }
}
