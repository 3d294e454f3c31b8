//! Who is asking, and from where.

use rollcall_model::step_up::AgentDigest;
use rollcall_model::{Actor, Owner, SessionId, SessionNo, Timestamp};
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

/// A signed-in user on one of its sessions. Only [`crate::Service::authenticate`] makes one.
#[derive(Clone, Debug)]
pub struct Principal {
    pub(crate) owner: Arc<Owner>,
    pub(crate) session: SessionNo,
    pub(crate) session_id: SessionId,
    pub(crate) expires_at: Timestamp,
}

impl Principal {
    /// The user.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The session that the token belongs to.
    pub const fn session(&self) -> SessionNo {
        self.session
    }

    /// That session's id on the wire.
    pub const fn session_id(&self) -> SessionId {
        self.session_id
    }

    /// When that session ends by itself.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// As the ledger names it.
    pub fn actor(&self) -> Actor {
        Actor::User(self.owner.no)
    }
}
