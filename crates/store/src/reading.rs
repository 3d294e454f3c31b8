//! What is read of the past, a bounded stretch at a time: the ledger backwards, ended sessions, sign-ins, what was live at
//! an instant; and the answers' types.

use crate::NamedUser;
use rollcall_model::ids::{Seq, SessionId, SessionNo, UserNo};
use rollcall_model::user::NameKey;
use rollcall_model::{EndReason, Owner, Timestamp, User};
use std::net::IpAddr;
use std::sync::Arc;

/// An event's time, and how many sessions were live after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The event.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
    /// How many.
    pub live: u64,
}

/// What numbers in the ledger stand for, as far as it is known still.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The users, deleted ones too.
    pub users: Vec<NamedUser>,
    /// The sessions' ids on the wire.
    pub sessions: Vec<(SessionNo, SessionId)>,
}

/// A session that has ended and is not forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSession {
    /// The ledger's number of its opening.
    pub no: SessionNo,
    /// Its id on the wire.
    pub id: SessionId,
    /// Whose it was, as the user is now; it may be deleted.
    pub owner: Owner,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it would have ended by itself.
    pub expires_at: Timestamp,
    /// When its token was last shown.
    pub seen_at: Timestamp,
    /// The client's address at sign-in.
    pub ip: IpAddr,
    /// The user agent at sign-in.
    pub agent: Arc<str>,
    /// The `Host` header at sign-in.
    pub host: Arc<str>,
    /// The ledger's number of its ending.
    pub ended_seq: Seq,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Why.
    pub reason: EndReason,
}

/// A sign-in whose session is live, or ended and not forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInRow {
    /// The session.
    pub no: SessionNo,
    /// When.
    pub at: Timestamp,
    /// From which address.
    pub ip: IpAddr,
    /// With which user agent.
    pub agent: Arc<str>,
}

/// A session that had not ended by an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoodSession {
    /// The ledger's number of its opening.
    pub no: SessionNo,
    /// Its id on the wire; `None` when its user was erased.
    pub id: Option<SessionId>,
    /// Whose it was.
    pub user: UserNo,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Its absolute end.
    pub expires_at: Timestamp,
    /// When it ended, if it has since; by time, the instant at which that was due, which may lie before the event.
    pub ended_at: Option<Timestamp>,
    /// The client's address at sign-in.
    pub ip: IpAddr,
    /// The user agent at sign-in.
    pub agent: Arc<str>,
    /// The `Host` header at sign-in.
    pub host: Arc<str>,
}

/// A stretch of the sessions that had not ended by an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stood {
    /// The sessions, in the order of their numbers.
    pub sessions: Vec<StoodSession>,
    /// The last session that was looked at; `None` when there was none.
    pub up_to: Option<SessionNo>,
}

/// Which users are looked for, in the order of their usernames.
#[derive(Clone, Debug)]
pub struct UsersSearch {
    /// What username, name or an address contains, whatever the case; empty for all.
    pub text: String,
    /// Behind which username to begin.
    pub after: Option<NameKey>,
    /// Users at the most.
    pub limit: usize,
}

/// Users that were found, each with its last sign-in by the sessions that are history.
pub type FoundUsers = Vec<(User, Option<Timestamp>)>;
