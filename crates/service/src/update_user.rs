//! Changing a user: all that is asked for, or nothing of it, in one commit.
//!
//! A new password ends tokens: set by the user itself, its other login tokens; set by anybody else, all.

use crate::create_user::Password;
use crate::user_fields::{Fields, not_written};
use crate::users::by_id;
use crate::{Principal, Refusal, Service};
use rollcall_auth::PasswordDigest;
use rollcall_model::{Command, User, UserChange};
use rollcall_store::WhichUser;

/// A change as asked for.
#[derive(Debug, Default)]
pub struct UserUpdate {
    /// What can be taken as it is.
    pub change: UserChange,
    /// Roles by their ids; none at all for the default role.
    pub roles: Option<Vec<String>>,
    /// The new password.
    pub password: Option<Password>,
}

impl Service {
    /// Changes the user with this id, and answers it as it is then.
    pub async fn update_user(
        &self,
        principal: &Principal,
        id: &str,
        update: UserUpdate,
    ) -> Result<User, Refusal> {
        let found = self.store.credential(by_id(id)?).await?.ok_or(Refusal::NoSuchUser)?;
        let user = found.user.owner.no;
        let UserUpdate { mut change, roles, password } = update;
        let fields = Fields {
            roles: roles.as_deref(),
            name: change.name.as_deref(),
            username: change.username.as_deref(),
            password: password.as_ref().map(|password| password.0.as_str()),
        };
        change.roles = fields.check()?;
        change.email = change.email.map(|email| email.trim().to_owned());
        if let Some(password) = password {
            let digest = PasswordDigest::of(&password.0);
            change.password = Some(self.hashing.hash(digest, self.randomness.clone()).await?);
        }
        let names = [change.username.clone(), change.email.clone()].map(Option::unwrap_or_default);
        let but = (user == principal.user()).then(|| principal.token());
        let command = Command::ChangeUser { user, change: change.into(), but, by: principal.actor() };
        match self.writer.run(command).await {
            Ok(_) => {
                let changed = self.store.credential(WhichUser::No(user)).await?;
                changed.map(|credential| credential.user).ok_or(Refusal::NoSuchUser)
            }
            Err(error) => Err(not_written(error, &names[0], &names[1])),
        }
    }
}
