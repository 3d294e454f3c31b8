//! The store's contract: every engine keeps the ledger and the rows of the present, and is asked
//! through [`Store`] and nothing else. The [`suite`] holds the behaviour that all engines share.
//!
//! **Invariants**
//! - An event and the rows that it changes are written in one transaction; when [`Store::commit`] has
//!   answered, both survive a crash.
//! - Events are numbered from 1 without gaps, in the order of commits, and chained by [`chain`].
//! - Commands are decided by `rollcall_model::decide`, under the locked head, by no engine itself.

pub mod chain;
pub mod copy;
pub mod directory;
pub mod reading;
pub mod remembered;
mod revocations;
mod service_tokens;
mod shared;
#[cfg(feature = "suite")]
pub mod suite;
pub mod views;

use reading::{EndedSession, FoundUsers, Moment, Names, SignInRow, Stood, UsersSearch};
pub use revocations::KeptRevocation;
use rollcall_model::event::{Envelope, PasswordHash};
use rollcall_model::factor::{Authenticator, Factors, KeyFingerprint, MailedCode, SealedSeed};
use rollcall_model::failure::{Failure, FailureKey};
use rollcall_model::ids::{Seq, SessionNo, UserId, UserNo};
use rollcall_model::mail::SealedMail;
use rollcall_model::revocation::{FrozenSet, Preview};
use rollcall_model::step_up::Window;
use rollcall_model::user::{NameKey, User};
use rollcall_model::{
    AddressKey, Command, Event, Owner, Permission, PersonalToken, Receipt, Refused, RevocationId, RoleSet,
    ServiceNo, ServiceToken, Session, SessionId, Timestamp,
};
pub use service_tokens::KeptServiceToken;
pub use shared::{Lease, NodeReport, SharedStore};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use views::{OwnedView, View};

/// What an engine promises to answer.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Why an engine did not answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine cannot be reached, is full, or failed; whether a commit took place is said by a restart.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// What is stored is not what this program wrote.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// Somebody else holds it, or it is of another version: says what to do.
    #[error("{0}")]
    NotOurs(String),
    /// The engine does not take what was to be written; nothing of it was.
    #[error("the store does not take it: {0}")]
    Rejected(String),
    /// The disk is full. Nothing of it was written.
    #[error("the disk is full: make room on the disk that the store is on")]
    DiskFull,
    /// What was written did not come to the disk, and what the disk holds of it is not known. Nothing more is written
    /// until the store is opened anew, which finds out.
    #[error("a sync failed, and nothing more is written before a restart: {0}")]
    SyncFailed(String),
    /// The connection broke at the end of a commit: whether it took place is not known.
    #[error("whether a commit took place is not known: {0}")]
    InDoubt(String),
    /// The ledger is not the one any more that was followed: it ends before the event, or has another one there.
    #[error("the ledger has another event {0} than it had, or none")]
    Forked(Seq),
}

/// The ledger and the rows of the present.
pub trait Store: Send + Sync + 'static {
    /// Decides the commands on the rows under the locked head, each on its own, and writes what they do
    /// in one durable commit. `sets` knows which sessions a user has, up to the head.
    fn commit(
        &self,
        commands: Arc<[Command]>,
        sets: Arc<dyn LiveSets>,
        now: Timestamp,
    ) -> Answer<'_, Committed>;

    /// The same, answered before it is durable: the next commands are decided on it meanwhile, while nobody is told of
    /// it yet. It is durable when [`settle`](Self::settle), asked afterwards, has answered.
    fn commit_ahead(
        &self,
        commands: Arc<[Command]>,
        sets: Arc<dyn LiveSets>,
        now: Timestamp,
    ) -> Answer<'_, Committed> {
        self.commit(commands, sets, now)
    }

    /// Answers when all is durable that was committed before this was asked.
    fn settle(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// The same for commands that bring their own times, in order: how a made-up past is written.
    fn bulk(&self, steps: Arc<[(Timestamp, Command)]>, sets: Arc<dyn LiveSets>) -> Answer<'_, Committed>;

    /// Where the ledger ends.
    fn end(&self) -> Answer<'_, ChainEnd>;

    /// Gives everything that the index needs, sessions in order of their numbers, chunk by chunk, and
    /// where the ledger ends that it stands for. Addresses of ended sessions are given back to `since`.
    fn load(&self, since: Timestamp, visit: Box<dyn FnMut(Loading) + Send>) -> Answer<'_, ChainEnd>;

    /// Gives what an index needs besides that holds what [`load`](Self::load) had given of sessions up to an event:
    /// which sessions ended since, which were opened and stand, addresses of those that do not, users that changed,
    /// and, from `seen_since` on, when sessions were last seen; of all else, everything.
    fn catch_up(
        &self,
        after: Seq,
        seen_since: Option<Timestamp>,
        visit: Box<dyn FnMut(Loading) + Send>,
    ) -> Answer<'_, ChainEnd>;

    /// A page of the users that are not deleted, and how many they are on all pages.
    fn users(&self, query: UsersQuery) -> Answer<'_, UsersPage>;

    /// A user with its password's hash and factors. Deleted users are not found.
    fn credential(&self, which: WhichUser) -> Answer<'_, Option<Credential>>;

    /// A user's personal access tokens, in the order of their making.
    fn personal_tokens(&self, user: UserNo) -> Answer<'_, Vec<PersonalToken>>;

    /// All service tokens that there ever were, in the order of their making: who did something stays known by its name.
    fn service_tokens(&self) -> Answer<'_, Vec<KeptServiceToken>>;

    /// Takes note between commits of when service tokens were last used: the row of each keeps the latest.
    fn note_service_use(&self, used: Vec<(ServiceNo, Timestamp)>) -> Answer<'_, ()>;

    /// A hash of each kind and cost that users have: how slow the slowest is can be tried on them.
    fn password_samples(&self) -> Answer<'_, Vec<PasswordHash>>;

    /// The users that are not deleted, of whom an e-mail address is one that is asked for. All addresses are gone through.
    fn users_of_emails(&self, is_asked: Box<dyn Fn(&str) -> bool + Send + Sync>) -> Answer<'_, Vec<UserNo>>;

    /// Those of the counters that stand.
    fn failures(&self, keys: Vec<FailureKey>) -> Answer<'_, HashMap<FailureKey, Failure>>;

    /// Every permission with the roles that hold it, and when that last changed.
    fn permissions(&self) -> Answer<'_, Vec<PermissionRow>>;

    /// The workspace itself: `None` before its ledger has begun.
    fn workspace(&self) -> Answer<'_, Option<WorkspaceRow>>;

    /// A stretch of the ledger after `after`, at most `limit` events.
    fn ledger(&self, after: Seq, limit: usize) -> Answer<'_, Vec<LedgerRow>>;

    /// A stretch of the ledger before `before`, the newest event first, at most `limit` events.
    fn ledger_before(&self, before: Seq, limit: usize) -> Answer<'_, Vec<LedgerRow>>;

    /// Times of these events, as many as there are, in their order.
    fn moments(&self, events: Vec<Seq>) -> Answer<'_, Vec<Moment>>;

    /// What these numbers stand for.
    fn names(&self, users: Vec<UserNo>, sessions: Vec<SessionNo>) -> Answer<'_, Names>;

    /// A session that has ended, by its id on the wire, unless it is forgotten or its user was erased.
    fn ended_session(&self, id: SessionId) -> Answer<'_, Option<EndedSession>>;

    /// The events of a session, the oldest first, at most `limit` of those between its opening and its ending.
    fn session_events(
        &self,
        session: SessionNo,
        ended: Option<Seq>,
        limit: usize,
    ) -> Answer<'_, Vec<LedgerRow>>;

    /// Sign-ins before `before` whose sessions are live, or ended and not forgotten, the newest first.
    fn sign_ins_before(&self, before: SessionNo, limit: usize) -> Answer<'_, Vec<SignInRow>>;

    /// Looks at the next `limit` sessions behind `after` that were opened up to the event `then`, live ones and ended ones
    /// that are not forgotten, and gives those that had not ended by it.
    fn stood(&self, then: Seq, after: SessionNo, limit: usize) -> Answer<'_, Stood>;

    /// Users as they are now, deleted ones too.
    fn owners(&self, users: Vec<UserNo>) -> Answer<'_, Vec<Owner>>;

    /// Users that a text finds, in the order of their usernames.
    fn find_users(&self, search: UsersSearch) -> Answer<'_, FoundUsers>;

    /// Saved filters that a user sees: its own and, of others that are not deleted, those that are shared; by name, at
    /// most `limit`.
    fn views(&self, user: UserNo, limit: usize) -> Answer<'_, Vec<OwnedView>>;

    /// Keeps a filter for a user, in the place of one of the same name; not when it has `most` others already.
    fn put_view(&self, user: UserNo, view: View, most: usize) -> Answer<'_, bool>;

    /// Drops a user's filter of this name; tells whether there was one.
    fn drop_view(&self, user: UserNo, name: String) -> Answer<'_, bool>;

    /// Reads the whole chain and says where it ends, or names the first event that is not as written.
    fn verify(&self) -> Answer<'_, Result<ChainEnd, BadEvent>>;

    /// Takes note between commits of when sessions were last seen: the row of each, in history too, keeps the
    /// latest. Sessions that there are none of are passed over.
    fn note_seen(&self, seen: Vec<(SessionNo, Timestamp)>) -> Answer<'_, ()>;

    /// The codes that were mailed to a user and not used, good or not, the first to end first.
    fn mailed_codes(&self, user: UserNo) -> Answer<'_, Vec<MailedCode>>;

    /// Up to `limit` mails of the queue that are due or of no use any more, those first, else in the order in
    /// which they were queued; and how many wait in all.
    fn mails(&self, now: Timestamp, limit: usize) -> Answer<'_, MailQueue>;

    /// Writes down what became of mails. It is no event: that they were queued is.
    fn settle_mails(&self, settled: Vec<(Seq, Settled)>) -> Answer<'_, ()>;

    /// Keeps a preview and the sessions that it froze. Of its maker's that were not begun, so many stay with it, the
    /// newest.
    fn keep_preview(&self, preview: Preview, sessions: FrozenSet, most: usize) -> Answer<'_, ()>;

    /// A preview, and what became of it.
    fn revocation(&self, id: RevocationId) -> Answer<'_, Option<KeptRevocation>>;

    /// The sessions that a preview froze; they are kept until they are ended.
    fn frozen_set(&self, id: RevocationId) -> Answer<'_, Option<FrozenSet>>;

    /// The revocations that are begun and not finished, the one first that was begun first.
    fn revocations_under_way(&self) -> Answer<'_, Vec<RevocationId>>;

    /// Upkeep between commits: moves up to `limit` ended sessions to history, and forgets step-up windows,
    /// mailed codes and previews that are over, and counters that block nobody and began before `counters_since`. Answers
    /// how many sessions were moved.
    fn sweep(&self, now: Timestamp, counters_since: Timestamp, limit: usize) -> Answer<'_, usize>;

    /// Upkeep between commits: forgets what is older than it is to be kept, a step at a time; receipts as long as
    /// details.
    fn forget(&self, keeping: Keeping) -> Answer<'_, Forgotten>;

    /// All users of a name: an id, a username or an address of one that is there, or an id or a username of one that
    /// was deleted.
    fn named(&self, name: &str) -> Answer<'_, Vec<NamedUser>>;

    /// Erases what the details of events, the history and the queue of mails hold of a user, of at most `limit`
    /// events after one. Answers how far it came; `None` when there were no more.
    fn erase(&self, user: UserNo, after: Seq, limit: usize) -> Answer<'_, Option<Seq>>;

    /// Why it does not take all that is asked of it; `None` when it does. It is as of the last attempt to write.
    fn hindrance(&self) -> Option<Hindrance> {
        None
    }

    /// What is asked besides of a store that other nodes commit to; `None` where nobody else does.
    fn shared(&self) -> Option<&dyn SharedStore> {
        None
    }

    /// Finishes what was accepted and closes the engine.
    fn close(&self) -> Answer<'_, ()>;
}

/// What is to be kept: whatever is of these instants or later.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    /// Details of events.
    pub details_since: Timestamp,
    /// Sessions, by their end.
    pub ended_since: Timestamp,
    /// The session in history behind which to look at the next ones.
    pub after: SessionNo,
    /// Details to forget, and sessions to look at, at the most.
    pub limit: usize,
}

/// What was forgotten in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// Details of events.
    pub details: usize,
    /// Ended sessions.
    pub sessions: usize,
    /// Behind which session to look next.
    pub after: SessionNo,
}

/// A user, deleted or not, that goes by a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedUser {
    /// Its number.
    pub no: UserNo,
    /// Its id on the wire.
    pub id: UserId,
    /// Its username; empty when it was erased.
    pub username: String,
    /// Whether it was deleted.
    pub is_deleted: bool,
}

/// Why a store does not take all that is asked of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Hindrance {
    /// Only that is taken which room is kept in reserve for: [`Command::has_reserve`]; of a database, nothing may be.
    #[error(
        "the disk is full: make room on the disk that the store is on; with a data directory, sessions can be ended \
         meanwhile, and little else"
    )]
    DiskFull,
    /// Nothing is written, for as long as this process runs.
    #[error("a sync of the disk failed: nothing is written until the server is restarted")]
    SyncFailed,
    /// The last write failed; the next one is tried.
    #[error("the last write failed: {0}")]
    Failing(String),
}

/// What commits changed, for an index that stood at an event before them. It says what is so by now: taking it in
/// once more changes nothing.
#[derive(Clone, Debug)]
pub struct Missed {
    /// Where the ledger ends with it.
    pub end: ChainEnd,
    /// What changed, in this order.
    pub pieces: Vec<Loading>,
    /// Users that were made. An index holds nobody without a session, but a node has to know how slow the hashes of
    /// passwords are.
    pub made: Vec<UserNo>,
}

/// What is known of who has which sessions: the index of the node that commits.
pub trait LiveSets: Send + Sync {
    /// All sessions of the user that have not been ended, the one not seen for longest first.
    fn sessions_of(&self, user: UserNo) -> Vec<SessionNo>;

    /// How many they are.
    fn count_of(&self, user: UserNo) -> usize {
        self.sessions_of(user).len()
    }

    /// Where the ledger ended that it stands for, when it is to be brought up to the head; only a store that is
    /// shared asks.
    fn end(&self) -> Option<ChainEnd> {
        None
    }

    /// Takes in what others committed up to the head, which is locked.
    fn take_in(&self, missed: Missed) {
        drop(missed);
    }
}

/// A batch, committed.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Its events, in order.
    pub events: Vec<Event>,
    /// One answer to each command.
    pub answers: Vec<Result<Receipt, Refused>>,
    /// Where the ledger ends with it.
    pub end: ChainEnd,
}

/// The ledger's last event and its hash: whoever keeps it elsewhere can hold the ledger against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainEnd {
    /// The last event.
    pub seq: Seq,
    /// Its hash.
    pub hash: chain::Hash,
}

/// The first event that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadEvent {
    /// Its place.
    pub seq: Seq,
    /// What is wrong with it.
    pub what: String,
}

/// A piece of what the index starts from.
#[derive(Clone, Debug)]
pub enum Loading {
    /// Sessions that have not been ended, each with the time it was last seen.
    Sessions(Vec<(Session, Timestamp)>),
    /// Sessions that have ended.
    Ended(Vec<SessionNo>),
    /// A user as it is now.
    Owner(Owner),
    /// A user was erased: what is remembered of its addresses is of nobody any more.
    Erased(UserNo),
    /// When sessions were last seen.
    Seen(Vec<(SessionNo, Timestamp)>),
    /// An address from which a user opened a session that has ended since.
    Address {
        /// Who.
        user: UserNo,
        /// From where.
        from: AddressKey,
        /// When.
        opened_at: Timestamp,
    },
    /// A step-up window.
    Window(Window),
    /// A personal access token.
    Personal(PersonalToken),
    /// All personal access tokens that a user has, whatever it had before.
    PersonalOf(UserNo, Vec<PersonalToken>),
    /// All service tokens that are not revoked, whatever there was before.
    ServiceTokens(Vec<ServiceToken>),
    /// The factors of a user.
    Factors(UserNo, Factors),
    /// Which roles hold a permission.
    Permission(PermissionRow),
}

/// How a user is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhichUser {
    /// By its number.
    No(UserNo),
    /// By its id on the wire.
    Id(UserId),
    /// By its username.
    Username(NameKey),
    /// By one of its addresses.
    Email(NameKey),
}

/// What a sign-in is checked against.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The user.
    pub user: User,
    /// The hash of its password.
    pub password: PasswordHash,
    /// Its authenticator and the seed, enrolled or begun.
    pub authenticator: Option<(Authenticator, SealedSeed)>,
    /// Recovery codes that are left.
    pub recovery_left: u32,
    /// Whether it wants to be asked for codes by mail.
    pub wants_mail: bool,
    /// When it last signed in, by the sessions that are history; a session that stands says it itself.
    pub last_login_at: Option<Timestamp>,
}

impl Credential {
    /// Its authenticator and the seed, when it is enrolled.
    pub fn enrolled(&self) -> Option<&(Authenticator, SealedSeed)> {
        self.authenticator.as_ref().filter(|(authenticator, _)| authenticator.is_enrolled())
    }

    /// The address that mails go to: the first verified one.
    pub fn address(&self) -> Option<&str> {
        self.user.emails.iter().find(|email| email.verified).map(|email| &*email.address)
    }

    /// The factors that it is asked for.
    pub fn factors(&self) -> Factors {
        Factors {
            authenticator: self.enrolled().is_some(),
            mail: self.wants_mail && self.address().is_some(),
        }
    }
}

/// The mails that wait to be delivered.
#[derive(Clone, Debug, Default)]
pub struct MailQueue {
    /// Those that are due.
    pub due: Vec<QueuedMail>,
    /// How many wait in all, due or not.
    pub waiting: u64,
}

/// A mail that waits to be delivered.
#[derive(Clone, Debug)]
pub struct QueuedMail {
    /// The event that queued it.
    pub no: Seq,
    /// What it is about, in a word.
    pub about: String,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// From when on it is of no use.
    pub until: Timestamp,
    /// How often it was put off.
    pub attempts: u32,
    /// What it says.
    pub sealed: SealedMail,
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It was delivered, or never will be: it waits no more.
    Gone,
    /// It was put off, and is due again then.
    PutOff(Timestamp),
}

/// Which users, in which order.
#[derive(Clone, Debug)]
pub struct UsersQuery {
    /// Only those with this address.
    pub email: Option<NameKey>,
    /// The first key first, and whether it falls; ties break by when they were made.
    pub sort: Vec<(UserSortKey, bool)>,
    /// Users that are skipped.
    pub offset: usize,
    /// Users at the most.
    pub count: usize,
}

/// What users can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserSortKey {
    /// The username, ignoring case.
    Username,
    /// The name, ignoring case; a missing one is lowest.
    Name,
    /// When they were made.
    CreatedAt,
    /// When they last signed in; never is lowest.
    LastLogin,
    /// Deactivated ones are lower.
    Active,
}

impl UserSortKey {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Username, Self::Name, Self::CreatedAt, Self::LastLogin, Self::Active];
}

/// A page of users.
#[derive(Clone, Debug)]
pub struct UsersPage {
    /// The users, each with its last sign-in by the sessions that are history.
    pub users: Vec<(User, Option<Timestamp>)>,
    /// How many there are on all pages.
    pub total: u64,
}

/// Which roles hold a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PermissionRow {
    /// The permission.
    pub permission: Permission,
    /// The roles.
    pub roles: RoleSet,
    /// When that last changed.
    pub updated_at: Timestamp,
}

/// The workspace's own row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkspaceRow {
    /// Whether it is a test workspace: filled with invented people.
    pub test: bool,
    /// Whether there ever was an administrator.
    pub had_administrator: bool,
    /// Whether there ever was a user.
    pub had_users: bool,
    /// The cluster key that the store is sealed with.
    pub key: Option<KeyFingerprint>,
}

/// An event as the ledger keeps it.
#[derive(Clone, Debug)]
pub struct LedgerRow {
    /// The numbers.
    pub envelope: Envelope,
    /// The digest of salt and detail.
    pub digest: chain::Hash,
    /// The event's link of the chain.
    pub hash: chain::Hash,
    /// Salt and detail, unless erased.
    pub detail: Option<Vec<u8>>,
}
