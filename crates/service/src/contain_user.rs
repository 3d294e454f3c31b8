//! What an administrator does to a user at once: contain it, let it in again, take its factors away, end one of its tokens.

use crate::error::{NotWritten, PersonalTokenRefusal};
use crate::users::by_id;
use crate::{Principal, Refusal, Service};
use data_encoding::HEXLOWER;
use rollcall_model::event::KINDS;
use rollcall_model::{
    Command, EndReason, PersonalToken, Refused, Seq, Timestamp, TokenNo, UserChange, UserNo,
};

/// What was done to contain a user.
#[derive(Clone, Debug)]
pub struct Containment {
    /// When.
    pub at: Timestamp,
    /// Sessions that it ended.
    pub sessions_ended: usize,
    /// Personal tokens that it ended.
    pub tokens_ended: usize,
    /// Its events in the ledger, the first and the last; `None` when the user was contained already.
    pub events: Option<(Seq, Seq)>,
    /// An event, and its hash in hex: the last one, or where the ledger ended.
    pub head: (Seq, String),
}

impl Service {
    /// Deactivates a user and ends all that it has, in one commit. Done already: nothing happens.
    pub async fn contain_user(&self, principal: &Principal, id: &str) -> Result<Containment, Refusal> {
        let user = self.user_of_id(id).await?;
        let change = UserChange::of_active(false);
        let command = Command::change_user(user, change, principal.actor());
        let receipt = self.writer.run(command).await.map_err(not_written)?;
        let (first, last) = (receipt.first, receipt.last);
        if first > last {
            let end = self.store.end().await?;
            let head = (end.seq, HEXLOWER.encode(&end.hash));
            return Ok(Containment {
                at: receipt.at,
                sessions_ended: 0,
                tokens_ended: 0,
                events: None,
                head,
            });
        }
        let many = usize::try_from(last.0 - first.0 + 1).unwrap_or(usize::MAX);
        let events = self.store.ledger(Seq(first.0 - 1), many).await?;
        let count = |kind: &str| {
            let is_it = |no: u16| KINDS.get(usize::from(no).wrapping_sub(1)) == Some(&kind);
            events.iter().filter(|row| is_it(row.envelope.kind)).count()
        };
        let hash = events.last().map(|row| HEXLOWER.encode(&row.hash)).unwrap_or_default();
        Ok(Containment {
            at: receipt.at,
            sessions_ended: count("session.ended"),
            tokens_ended: count("personal-token.removed"),
            events: Some((first, last)),
            head: (last, hash),
        })
    }

    /// Lets a user sign in again. What was ended stays so.
    pub async fn activate_user(&self, principal: &Principal, id: &str) -> Result<(), Refusal> {
        let user = self.user_of_id(id).await?;
        let command = Command::change_user(user, UserChange::of_active(true), principal.actor());
        self.writer.run(command).await.map(drop).map_err(not_written)
    }

    /// Takes all factors of a user away, and ends all that it has.
    pub async fn reset_factors(&self, principal: &Principal, id: &str) -> Result<(), Refusal> {
        let user = self.user_of_id(id).await?;
        let command = Command::RemoveFactors { user, shown: None, by: principal.actor() };
        self.writer.run(command).await.map(drop).map_err(not_written)
    }

    /// The personal tokens of the user with this id, in the order of their making.
    pub async fn personal_tokens_of(&self, id: &str) -> Result<Vec<PersonalToken>, Refusal> {
        let user = self.user_of_id(id).await?;
        Ok(self.store.personal_tokens(user).await?)
    }

    /// Ends anyone's personal token.
    pub async fn end_personal_token(&self, principal: &Principal, token: TokenNo) -> Result<(), Refusal> {
        let user = self.standing.user_of_personal(token);
        let user = user.ok_or(Refusal::PersonalToken(PersonalTokenRefusal::Unknown))?;
        let (reason, by) = (EndReason::EndedByAdministrator, principal.actor());
        let command = Command::RemovePersonalToken { user, token, reason, by };
        self.writer.run(command).await.map(drop).map_err(not_written)
    }

    /// The number of the user with this id.
    pub(crate) async fn user_of_id(&self, id: &str) -> Result<UserNo, Refusal> {
        let found = self.store.credential(by_id(id)?).await?.ok_or(Refusal::NoSuchUser)?;
        Ok(found.user.owner.no)
    }
}

fn not_written(error: NotWritten) -> Refusal {
    match error {
        NotWritten::Refused(Refused::NoSuchUser) => Refusal::NoSuchUser,
        NotWritten::Refused(Refused::LastAdministrator) => Refusal::LastAdministrator,
        NotWritten::Refused(Refused::NoSuchToken) => Refusal::PersonalToken(PersonalTokenRefusal::Unknown),
        error => error.unforeseen(),
    }
}
