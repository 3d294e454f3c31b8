//! Second-factor codes: what a code shows, and what becomes of a wrong one. Step-up, sign-in and the
//! management of factors all come here.
//!
//! **Invariants:** a wrong code is counted before it is answered, whatever the method; a code is looked at
//! only while the counter does not block; whether it is still good is decided in the commit that takes it.

use crate::error::{MailedCodes, NotWritten, StepUpKind, StepUpMethod, StepUpRefusal, Wait};
use crate::{Refusal, Service};
use rollcall_auth::{PasswordDigest, mailed, recovery, totp};
use rollcall_model::factor::Proof;
use rollcall_model::failure::FailureKey;
use rollcall_model::{Command, Owner, Receipt, Refused, Timestamp};
use rollcall_store::{Credential, WhichUser};

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

impl Code {
    /// The code, when there is one.
    pub fn given(&self) -> Option<&str> {
        self.code.as_deref().filter(|code| !code.is_empty())
    }
}

/// Why a command that takes a code was not carried out.
pub(crate) enum NotTaken {
    /// The code: none was given, it is wrong, or too many were.
    Code(StepUpKind),
    /// The command, for a reason of its own.
    Refused(Refused),
    /// Something is out of order.
    Outcome(Refusal),
}

impl From<Refusal> for NotTaken {
    fn from(refusal: Refusal) -> Self {
        Self::Outcome(refusal)
    }
}

impl Service {
    /// Has the writer carry out the command that a code is good for.
    pub(crate) async fn with_code(
        &self,
        owner: &Owner,
        method: StepUpMethod,
        code: Option<&str>,
        command: impl FnOnce(Proof) -> Command,
    ) -> Result<Receipt, NotTaken> {
        let code = code.ok_or(NotTaken::Code(StepUpKind::Required))?;
        self.not_locked(owner).await?;
        let Some(proof) = self.proof(owner, method, code).await? else {
            return Err(self.wrong_code(owner).await);
        };
        match self.writer.run(command(proof)).await {
            Ok(receipt) => Ok(receipt),
            Err(NotWritten::Refused(Refused::CodeNotGood | Refused::FactorRequired)) => {
                Err(self.wrong_code(owner).await)
            }
            Err(NotWritten::Refused(Refused::Blocked(FailureKey::Code(_), until))) => {
                Err(NotTaken::Code(self.max_attempts(until)))
            }
            Err(NotWritten::Refused(refused)) => Err(NotTaken::Refused(refused)),
            Err(NotWritten::Unavailable) => Err(NotTaken::Outcome(Refusal::Unavailable)),
        }
    }

    /// Refuses while too many codes of the user were wrong.
    pub(crate) async fn not_locked(&self, owner: &Owner) -> Result<(), NotTaken> {
        let failures = self.store.failures(vec![FailureKey::Code(owner.no)]).await.map_err(Refusal::from)?;
        let locked = failures.values().find(|failure| failure.blocks(self.clock.now()));
        locked.map_or(Ok(()), |failure| Err(NotTaken::Code(self.max_attempts(failure.blocked_until))))
    }

    pub(crate) fn max_attempts(&self, until: Timestamp) -> StepUpKind {
        StepUpKind::MaxAttempts(Wait::new(until, self.clock.now()))
    }

    /// Counts a wrong code.
    pub(crate) async fn wrong_code(&self, owner: &Owner) -> NotTaken {
        let counted = vec![(FailureKey::Code(owner.no), self.settings.code_failures)];
        match self.writer.run(Command::CountFailure(counted)).await {
            Ok(_) => NotTaken::Code(StepUpKind::Invalid),
            Err(NotWritten::Refused(Refused::Blocked(_, until))) => NotTaken::Code(self.max_attempts(until)),
            Err(error) => NotTaken::Outcome(error.unforeseen()),
        }
    }

    /// What a code shows by itself; the commit that takes it decides whether it is still good.
    async fn proof(&self, owner: &Owner, method: StepUpMethod, code: &str) -> Result<Option<Proof>, Refusal> {
        match method {
            StepUpMethod::Password => {
                let Some(digest) = PasswordDigest::from_hex(code) else { return Ok(None) };
                let found = self.store.credential(WhichUser::No(owner.no)).await?;
                let right = self.hashing.verify(digest, found.map(|credential| credential.password)).await?;
                Ok(right.then_some(Proof::Password))
            }
            StepUpMethod::Totp if recovery::is_code(code) => {
                Ok(Some(Proof::Recovery(self.key.recovery_hash(code, owner.no))))
            }
            StepUpMethod::Totp if totp::is_code(code) => {
                let found = self.store.credential(WhichUser::No(owner.no)).await?;
                Ok(found.and_then(|credential| self.authenticator_proof(&credential, code)))
            }
            StepUpMethod::Totp => Ok(None),
            StepUpMethod::Email => {
                Ok(mailed::typed(code).map(|code| Proof::Mailed(self.key.mailed_hash(&code, owner.no))))
            }
        }
    }

    /// The authenticator's proof, enrolled or begun, when the code is one of about now.
    pub(crate) fn authenticator_proof(&self, credential: &Credential, code: &str) -> Option<Proof> {
        let (authenticator, sealed) = credential.authenticator.as_ref()?;
        let seed = self.key.open(sealed, credential.user.owner.no);
        if seed.is_none() {
            tracing::error!(user = %credential.user.owner.id, "the seed of an authenticator cannot be opened");
        }
        let step = seed?.step_of(code, self.clock.now())?;
        Some(Proof::Authenticator { begun: authenticator.begun, step })
    }

    /// The methods that a user has enrolled.
    pub(crate) fn enrolled_methods(&self, owner: &Owner) -> Vec<StepUpMethod> {
        let factors = self.standing.factors(owner.no);
        [(factors.authenticator, StepUpMethod::Totp), (factors.mail, StepUpMethod::Email)]
            .into_iter()
            .filter_map(|(enrolled, method)| enrolled.then_some(method))
            .collect()
    }

    /// The method by which a code is taken: one that the client names and that can be enrolled is taken as
    /// named, enrolled or not; else the first that is enrolled; else the password stands in, which every
    /// user has.
    pub(crate) fn method(&self, owner: &Owner, code: &Code) -> StepUpMethod {
        match code.method.as_deref() {
            Some("totp") => StepUpMethod::Totp,
            Some("email") => StepUpMethod::Email,
            _ => self.enrolled_methods(owner).first().copied().unwrap_or(StepUpMethod::Password),
        }
    }

    pub(crate) fn step_up_refusal(
        &self,
        owner: &Owner,
        kind: StepUpKind,
        method: StepUpMethod,
    ) -> StepUpRefusal {
        let available = self.enrolled_methods(owner);
        let (username, mailed) = (owner.username.clone(), MailedCodes::default());
        StepUpRefusal { kind, method, available, username, mailed }
    }
}
