//! What may be asked of the writer. A command states all that is needed to decide it.

use crate::clock::Timestamp;
use crate::event::{Actor, Observation, PasswordHash};
use crate::failure::{FailureKey, FailureLimit};
use crate::ids::{SessionId, SessionNo, UserNo};
use crate::session::EndReason;
use crate::step_up::AgentDigest;
use crate::token::TokenHash;
use crate::user::{NameKey, NewUser};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// One wish to change something. It succeeds or is refused on its own.
#[derive(Clone, Debug)]
pub enum Command {
    /// Begin the ledger. Refused when it has begun.
    CreateWorkspace {
        /// Whether it is filled with invented people.
        demo: bool,
    },
    /// Make a user.
    CreateUser {
        /// The user.
        user: Box<NewUser>,
        /// Its password's hash.
        password: PasswordHash,
        /// Who makes it.
        by: Actor,
    },
    /// Make the first administrator. Refused when there ever was one.
    CreateFirstAdministrator {
        /// The administrator.
        user: Box<NewUser>,
        /// Its password's hash.
        password: PasswordHash,
    },
    /// Delete a user and end its sessions.
    DeleteUser {
        /// Whom.
        user: UserNo,
        /// Who asks for it.
        by: Actor,
    },
    /// Sign a user in.
    OpenSession(Box<Opening>),
    /// End a session. Refused when it is not live.
    EndSession {
        /// Which.
        session: SessionNo,
        /// Why.
        reason: EndReason,
        /// Who asks for it.
        by: Actor,
    },
    /// Record the endings of sessions whose time is up; those that are not due stay.
    ExpireSessions(Vec<SessionNo>),
    /// Remember a proved second factor.
    PassStepUp(Passing),
    /// Count a wrong guess in each of these counters. Refused, and not counted, when one of them blocks.
    CountFailure(Vec<(FailureKey, FailureLimit)>),
    /// Write down reads and refusals.
    Observe(Vec<Observation>),
}

/// What a sign-in brings.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Whose session.
    pub user: UserNo,
    /// The session's id, drawn by the caller.
    pub id: SessionId,
    /// The digest of its token.
    pub token: TokenHash,
    /// How long it lives.
    pub lifetime: Duration,
    /// Live sessions that the user may have with it.
    pub per_user_max: usize,
    /// The client's address.
    pub ip: IpAddr,
    /// The user agent.
    pub agent: Arc<str>,
    /// The `Host` header.
    pub host: Arc<str>,
    /// Counters of which none may block.
    pub guards: Vec<FailureKey>,
    /// Counters that this success resets.
    pub clears: Vec<FailureKey>,
}

/// What a proved second factor brings.
#[derive(Clone, Copy, Debug)]
pub struct Passing {
    /// Who proved it.
    pub user: UserNo,
    /// On which session.
    pub session: SessionNo,
    /// From which user agent.
    pub agent: AgentDigest,
    /// From which address.
    pub ip: IpAddr,
    /// How long it is remembered.
    pub window: Duration,
}

/// Why a command was not carried out. Nothing of it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The workspace exists.
    WorkspaceExists,
    /// There was an administrator before.
    AdministratorExisted,
    /// The username is somebody's.
    UsernameInUse,
    /// The address is somebody's.
    EmailInUse,
    /// There is no such user.
    NoSuchUser,
    /// The user is deactivated.
    UserNotActive,
    /// It would leave no active administrator.
    LastAdministrator,
    /// The session is not live.
    SessionNotLive,
    /// Too many wrong guesses.
    Blocked(FailureKey),
}

/// What has to be known to decide a batch of commands.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Users by number.
    pub users: Vec<UserNo>,
    /// Usernames: whose are they?
    pub usernames: Vec<NameKey>,
    /// Addresses: whose are they?
    pub emails: Vec<NameKey>,
    /// Sessions by number.
    pub sessions: Vec<SessionNo>,
    /// Users whose sessions are needed, all of them.
    pub sessions_of: Vec<UserNo>,
    /// Counters.
    pub failures: Vec<FailureKey>,
    /// Whether the number of active administrators is needed.
    pub administrators: bool,
}

impl Needs {
    /// What these commands need.
    pub fn of<'a>(commands: impl IntoIterator<Item = &'a Command>) -> Self {
        let mut needs = Self::default();
        for command in commands {
            needs.add(command);
        }
        needs
    }

    fn add(&mut self, command: &Command) {
        match command {
            Command::CreateWorkspace { .. } | Command::Observe(_) => {}
            Command::CreateUser { user, .. } | Command::CreateFirstAdministrator { user, .. } => {
                self.usernames.push(NameKey::of(&user.username));
                self.emails.extend(user.emails.iter().map(|email| NameKey::of(&email.address)));
            }
            Command::DeleteUser { user, .. } => {
                self.users.push(*user);
                self.sessions_of.push(*user);
                self.administrators = true;
            }
            Command::OpenSession(opening) => {
                self.users.push(opening.user);
                self.sessions_of.push(opening.user);
                self.failures.extend(&opening.guards);
            }
            Command::EndSession { session, .. } => self.sessions.push(*session),
            Command::ExpireSessions(sessions) => self.sessions.extend(sessions),
            Command::PassStepUp(passing) => {
                self.sessions.push(passing.session);
                self.failures.push(FailureKey::Code(passing.user));
            }
            Command::CountFailure(keys) => self.failures.extend(keys.iter().map(|(key, _)| key)),
        }
    }
}

/// A carried-out command: where its events stand in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The commit's time.
    pub at: Timestamp,
    /// Its last event; the head before it when the command changed nothing that the ledger tells.
    pub last: crate::ids::Seq,
}
