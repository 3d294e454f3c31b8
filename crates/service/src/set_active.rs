//! Letting a user sign in, or no more: then its sessions end in the same commit.

use crate::error::NotWritten;
use crate::users::by_id;
use crate::{Principal, Refusal, Service};
use rollcall_model::{Command, Refused};

impl Service {
    /// Activates or deactivates the user with this id.
    pub async fn set_active(&self, principal: &Principal, id: &str, active: bool) -> Result<(), Refusal> {
        let found = self.store.credential(by_id(id)?).await?.ok_or(Refusal::NoSuchUser)?;
        let command = Command::SetActive { user: found.user.owner.no, active, by: principal.actor() };
        match self.writer.run(command).await {
            Ok(_) => Ok(()),
            Err(NotWritten::Refused(Refused::NoSuchUser)) => Err(Refusal::NoSuchUser),
            Err(NotWritten::Refused(Refused::LastAdministrator)) => Err(Refusal::LastAdministrator),
            Err(error) => Err(error.unforeseen()),
        }
    }
}
