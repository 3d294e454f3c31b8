//! Who is asking, and from where.

use rollcall_model::step_up::AgentDigest;
use rollcall_model::{Actor, Holder, Owner, SessionId, Timestamp, TokenNo};
use std::net::IpAddr;
use std::sync::Arc;

/// The other end of a request, as the connection and the trusted proxies tell it.
#[derive(Clone, Debug)]
pub struct Client {
    /// The client's address.
    pub ip: IpAddr,
    /// The user agent, empty when there is none.
    pub agent: Arc<str>,
    /// The `Host` header, empty when there is none.
    pub host: Arc<str>,
}

impl Client {
    /// The user agent as step-up windows compare it.
    pub fn agent_digest(&self) -> AgentDigest {
        rollcall_auth::digest::agent(&self.agent)
    }
}

/// A signed-in user, and what its token stands for. Only [`crate::Service::authenticate`] makes one.
#[derive(Clone, Debug)]
pub struct Principal {
    pub(crate) owner: Arc<Owner>,
    pub(crate) holder: Holder,
}

impl Principal {
    /// The user.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The token.
    pub fn token(&self) -> TokenNo {
        self.holder.token()
    }

    /// The id of the token's session on the wire; a personal token has none.
    pub const fn session_id(&self) -> Option<SessionId> {
        match self.holder {
            Holder::Session { id, .. } => Some(id),
            Holder::Personal { .. } => None,
        }
    }

    /// When the token's session ends by itself; a personal token does not.
    pub const fn expires_at(&self) -> Option<Timestamp> {
        match self.holder {
            Holder::Session { expires_at, .. } => Some(expires_at),
            Holder::Personal { .. } => None,
        }
    }

    /// As the ledger names it.
    pub fn actor(&self) -> Actor {
        Actor::User(self.owner.no)
    }
}
