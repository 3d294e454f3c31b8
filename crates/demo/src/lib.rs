//! A believable made-up workspace: members, their devices and networks, and a month of signing in and out.
//!
//! [`Workspace::plan`] makes it from a seed, a [`Size`] and the instant that is now; [`Workspace::timeline`] tells it
//! in order, for whoever plays it into a store on a clock of its own. Nothing here reads a clock or does I/O.
//!
//! **Invariants**: the same seed, size and now give the same workspace on every machine. Members are in the order
//! they joined, visits in the order they were opened. A member is never signed in more than [`LIVE_AT_ONCE_MAX`]
//! times. All time, and memory beside the result, is linear in the size.

mod devices;
mod habits;
mod names;
mod networks;
mod people;
mod plan;
mod random;
mod rhythm;
mod shares;
mod timeline;

use std::net::IpAddr;
use std::sync::Arc;

pub use timeline::Happening;

/// How often one member may be signed in at one instant: at the next, a server would end one by itself.
pub const LIVE_AT_ONCE_MAX: u16 = 50;

/// How large a workspace is. The numbers are met exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Members.
    pub users: u32,
    /// Visits that have not ended.
    pub live_sessions: u32,
    /// Visits that have ended.
    pub ended_sessions: u32,
    /// How far back the visits go; 0 is taken as 1.
    pub days: u32,
}

impl Size {
    /// What `--demo` shows.
    pub const DEMO: Self = Self { users: 300, live_sessions: 1_200, ended_sessions: 900, days: 30 };
}

/// Somebody with an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    /// Of `[0-9a-zA-Z-_.]`; unique whatever the case.
    pub username: String,
    /// The display name, in the member's own script.
    pub name: Option<String>,
    /// Unique, at example.org.
    pub email: String,
    /// Before the first visit.
    pub joined_at_ms: i64,
}

/// One session, from its opening.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Visit {
    /// Whose: the place in [`Workspace::members`].
    pub member: u32,
    /// When it was opened.
    pub opened_at_ms: i64,
    /// Its end; a live one has none.
    pub ended: Option<Ended>,
    /// The user agent. Equal ones are one string: `Arc::ptr_eq` tells them apart within a workspace.
    pub agent: Arc<str>,
    /// The host name the server was called by.
    pub host: &'static str,
    /// The client's address, from a range that belongs to nobody.
    pub ip: IpAddr,
}

/// The end of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ended {
    /// After the opening and before now.
    pub at_ms: i64,
    /// By whom.
    pub how: How,
}

/// How a visit came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// Its member signed out.
    SignedOut,
    /// Its member ended it from another session.
    ByMember,
    /// Its member ended all of them.
    Everywhere,
    /// Its member was given another password.
    PasswordSet,
    /// Its member enrolled a factor from another session.
    FactorEnrolled,
    /// An administrator ended it.
    ByAdministrator,
    /// Its member was let in again by the operator.
    Unlocked,
    /// It was not used for days.
    Idle,
}

/// A workspace as planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// In the order they joined.
    pub members: Vec<Member>,
    /// In the order they were opened.
    pub visits: Vec<Visit>,
}
