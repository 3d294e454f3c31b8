//! From a token to a principal.

use crate::{Principal, Refusal, Service, Watch};
use rollcall_model::{Holder, Permission, TokenHash};

impl Service {
    /// The principal of a token that is live, whoever sends it, and takes note that it was seen.
    pub fn authenticate(&self, token: &TokenHash) -> Option<Principal> {
        let (owner, holder) = self.standing.holder(token, self.clock.now())?;
        Some(Principal { owner, holder })
    }

    /// Waits for the end of the principal's session, where it has one. It may have ended since it was
    /// authenticated: whoever waits authenticates once more.
    pub fn watch(&self, principal: &Principal) -> Option<Watch> {
        match principal.holder {
            Holder::Session { no, .. } => Some(self.endings.watch(no)),
            Holder::Personal { .. } => None,
        }
    }

    /// Whether the principal's roles hold the permission, at this instant.
    pub fn permits(&self, principal: &Principal, permission: Permission) -> bool {
        self.standing.permits(principal.owner.roles, permission)
    }

    /// Refuses everything until the index stands and after the process began to end.
    pub fn ready(&self) -> Result<(), Refusal> {
        if self.phase().is_ready() { Ok(()) } else { Err(Refusal::Unavailable) }
    }
}
