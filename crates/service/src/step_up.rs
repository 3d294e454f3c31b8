//! Step-up: proving a second factor for an endpoint that asks for one.
//!
//! **Invariants:** fails shut, whatever goes wrong; the window is remembered for the token, the user agent
//! and the address that proved it.

use crate::codes::{Code, NotTaken};
use crate::error::{StepUpKind, StepUpMethod, unforeseen};
use crate::principal::{Client, Principal};
use crate::{Refusal, Service};
use rollcall_model::command::Passing;
use rollcall_model::{Command, Holder, Refused, Timestamp};
use std::time::Duration;

impl Service {
    /// Passes when a second factor is remembered for this client, when the code is right, or when the token was
    /// made to be asked for none.
    pub async fn step_up(&self, principal: &Principal, client: &Client, code: &Code) -> Result<(), Refusal> {
        let (agent, token) = (client.agent_digest(), principal.token());
        let remembered = self.standing.step_up_remembered(token, agent, client.ip, self.clock.now());
        if remembered || matches!(principal.holder(), Holder::Personal { bypasses_step_up: true, .. }) {
            return Ok(());
        }
        // Seldom taken, and large: boxed, it takes no room in every call that could have come here.
        Box::pin(self.prove(principal, client, code, Some(self.settings.step_up_window))).await
    }

    /// Until when a second factor is remembered for this client.
    pub fn stepped_up_until(&self, principal: &Principal, client: &Client) -> Option<Timestamp> {
        let (token, agent) = (principal.token(), client.agent_digest());
        self.standing.step_up_remembered_until(token, agent, client.ip, self.clock.now())
    }

    /// Passes when the code is right, and remembers nothing.
    pub async fn step_up_anew(
        &self,
        principal: &Principal,
        client: &Client,
        code: &Code,
    ) -> Result<(), Refusal> {
        self.prove(principal, client, code, None).await
    }

    async fn prove(
        &self,
        principal: &Principal,
        client: &Client,
        code: &Code,
        window: Option<Duration>,
    ) -> Result<(), Refusal> {
        let owner = &*self.owner(principal)?;
        let method = self.method(owner, code);
        let (token, agent, ip) = (principal.token(), client.agent_digest(), client.ip);
        let passing =
            |proof| Command::PassStepUp(Passing { user: owner.no, token, proof, agent, ip, window });
        let kind = match self.with_code(owner, method, code.given(), passing).await {
            Ok(_) => return Ok(()),
            Err(NotTaken::Code(kind)) => kind,
            // The token ended while the code was looked at: nothing is open to it any more.
            Err(NotTaken::Refused(Refused::SessionNotLive | Refused::NoSuchUser)) => {
                let refusal = self.step_up_refusal(owner, StepUpKind::Required, method);
                return Err(Refusal::StepUp(refusal));
            }
            Err(NotTaken::Refused(refused)) => return Err(unforeseen(refused)),
            Err(NotTaken::Outcome(outcome)) => return Err(outcome),
        };
        Err(Refusal::StepUp(self.asked_for_code(owner, kind, method, client).await?))
    }

    /// Refuses a user that must have a factor and has none: it can do nothing but enrol one.
    pub fn has_required_factor(&self, principal: &Principal) -> Result<(), Refusal> {
        if !self.must_enrol_factor(principal) {
            return Ok(());
        }
        let owner = &*self.owner(principal)?;
        Err(Refusal::StepUp(self.step_up_refusal(owner, StepUpKind::Required, StepUpMethod::Totp)))
    }

    /// Whether the user must have a factor and has none.
    pub fn must_enrol_factor(&self, principal: &Principal) -> bool {
        let required = self.settings.factor_required_of.meets(principal.roles());
        required && !self.standing.factors(principal.user()).any()
    }
}
