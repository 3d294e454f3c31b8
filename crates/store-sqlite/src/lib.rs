//! The store on SQLite: one file in the data directory. One thread writes, two read; each call is a job
//! for one of them. Another brings the log to the disk, another writes it back.
//!
//! **Invariants:** one process holds the directory, by the lock on its file `lock`; the writing connection syncs at
//! each commit (`synchronous = FULL` in WAL mode), or, of one [ahead](Store::commit_ahead), [`Store::settle`] does: so
//! what was answered survives.

mod append;
mod backup;
mod condition;
mod copy;
mod forget;
mod load;
mod log;
mod migrate;
mod open;
mod past;
mod read;
mod reader;
mod reserve;
mod revocations;
mod rows;
mod service_tokens;
mod sql;
mod sweep;
#[cfg(any(test, feature = "tamper"))]
pub mod tamper;
mod unfinished;
mod views;
mod worker;
mod write;
mod write_back;

pub use backup::SqliteBackup;
pub use copy::{SqliteDestination, SqliteSource};
pub use open::{DATABASE, exists};
pub use reader::SqliteReader;
pub use reserve::{RESERVE, kept as kept_in_reserve};
pub use unfinished::{UNFINISHED, UnfinishedStore};

use condition::Condition;
use rollcall_model::event::PasswordHash;
use rollcall_model::factor::MailedCode;
use rollcall_model::failure::{Failure, FailureKey};
use rollcall_model::ids::{RevocationId, Seq, SessionNo};
use rollcall_model::revocation::{FrozenSet, Preview};
use rollcall_model::{
    Command, Owner, PersonalToken, Randomness, ServiceNo, SessionId, Timestamp, UserNo, limits,
};
use rollcall_store::chain::BEFORE_THE_FIRST;
use rollcall_store::directory::{self, Hold};
use rollcall_store::reading::{EndedSession, FoundUsers, Moment, Names, SignInRow, Stood, UsersSearch};
use rollcall_store::remembered::Remembered;
use rollcall_store::views::{OwnedView, View};
use rollcall_store::{
    Answer, BadEvent, ChainEnd, Committed, Credential, Forgotten, Hindrance, Keeping, KeptRevocation,
    KeptServiceToken, LedgerRow, LiveSets, Loading, MailQueue, NamedUser, PermissionRow, Settled, Store,
    StoreError, UsersPage, UsersQuery, WhichUser, WorkspaceRow,
};
use rows::unavailable;
use rusqlite::Connection;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use worker::Worker;
use write::Committing;
use write_back::{PAGES, Pages, WriteBack};

const READERS: usize = 2;

/// The store in a data directory.
pub struct SqliteStore {
    threads: Mutex<Option<Arc<Threads>>>,
    randomness: Arc<dyn Randomness>,
}

struct Threads {
    readers: Vec<Worker>,
    /// Syncs the log beside the commits; one that is being filled has none.
    syncer: Option<Worker>,
    _write_back: Option<WriteBack>,
    // After the others: whoever closes last takes the log into the database, and readers cannot.
    writer: Worker,
    next_reader: AtomicUsize,
    remembered: Arc<Mutex<Remembered>>,
    condition: Arc<Condition>,
    // Let go last, when all connections are closed.
    _hold: Arc<Hold>,
}

impl SqliteStore {
    /// Opens the store in a directory, making both when they are not there. Blocks.
    pub fn open(directory: &Path, randomness: Arc<dyn Randomness>) -> Result<Self, StoreError> {
        Self::open_with(directory, PAGES, randomness)
    }

    fn open_with(
        directory: &Path,
        pages: Pages,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, StoreError> {
        let hold = Arc::new(directory::hold(directory)?);
        open::write_log_anew(directory)?;
        let condition = Arc::new(Condition::with_reserve(directory));
        let mut writer = condition.write(|_| open::writer(directory))?;
        // Now that the directory is known to be ours.
        condition.keep_reserve();
        let log_writer = open::log_writer(directory)?;
        let write_back = WriteBack::start(&mut writer, log_writer, pages, condition.clone())?;
        let syncer = Worker::start("store-sync", limits::WRITER_QUEUE, log::open(directory)?, |_| ())?;
        let beside = Some((syncer, write_back));
        Self::on(hold, writer, beside, || open::reader(directory), condition, randomness)
    }

    /// With what is beside the writer, where it has a log.
    fn on(
        hold: Arc<Hold>,
        writer: Connection,
        beside: Option<(Worker, WriteBack)>,
        reader: impl Fn() -> Result<Connection, StoreError>,
        condition: Arc<Condition>,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, StoreError> {
        let at_the_end = condition.clone();
        let before_closing = move |connection: &Connection| {
            if at_the_end.has_failed_sync() {
                open::leave_log(connection);
            }
        };
        let writer = Worker::start("store-write", limits::WRITER_QUEUE, writer, before_closing)?;
        let readers = (0..READERS)
            .map(|_| Worker::start("store-read", limits::READER_QUEUE, reader()?, |_| ()))
            .collect::<Result<_, _>>()?;
        let (syncer, write_back) = beside.unzip();
        let threads = Threads {
            readers,
            syncer,
            _write_back: write_back,
            writer,
            next_reader: AtomicUsize::new(0),
            remembered: Arc::default(),
            condition,
            _hold: hold,
        };
        Ok(Self { threads: Mutex::new(Some(Arc::new(threads))), randomness })
    }

    fn threads(&self) -> Result<Arc<Threads>, StoreError> {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.clone().ok_or_else(|| StoreError::Unavailable("it is closed".into()))
    }

    /// Commits on the thread that writes, with the disk as it is.
    fn transact(
        &self,
        ahead: bool,
        mut job: impl FnMut(Committing<'_>) -> Result<Committed, StoreError> + Send + 'static,
    ) -> Answer<'_, Committed> {
        let threads = match self.threads() {
            Ok(threads) => threads,
            Err(error) => return Box::pin(async { Err(error) }),
        };
        let (remembered, randomness) = (threads.remembered.clone(), self.randomness.clone());
        let condition = threads.condition.clone();
        threads.writer.run(move |connection| {
            let remembered = &mut *remembered.lock().unwrap_or_else(PoisonError::into_inner);
            let commit =
                |disk_full| job(Committing { connection, remembered, randomness: &*randomness, disk_full });
            let committed = if ahead { condition.write_ahead(commit) } else { condition.write(commit) }?;
            // One in which all was refused says nothing of the disk.
            if !committed.events.is_empty() {
                condition.went_well();
            }
            if condition.is_full() {
                write_back::save_room(connection, &condition);
            }
            Ok(committed)
        })
    }

    /// Writes between commits. On a full disk that waits: no room is kept in reserve for it.
    fn write<T: Send + 'static>(
        &self,
        mut job: impl FnMut(&mut Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Answer<'_, T> {
        self.write_on(move |connection, disk_full| {
            if disk_full { Err(StoreError::DiskFull) } else { job(connection).map_err(unavailable) }
        })
    }

    fn write_on<T: Send + 'static>(
        &self,
        mut job: impl FnMut(&mut Connection, bool) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<'_, T> {
        let threads = match self.threads() {
            Ok(threads) => threads,
            Err(error) => return Box::pin(async { Err(error) }),
        };
        let condition = threads.condition.clone();
        threads.writer.run(move |connection| condition.write(|disk_full| job(connection, disk_full)))
    }

    fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Answer<'_, T> {
        match self.threads() {
            Ok(threads) => {
                let next = threads.next_reader.fetch_add(1, Ordering::Relaxed) % threads.readers.len();
                threads.readers[next].run(|connection| job(connection).map_err(unavailable))
            }
            Err(error) => Box::pin(async { Err(error) }),
        }
    }
}

impl Store for SqliteStore {
    fn commit(
        &self,
        commands: Arc<[Command]>,
        sets: Arc<dyn LiveSets>,
        now: Timestamp,
    ) -> Answer<'_, Committed> {
        self.transact(false, move |mut writing| {
            writing.commit(commands.iter().map(|command| (now, command)), &*sets)
        })
    }

    fn commit_ahead(
        &self,
        commands: Arc<[Command]>,
        sets: Arc<dyn LiveSets>,
        now: Timestamp,
    ) -> Answer<'_, Committed> {
        self.transact(true, move |mut writing| {
            writing.commit_ahead(commands.iter().map(|command| (now, command)), &*sets)
        })
    }

    fn settle(&self) -> Answer<'_, ()> {
        let threads = match self.threads() {
            Ok(threads) => threads,
            Err(error) => return Box::pin(async { Err(error) }),
        };
        let condition = threads.condition.clone();
        match &threads.syncer {
            Some(syncer) => syncer.run(move |connection| condition.write(|_| log::sync(connection))),
            None => Box::pin(async { Ok(()) }),
        }
    }

    fn bulk(&self, steps: Arc<[(Timestamp, Command)]>, sets: Arc<dyn LiveSets>) -> Answer<'_, Committed> {
        self.transact(false, move |mut writing| {
            writing.commit(steps.iter().map(|(at, command)| (*at, command)), &*sets)
        })
    }

    fn end(&self) -> Answer<'_, ChainEnd> {
        self.read(|connection| write::head(connection).map(|(_, end)| end))
    }

    fn load(&self, since: Timestamp, mut visit: Box<dyn FnMut(Loading) + Send>) -> Answer<'_, ChainEnd> {
        self.read(move |connection| load::load(connection, since, &mut visit))
    }

    fn catch_up(
        &self,
        after: Seq,
        seen_since: Option<Timestamp>,
        mut visit: Box<dyn FnMut(Loading) + Send>,
    ) -> Answer<'_, ChainEnd> {
        self.read(move |connection| load::catch_up(connection, after, seen_since, &mut visit))
    }

    fn users(&self, query: UsersQuery) -> Answer<'_, UsersPage> {
        self.read(move |connection| read::users(connection, &query))
    }

    fn credential(&self, which: WhichUser) -> Answer<'_, Option<Credential>> {
        self.read(move |connection| read::user(connection, &which))
    }

    fn personal_tokens(&self, user: UserNo) -> Answer<'_, Vec<PersonalToken>> {
        self.read(move |connection| read::personal_tokens(connection, user))
    }

    fn service_tokens(&self) -> Answer<'_, Vec<KeptServiceToken>> {
        self.read(|connection| service_tokens::service_tokens(connection))
    }

    fn note_service_use(&self, used: Vec<(ServiceNo, Timestamp)>) -> Answer<'_, ()> {
        self.write(move |connection| service_tokens::note_use(connection, &used))
    }

    fn password_samples(&self) -> Answer<'_, Vec<PasswordHash>> {
        self.read(|connection| read::password_samples(connection))
    }

    fn users_of_emails(&self, is_asked: Box<dyn Fn(&str) -> bool + Send + Sync>) -> Answer<'_, Vec<UserNo>> {
        self.read(move |connection| read::users_of_emails(connection, &*is_asked))
    }

    fn failures(&self, keys: Vec<FailureKey>) -> Answer<'_, HashMap<FailureKey, Failure>> {
        self.read(move |connection| write::failures(connection, keys))
    }

    fn permissions(&self) -> Answer<'_, Vec<PermissionRow>> {
        self.read(|connection| read::permissions(connection))
    }

    fn workspace(&self) -> Answer<'_, Option<WorkspaceRow>> {
        self.read(|connection| read::workspace(connection))
    }

    fn ledger(&self, after: Seq, limit: usize) -> Answer<'_, Vec<LedgerRow>> {
        self.read(move |connection| read::ledger(connection, after, limit))
    }

    fn ledger_before(&self, before: Seq, limit: usize) -> Answer<'_, Vec<LedgerRow>> {
        self.read(move |connection| past::ledger_before(connection, before, limit))
    }

    fn moments(&self, events: Vec<Seq>) -> Answer<'_, Vec<Moment>> {
        self.read(move |connection| past::moments(connection, &events))
    }

    fn names(&self, users: Vec<UserNo>, sessions: Vec<SessionNo>) -> Answer<'_, Names> {
        self.read(move |connection| past::names(connection, &users, &sessions))
    }

    fn ended_session(&self, id: SessionId) -> Answer<'_, Option<EndedSession>> {
        self.read(move |connection| past::ended_session(connection, &id))
    }

    fn session_events(
        &self,
        session: SessionNo,
        ended: Option<Seq>,
        limit: usize,
    ) -> Answer<'_, Vec<LedgerRow>> {
        self.read(move |connection| past::session_events(connection, session, ended, limit))
    }

    fn sign_ins_before(&self, before: SessionNo, limit: usize) -> Answer<'_, Vec<SignInRow>> {
        self.read(move |connection| past::sign_ins_before(connection, before, limit))
    }

    fn stood(&self, then: Seq, after: SessionNo, limit: usize) -> Answer<'_, Stood> {
        self.read(move |connection| past::stood(connection, then, after, limit))
    }

    fn owners(&self, users: Vec<UserNo>) -> Answer<'_, Vec<Owner>> {
        self.read(move |connection| past::owners(connection, &users))
    }

    fn find_users(&self, search: UsersSearch) -> Answer<'_, FoundUsers> {
        self.read(move |connection| past::find_users(connection, &search))
    }

    fn views(&self, user: UserNo, limit: usize) -> Answer<'_, Vec<OwnedView>> {
        self.read(move |connection| views::views(connection, user, limit))
    }

    fn put_view(&self, user: UserNo, view: View, most: usize) -> Answer<'_, bool> {
        self.write(move |connection| views::put(connection, user, &view, most))
    }

    fn drop_view(&self, user: UserNo, name: String) -> Answer<'_, bool> {
        self.write(move |connection| views::drop(connection, user, &name))
    }

    fn verify(&self) -> Answer<'_, Result<ChainEnd, BadEvent>> {
        self.read(|connection| read::verify(connection, BEFORE_THE_FIRST, &mut |_| ()))
    }

    fn note_seen(&self, seen: Vec<(SessionNo, Timestamp)>) -> Answer<'_, ()> {
        self.write(move |connection| sweep::note_seen(connection, &seen))
    }

    fn mailed_codes(&self, user: UserNo) -> Answer<'_, Vec<MailedCode>> {
        self.read(move |connection| read::mailed_codes(connection, user))
    }

    fn mails(&self, now: Timestamp, limit: usize) -> Answer<'_, MailQueue> {
        self.read(move |connection| read::mails(connection, now, limit))
    }

    fn settle_mails(&self, settled: Vec<(Seq, Settled)>) -> Answer<'_, ()> {
        // On a full disk too: what is not settled is delivered again.
        self.write_on(move |connection, _| sweep::settle_mails(connection, &settled).map_err(unavailable))
    }

    fn keep_preview(&self, preview: Preview, sessions: FrozenSet, most: usize) -> Answer<'_, ()> {
        self.write(move |connection| revocations::keep_preview(connection, &preview, &sessions, most))
    }

    fn revocation(&self, id: RevocationId) -> Answer<'_, Option<KeptRevocation>> {
        self.read(move |connection| revocations::revocation(connection, id))
    }

    fn frozen_set(&self, id: RevocationId) -> Answer<'_, Option<FrozenSet>> {
        self.read(move |connection| revocations::frozen_set(connection, id))
    }

    fn revocations_under_way(&self) -> Answer<'_, Vec<RevocationId>> {
        self.read(|connection| revocations::under_way(connection))
    }

    fn sweep(&self, now: Timestamp, counters_since: Timestamp, limit: usize) -> Answer<'_, usize> {
        let threads = match self.threads() {
            Ok(threads) => threads,
            Err(error) => return Box::pin(async { Err(error) }),
        };
        let condition = threads.condition.clone();
        threads.writer.run(move |connection| {
            condition.look_for_room();
            let sweep = |disk_full| {
                // What has ended can wait.
                if disk_full {
                    return Ok(0);
                }
                sweep::sweep(connection, now, counters_since, limit).map_err(unavailable)
            };
            condition.write(sweep)
        })
    }

    fn hindrance(&self) -> Option<Hindrance> {
        self.threads().ok().and_then(|threads| threads.condition.hindrance())
    }

    fn forget(&self, keeping: Keeping) -> Answer<'_, Forgotten> {
        self.write(move |connection| forget::forget(connection, &keeping))
    }

    fn named(&self, name: &str) -> Answer<'_, Vec<NamedUser>> {
        let name = name.to_owned();
        self.read(move |connection| forget::named(connection, &name))
    }

    fn erase(&self, user: UserNo, after: Seq, limit: usize) -> Answer<'_, Option<Seq>> {
        self.write(move |connection| forget::erase(connection, user, after, limit))
    }

    fn close(&self) -> Answer<'_, ()> {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Joining the threads blocks for as long as the last commit takes; the caller has nothing else to do.
        drop(threads);
        Box::pin(async { Ok(()) })
    }
}

#[cfg(test)]
mod faults;
#[cfg(test)]
mod tests;
