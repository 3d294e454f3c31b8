//! Who is asking, and from where.

use rollcall_index::Bearer;
use rollcall_model::step_up::AgentDigest;
use rollcall_model::{
    Actor, Holder, RoleSet, ServiceNo, ServiceToken, SessionNo, TokenHash, TokenNo, UserId, UserNo,
};
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
#[derive(Clone, Copy, Debug)]
pub struct Principal(pub(crate) Bearer);

impl Principal {
    /// The user.
    pub const fn user(&self) -> UserNo {
        self.0.user
    }

    /// The user's id on the wire.
    pub const fn user_id(&self) -> UserId {
        self.0.user_id
    }

    /// What the user may do.
    pub const fn roles(&self) -> RoleSet {
        self.0.roles
    }

    /// What the token stands for.
    pub(crate) const fn holder(&self) -> Holder {
        self.0.holder
    }

    /// The token.
    pub fn token(&self) -> TokenNo {
        self.0.holder.token()
    }

    /// The token's session; a personal token has none.
    pub const fn session(&self) -> Option<SessionNo> {
        match self.0.holder {
            Holder::Session(no) => Some(no),
            Holder::Personal { .. } => None,
        }
    }

    /// As the ledger names it.
    pub const fn actor(&self) -> Actor {
        Actor::User(self.0.user)
    }
}

/// A program, by the service token that it shows. Only [`crate::Service::authenticate_service`] makes one.
#[derive(Clone, Debug)]
pub struct ServicePrincipal {
    pub(crate) token: Arc<ServiceToken>,
    /// The secret that was shown: there may be two that are good.
    pub(crate) secret: TokenHash,
}

impl ServicePrincipal {
    /// The service token.
    pub fn no(&self) -> ServiceNo {
        self.token.no
    }
}

/// Whoever is asking: a user, or a program.
#[derive(Clone, Debug)]
pub enum AnyPrincipal {
    /// A user.
    User(Principal),
    /// A program.
    Service(ServicePrincipal),
}

impl AnyPrincipal {
    /// As the ledger names it.
    pub fn actor(&self) -> Actor {
        match self {
            Self::User(principal) => principal.actor(),
            Self::Service(principal) => Actor::Service(principal.no()),
        }
    }

    /// The user; a program acts for none.
    pub const fn user(&self) -> Option<&Principal> {
        match self {
            Self::User(principal) => Some(principal),
            Self::Service(_) => None,
        }
    }

    /// The session that it calls with, where it has one.
    pub fn session(&self) -> Option<SessionNo> {
        self.user().and_then(Principal::session)
    }
}
