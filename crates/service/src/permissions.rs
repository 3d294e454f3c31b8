//! Which roles hold which permission.

use crate::error::NotWritten;
use crate::{Principal, Refusal, Service};
use rollcall_model::{Command, Permission, RoleSet};
use rollcall_store::PermissionRow;

impl Service {
    /// Every permission with its roles.
    pub async fn permissions(&self) -> Result<Vec<PermissionRow>, Refusal> {
        Ok(self.store.permissions().await?)
    }

    /// Lets other roles hold these permissions, all of them or none.
    pub async fn set_grants(
        &self,
        principal: &Principal,
        grants: Vec<(Permission, RoleSet)>,
    ) -> Result<(), Refusal> {
        let command = Command::SetGrants { grants, by: principal.actor() };
        self.writer.run(command).await.map(|_| ()).map_err(NotWritten::unforeseen)
    }
}
