//! Step-up: proving a second factor for an endpoint that asks for one.
//!
//! **Invariants:** fails shut, whatever goes wrong; a wrong code is counted before it is answered; the
//! window is remembered for the session, the user agent and the address that proved it.

use crate::error::{NotWritten, StepUpKind, StepUpMethod, StepUpRefusal};
use crate::principal::{Client, Principal};
use crate::{Refusal, Service};
use rollcall_auth::PasswordDigest;
use rollcall_model::command::Passing;
use rollcall_model::failure::FailureKey;
use rollcall_model::{Command, Refused};
use rollcall_store::WhichUser;

/// A code as a client sends it, and the method that it names.
#[derive(Clone, Default)]
pub struct Code {
    /// The code; an empty one is none.
    pub code: Option<String>,
    /// The method's word.
    pub method: Option<String>,
}

/// Says nothing of the code.
impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Code").field("given", &self.code.is_some()).field("method", &self.method).finish()
    }
}

impl Service {
    /// Passes when a second factor is remembered for this client, or when the code is right.
    pub async fn step_up(&self, principal: &Principal, client: &Client, code: &Code) -> Result<(), Refusal> {
        let agent = client.agent_digest();
        let remembered =
            self.standing.step_up_remembered(principal.session, agent, client.ip, self.clock.now());
        if remembered {
            return Ok(());
        }
        let user = principal.owner.no;
        let method = method(code);
        let refused = |kind| {
            let username = principal.owner.username.clone();
            Err(Refusal::StepUp(StepUpRefusal { kind, method, username }))
        };
        let Some(given) = code.code.as_deref().filter(|given| !given.is_empty()) else {
            return refused(StepUpKind::Required);
        };
        let counter = FailureKey::Code(user);
        let failures = self.store.failures(vec![counter]).await?;
        if failures.values().any(|failure| failure.blocks(self.clock.now())) {
            return refused(StepUpKind::MaxAttempts);
        }
        let command = if self.verify(principal, method, given).await? {
            let (session, ip, window) = (principal.session, client.ip, self.settings.step_up_window);
            Command::PassStepUp(Passing { user, session, agent, ip, window })
        } else {
            Command::CountFailure(vec![(counter, self.settings.code_failures)])
        };
        let passing = matches!(command, Command::PassStepUp(_));
        match self.writer.run(command).await {
            Ok(_) if passing => Ok(()),
            Ok(_) => refused(StepUpKind::Invalid),
            Err(NotWritten::Refused(Refused::Blocked(_))) => refused(StepUpKind::MaxAttempts),
            // The session ended while the code was looked at: nothing is open to it any more.
            Err(NotWritten::Refused(Refused::SessionNotLive)) => refused(StepUpKind::Required),
            Err(error) => Err(error.unforeseen()),
        }
    }

    async fn verify(&self, principal: &Principal, method: StepUpMethod, code: &str) -> Result<bool, Refusal> {
        match method {
            StepUpMethod::Password => {
                let Some(digest) = PasswordDigest::from_hex(code) else { return Ok(false) };
                let found = self.store.credential(WhichUser::No(principal.owner.no)).await?;
                self.hashing.verify(digest, found.map(|credential| credential.password)).await
            }
            // Nobody has enrolled one, so no code of it is right.
            StepUpMethod::Totp | StepUpMethod::Email => Ok(false),
        }
    }
}

/// A method that the client names is taken as named, enrolled or not; otherwise the password stands in,
/// which every user has.
fn method(code: &Code) -> StepUpMethod {
    match code.method.as_deref() {
        Some("totp") => StepUpMethod::Totp,
        Some("email") => StepUpMethod::Email,
        _ => StepUpMethod::Password,
    }
}
