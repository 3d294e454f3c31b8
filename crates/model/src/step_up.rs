//! The memory of a second factor: while it lasts, no further code is asked for.

use crate::clock::Timestamp;
use crate::ids::TokenNo;
use std::fmt;
use std::net::IpAddr;

/// A proved second factor: it holds for one token, from one user agent and one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The token it holds for; it ends with it.
    pub token: TokenNo,
    /// The user agent it holds for.
    pub agent: AgentDigest,
    /// The address it holds for.
    pub ip: IpAddr,
    /// From when on a code is asked for again.
    pub until: Timestamp,
}

impl Window {
    /// Whether a call from this client at `now` needs no code.
    pub fn covers(&self, agent: AgentDigest, ip: IpAddr, now: Timestamp) -> bool {
        self.agent == agent && self.ip == ip && now < self.until
    }
}

/// The first 16 bytes of a user agent's SHA-256: agents are only compared, never shown from here.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AgentDigest(pub [u8; 16]);

impl fmt::Debug for AgentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgentDigest(…)")
    }
}
