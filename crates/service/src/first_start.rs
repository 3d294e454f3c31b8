//! A store that never had an administrator gets one.

use crate::error::NotWritten;
use crate::{Refusal, Service};
use rollcall_auth::PasswordDigest;
use rollcall_model::user::{Email, Profile, UserKind};
use rollcall_model::{Command, NewUser, Refused, Role, UserId};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstAdministrator {
    /// It was made.
    Made,
    /// There ever was one: nothing was changed.
    Existed,
    /// The name is somebody's who is no administrator: nothing was changed.
    NameInUse,
}

impl Service {
    /// Whether the store ever had an administrator.
    pub async fn had_administrator(&self) -> Result<bool, Refusal> {
        Ok(self.store.workspace().await?.is_some_and(|workspace| workspace.had_administrator))
    }

    /// Makes the first administrator, in one conditional commit: two starts at once make one.
    pub async fn first_administrator(
        &self,
        username: &str,
        password: &str,
    ) -> Result<FirstAdministrator, Refusal> {
        let password = self.hashing.hash(PasswordDigest::of(password), self.randomness.clone()).await?;
        let user = NewUser {
            id: UserId::random(&*self.randomness),
            username: username.into(),
            name: Some(username.into()),
            roles: [Role::Admin, Role::User].into_iter().collect(),
            emails: Vec::<Email>::new(),
            kind: UserKind::User,
            active: true,
            profile: Profile::default(),
        };
        match self.writer.run(Command::CreateFirstAdministrator { user: Box::new(user), password }).await {
            Ok(_) => Ok(FirstAdministrator::Made),
            Err(NotWritten::Refused(Refused::AdministratorExisted)) => Ok(FirstAdministrator::Existed),
            Err(NotWritten::Refused(Refused::UsernameInUse)) => Ok(FirstAdministrator::NameInUse),
            Err(error) => Err(error.unforeseen()),
        }
    }
}
