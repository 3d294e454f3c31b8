//! Which roles a user has.

use crate::delete_user::UserReference;
use crate::error::{NotWritten, RoleRefusal};
use crate::{Principal, Refusal, Service};
use rollcall_model::{Command, Refused, Role, RoleSet};

impl Service {
    /// Roles whose holders must have a factor.
    pub fn factor_required_of(&self) -> RoleSet {
        self.settings.factor_required_of
    }

    /// Gives a user a role.
    pub async fn grant_role(
        &self,
        principal: &Principal,
        user: UserReference,
        role: &str,
    ) -> Result<Role, Refusal> {
        self.change_role(principal, user, role, true).await
    }

    /// Takes a role from a user.
    pub async fn revoke_role(
        &self,
        principal: &Principal,
        user: UserReference,
        role: &str,
    ) -> Result<Role, Refusal> {
        self.change_role(principal, user, role, false).await
    }

    async fn change_role(
        &self,
        principal: &Principal,
        user: UserReference,
        role: &str,
        grant: bool,
    ) -> Result<Role, Refusal> {
        let refused = |refusal| Refusal::Role(refusal);
        let which = user.which().map_err(|_| refused(RoleRefusal::NoSuchUser))?;
        let found = self.store.credential(which).await?.ok_or(refused(RoleRefusal::NoSuchUser))?;
        let role = Role::parse(role).ok_or(refused(RoleRefusal::NoSuchRole))?;
        let (user, by) = (found.user.owner.no, principal.actor());
        let command = if grant {
            Command::GrantRole { user, role, by }
        } else {
            Command::RevokeRole { user, role, by }
        };
        match self.writer.run(command).await {
            Ok(_) => Ok(role),
            Err(NotWritten::Refused(Refused::NoSuchUser)) => Err(refused(RoleRefusal::NoSuchUser)),
            Err(NotWritten::Refused(Refused::HasRole)) => Err(refused(RoleRefusal::HasRole)),
            Err(NotWritten::Refused(Refused::HasNotRole)) => Err(refused(RoleRefusal::HasNotRole)),
            Err(NotWritten::Refused(Refused::LastAdministrator)) => {
                Err(refused(RoleRefusal::LastAdministrator))
            }
            Err(error) => Err(error.unforeseen()),
        }
    }
}
