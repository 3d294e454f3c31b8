//! A user's own factors: an authenticator is begun, enrolled by its first code, and removed by another;
//! recovery codes come with it. Mail is enrolled and removed without a code: the guard has asked for one.
//!
//! **Invariants:** a seed and recovery codes leave the process once, in the answer that made them; the code
//! that enrols counts as used.

use crate::codes::NotTaken;
use crate::error::{NotWritten, StepUpKind, StepUpMethod, unforeseen};
use crate::{Principal, Refusal, Service};
use rollcall_auth::recovery;
use rollcall_auth::totp::{Seed, is_code};
use rollcall_model::command::{Enrolment, Shown};
use rollcall_model::factor::{Proof, RecoveryHash};
use rollcall_model::{Command, Owner, Refused, UserNo};

impl Service {
    /// Gives the user the seed of an authenticator that is to be enrolled.
    pub async fn begin_authenticator(&self, principal: &Principal) -> Result<Seed, Refusal> {
        let user = principal.user();
        let seed = Seed::random(&*self.randomness);
        let sealed = self.key.seal(&seed, user, &*self.randomness);
        match self.writer.run(Command::BeginAuthenticator { user, seed: sealed }).await {
            Ok(_) => Ok(seed),
            Err(NotWritten::Refused(Refused::FactorEnrolled)) => Err(Refusal::FactorEnrolled),
            Err(error) => Err(error.unforeseen()),
        }
    }

    /// Enrols the authenticator that was begun, by one of its codes, ends the user's other sessions, and
    /// gives its recovery codes.
    pub async fn enrol_authenticator(
        &self,
        principal: &Principal,
        code: &str,
    ) -> Result<Vec<String>, Refusal> {
        let owner = &*self.owner(principal)?;
        let credential = self.myself(principal).await?;
        if credential.authenticator.as_ref().is_none_or(|(begun, _)| begun.is_enrolled()) {
            return Err(Refusal::InvalidTotp);
        }
        self.not_locked(owner).await.map_err(|not| self.change_refused(owner, StepUpMethod::Totp, not))?;
        let proof = Some(code)
            .filter(|code| is_code(code))
            .and_then(|code| self.authenticator_proof(&credential, code));
        let Some(Proof::Authenticator { begun, step }) = proof else {
            return match self.wrong_code(owner).await {
                NotTaken::Code(StepUpKind::Invalid) => Err(Refusal::InvalidTotp),
                not => Err(self.change_refused(owner, StepUpMethod::Totp, not)),
            };
        };
        let (codes, hashes) = self.recovery_codes(owner.no);
        let enrolment = Enrolment { user: owner.no, token: principal.token(), begun, step, codes: hashes };
        match self.writer.run(Command::EnrolAuthenticator(Box::new(enrolment))).await {
            Ok(_) => Ok(codes),
            Err(NotWritten::Refused(Refused::FactorEnrolled | Refused::NoSuchFactor)) => {
                Err(Refusal::InvalidTotp)
            }
            Err(NotWritten::Refused(refused)) => {
                Err(self.change_refused(owner, StepUpMethod::Totp, NotTaken::Refused(refused)))
            }
            Err(NotWritten::Unavailable) => Err(Refusal::Unavailable),
        }
    }

    /// Takes the user's authenticator and recovery codes away, by a code of either.
    pub async fn remove_factors(&self, principal: &Principal, code: Option<&str>) -> Result<(), Refusal> {
        let (user, token) = (principal.user(), principal.token());
        let command = |proof| Command::RemoveFactors {
            user,
            shown: Some(Shown { token, proof }),
            by: principal.actor(),
        };
        self.change_factors(principal, code, command).await
    }

    /// Gives the user other recovery codes, by a code of the authenticator or one of the old ones.
    pub async fn replace_recovery_codes(
        &self,
        principal: &Principal,
        code: Option<&str>,
    ) -> Result<Vec<String>, Refusal> {
        let (user, token) = (principal.user(), principal.token());
        let (codes, hashes) = self.recovery_codes(user);
        let command = |proof| Command::ReplaceRecovery { user, shown: Shown { token, proof }, codes: hashes };
        self.change_factors(principal, code, command).await?;
        Ok(codes)
    }

    /// Has codes by mail asked for, and ends the user's other sessions.
    pub async fn enrol_mail(&self, principal: &Principal) -> Result<(), Refusal> {
        let (user, token) = (principal.user(), principal.token());
        match self.writer.run(Command::EnrolMail { user, token }).await {
            Ok(_) => Ok(()),
            Err(NotWritten::Refused(Refused::AddressNotVerified)) => Err(Refusal::AddressNotVerified),
            Err(error) => Err(session_gone(error)),
        }
    }

    /// Has codes by mail asked for no more.
    pub async fn remove_mail(&self, principal: &Principal) -> Result<(), Refusal> {
        let (user, token) = (principal.user(), principal.token());
        self.writer.run(Command::RemoveMail { user, token }).await.map(drop).map_err(session_gone)
    }

    /// How many recovery codes the user has left.
    pub async fn recovery_codes_left(&self, principal: &Principal) -> Result<u32, Refusal> {
        Ok(self.myself(principal).await?.recovery_left)
    }

    async fn change_factors(
        &self,
        principal: &Principal,
        code: Option<&str>,
        command: impl FnOnce(Proof) -> Command,
    ) -> Result<(), Refusal> {
        let owner = &*self.owner(principal)?;
        if !self.standing.factors(owner.no).authenticator {
            return Err(Refusal::FactorNotEnrolled);
        }
        let changed = self.with_code(owner, StepUpMethod::Totp, code, command).await;
        changed.map(drop).map_err(|not| self.change_refused(owner, StepUpMethod::Totp, not))
    }

    /// Why a change that takes a code of this method was not made.
    pub(crate) fn change_refused(&self, owner: &Owner, method: StepUpMethod, not: NotTaken) -> Refusal {
        match not {
            NotTaken::Code(kind) => Refusal::StepUp(self.step_up_refusal(owner, kind, method)),
            NotTaken::Refused(Refused::Blocked(_, until)) => {
                self.change_refused(owner, method, NotTaken::Code(self.max_attempts(until)))
            }
            NotTaken::Refused(Refused::NoSuchFactor | Refused::NoSuchUser) => Refusal::InvalidTotp,
            NotTaken::Refused(Refused::NothingToVerify) => Refusal::NothingToVerify,
            // The token is dead: whoever holds it has to sign in again.
            NotTaken::Refused(Refused::SessionNotLive) => Refusal::SessionNotFound,
            NotTaken::Refused(refused) => unforeseen(refused),
            NotTaken::Outcome(outcome) => outcome,
        }
    }

    fn recovery_codes(&self, user: UserNo) -> (Vec<String>, Vec<RecoveryHash>) {
        let codes = recovery::codes(&*self.randomness);
        let hashes = codes.iter().map(|code| self.key.recovery_hash(code, user)).collect();
        (codes, hashes)
    }
}

/// A change that was too late: the token is dead.
fn session_gone(error: NotWritten) -> Refusal {
    match error {
        NotWritten::Refused(Refused::SessionNotLive | Refused::NoSuchUser) => Refusal::SessionNotFound,
        error => error.unforeseen(),
    }
}
