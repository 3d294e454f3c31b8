//! Service tokens as a store keeps them.

use rollcall_model::{ServiceToken, Timestamp};

/// A service token, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptServiceToken {
    /// The token.
    pub token: ServiceToken,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl KeptServiceToken {
    /// Those that are not revoked.
    pub fn standing(kept: Vec<Self>) -> Vec<ServiceToken> {
        kept.into_iter().filter(|kept| kept.revoked_at.is_none()).map(|kept| kept.token).collect()
    }
}
