//! Ending a session: by its own client, by its user, by an administrator.
//!
//! The answer comes when the ending is durable and the index has applied it: from then on the token is
//! refused and the row is gone.

use crate::error::{NotWritten, PersonalTokenRefusal};
use crate::users::by_id;
use crate::{Principal, Refusal, Service};
use rollcall_model::{Actor, Command, EndReason, Holder, Refused, SessionNo, TokenNo, UserNo};

impl Service {
    /// Ends the token that the principal is calling with, and its session where it has one. Ended by somebody else in
    /// this instant, it is as the principal wanted it.
    pub async fn sign_out(&self, principal: &Principal) -> Result<(), Refusal> {
        let ended = match principal.holder() {
            Holder::Session(no) => self.end(principal.actor(), no, EndReason::SignedOut).await,
            Holder::Personal { no, .. } => self.end_personal(principal, no, EndReason::SignedOut).await,
        };
        match ended {
            Err(Refusal::SessionNotFound | Refusal::PersonalToken(PersonalTokenRefusal::Unknown)) => Ok(()),
            ended => ended,
        }
    }

    /// Ends one of the principal's own sessions. Others are not found.
    pub async fn end_own_session(&self, principal: &Principal, id: &str) -> Result<(), Refusal> {
        let mine = principal.user();
        let no = self.session(id, |row| (row.user() == mine).then(|| row.no()))?;
        self.end(principal.actor(), no, EndReason::EndedByUser).await
    }

    /// Ends anyone's session.
    pub async fn end_session(&self, by: Actor, id: &str) -> Result<(), Refusal> {
        let no = self.session(id, |row| Some(row.no()))?;
        self.end(by, no, EndReason::EndedByAdministrator).await
    }

    /// Ends all of the principal's sessions but the one that calls.
    pub async fn end_other_sessions(&self, principal: &Principal) -> Result<(), Refusal> {
        self.end_all(principal, principal.user(), Some(principal.token())).await
    }

    /// Ends all sessions of the user with this id.
    pub async fn end_sessions_of(&self, principal: &Principal, id: &str) -> Result<(), Refusal> {
        let found = self.store.credential(by_id(id)?).await?.ok_or(Refusal::NoSuchUser)?;
        self.end_all(principal, found.user.owner.no, None).await
    }

    async fn end_all(
        &self,
        principal: &Principal,
        user: UserNo,
        but: Option<TokenNo>,
    ) -> Result<(), Refusal> {
        let command = Command::EndSessionsOf { user, but, by: principal.actor() };
        match self.writer.run(command).await {
            Ok(_) => Ok(()),
            Err(NotWritten::Refused(Refused::NoSuchUser)) => Err(Refusal::NoSuchUser),
            Err(error) => Err(error.unforeseen()),
        }
    }

    async fn end(&self, by: Actor, session: SessionNo, reason: EndReason) -> Result<(), Refusal> {
        match self.writer.run(Command::EndSession { session, reason, by }).await {
            Ok(_) => Ok(()),
            Err(NotWritten::Refused(Refused::SessionNotLive)) => Err(Refusal::SessionNotFound),
            Err(error) => Err(error.unforeseen()),
        }
    }
}
