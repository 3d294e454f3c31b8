//! Deleting a user: it is hidden, its names are free again, its sessions end in the same commit.

use crate::error::NotWritten;
use crate::users::by_id;
use crate::{Principal, Refusal, Service};
use rollcall_model::user::NameKey;
use rollcall_model::{Command, Refused};
use rollcall_store::WhichUser;

/// How a request names a user: by id, else by username. An empty text names nobody.
#[derive(Clone, Debug, Default)]
pub struct UserReference {
    /// The id on the wire.
    pub user_id: Option<String>,
    /// The username.
    pub username: Option<String>,
}

impl UserReference {
    /// The user that is named, by id if there is one.
    pub(crate) fn which(self) -> Result<WhichUser, Refusal> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        match (given(self.user_id), given(self.username)) {
            (Some(id), _) => by_id(&id),
            (None, Some(username)) => Ok(WhichUser::Username(NameKey::of(&username))),
            (None, None) => Err(Refusal::UserNotNamed),
        }
    }
}

impl Service {
    /// Deletes the user that is named.
    pub async fn delete_user(&self, principal: &Principal, reference: UserReference) -> Result<(), Refusal> {
        let found = self.store.credential(reference.which()?).await?.ok_or(Refusal::NoSuchUser)?;
        let command = Command::DeleteUser { user: found.user.owner.no, by: principal.actor() };
        match self.writer.run(command).await {
            Ok(_) => Ok(()),
            Err(NotWritten::Refused(Refused::NoSuchUser)) => Err(Refusal::NoSuchUser),
            Err(NotWritten::Refused(Refused::LastAdministrator)) => Err(Refusal::LastAdministrator),
            Err(error) => Err(error.unforeseen()),
        }
    }
}
