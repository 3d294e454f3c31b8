//! The store on PostgreSQL, for one node or several. Plain SQL and row locks only.
//!
//! **Invariants:** whoever commits holds the ledger's head, so commits of all nodes come one after another; the server
//! syncs before it answers a COMMIT (`synchronous_commit`, which each connection sets for itself).

mod changes;
mod connection;
mod copy;
mod database;
mod follow;
mod forget;
mod load;
mod migrate;
mod past;
mod read;
mod reader;
mod revocations;
mod rows;
mod service_tokens;
mod sql;
mod sweep;
mod time;
mod tls;
mod views;
mod write;

pub use copy::{PostgresDestination, PostgresSource};
pub use database::{BadUrl, DatabaseUrl, Reach, Settings, SettingsError};
pub use migrate::exists;
pub use reader::PostgresReader;

use connection::{Connection, Pool};
use rollcall_model::event::PasswordHash;
use rollcall_model::factor::MailedCode;
use rollcall_model::failure::{Failure, FailureKey};
use rollcall_model::ids::{RevocationId, Seq, SessionNo};
use rollcall_model::revocation::{FrozenSet, Preview};
use rollcall_model::{
    Clock, Command, Owner, PersonalToken, Randomness, Refused, ServiceNo, SessionId, Timestamp, UserNo,
};
use rollcall_store::chain::BEFORE_THE_FIRST;
use rollcall_store::reading::{EndedSession, FoundUsers, Moment, Names, SignInRow, Stood, UsersSearch};
use rollcall_store::remembered::Remembered;
use rollcall_store::views::{OwnedView, View};
use rollcall_store::{
    Answer, BadEvent, ChainEnd, Committed, Credential, Forgotten, Hindrance, Keeping, KeptRevocation,
    KeptServiceToken, Lease, LedgerRow, LiveSets, Loading, MailQueue, Missed, NamedUser, NodeReport,
    PermissionRow, Settled, SharedStore, Store, StoreError, UsersPage, UsersQuery, WhichUser, WorkspaceRow,
};
use rows::number;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use time::DatabaseTime;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use write::{Committing, NotCommitted};

/// The store in a database.
pub struct PostgresStore(Arc<Inner>);

struct Inner {
    pool: Pool,
    /// What the ledger is followed by: it never waits behind reads.
    follower: Pool,
    writer: Mutex<Writer>,
    randomness: Arc<dyn Randomness>,
    time: DatabaseTime,
    /// Whether the last commit that had something to write found the disk full.
    full: AtomicBool,
}

/// Who commits: one at a time on this node.
#[derive(Default)]
struct Writer {
    connection: Option<Connection>,
    remembered: Remembered,
    closed: bool,
}

/// What is there cannot be what was written.
fn damaged(what: &str) -> StoreError {
    StoreError::Corrupt(what.into())
}

impl PostgresStore {
    /// Opens the store in a database, bringing its schema up to date.
    pub async fn open(reach: Reach, randomness: Arc<dyn Randomness>) -> Result<Self, StoreError> {
        migrate::run(&reach).await?;
        let (connections, follower) = (reach.connections, Pool::new(reach.for_little(), 1));
        let pool = Pool::new(reach, connections);
        let time = DatabaseTime::default();
        let store = Self(Arc::new(Inner {
            pool,
            follower,
            writer: Mutex::default(),
            randomness,
            time,
            full: AtomicBool::default(),
        }));
        // From now on its clock is right.
        store.head().await?;
        Ok(store)
    }

    /// Commits on this node's writing connection.
    async fn commit_batch(
        &self,
        batch: Vec<(Timestamp, &Command)>,
        sets: &dyn LiveSets,
    ) -> Result<Committed, StoreError> {
        let Inner { follower, writer, randomness, .. } = &*self.0;
        let mut writer = writer.lock().await;
        if writer.closed {
            return Err(StoreError::Unavailable("it is closed".into()));
        }
        let kept = writer.connection.take().filter(Connection::is_open);
        let connection = match kept {
            Some(connection) => connection,
            None => Connection::open(follower.reach()).await?,
        };
        let committing = Committing {
            connection: &connection,
            remembered: &mut writer.remembered,
            randomness: &**randomness,
        };
        match committing.commit(&batch, sets).await {
            Ok(committed) => {
                // Only one whose transaction ended as it should is used again.
                writer.connection = Some(connection);
                Ok(committed)
            }
            Err(NotCommitted::Surely(error)) => Err(error),
            Err(NotCommitted::Perhaps(error, committed)) => {
                drop(connection);
                self.settle(error, committed).await
            }
        }
    }

    /// Finds out whether a commit took place.
    async fn settle(&self, error: StoreError, committed: Committed) -> Result<Committed, StoreError> {
        tracing::warn!(%error, "the end of a commit was not heard of: the ledger is asked");
        let asked = async {
            let connection = Connection::open(self.0.pool.reach()).await?;
            write::took_place(&connection, &committed).await
        };
        match asked.await {
            Ok(true) => Ok(committed),
            Ok(false) => Err(error),
            Err(_) => Err(StoreError::InDoubt(error.to_string())),
        }
    }

    /// Reads on a thread where it may wait for whoever takes what was read.
    async fn visit<T: Send + 'static>(
        &self,
        read: impl AsyncFnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (inner, runtime) = (self.0.clone(), Handle::current());
        let reading = spawn_blocking(move || {
            runtime.block_on(async {
                let taken = inner.pool.take().await?;
                let answer = read(taken.connection()).await?;
                taken.give_back();
                Ok(answer)
            })
        });
        reading.await.unwrap_or_else(|_| Err(StoreError::Unavailable("reading broke off".into())))
    }
}

/// Reads on a connection of the pool, or of another one.
macro_rules! on_a_connection {
    ($store:expr, |$connection:ident| $read:expr) => {
        on_a_connection!($store, pool, |$connection| $read)
    };
    ($store:expr, $pool:ident, |$connection:ident| $read:expr) => {
        Box::pin(async move {
            let taken = $store.0.$pool.take().await?;
            let $connection = taken.connection();
            let answer = $read.await?;
            taken.give_back();
            Ok(answer)
        })
    };
}

impl Store for PostgresStore {
    fn commit(
        &self,
        commands: Arc<[Command]>,
        sets: Arc<dyn LiveSets>,
        now: Timestamp,
    ) -> Answer<'_, Committed> {
        Box::pin(async move {
            let batch = commands.iter().map(|command| (now, command)).collect();
            match self.commit_batch(batch, &*sets).await {
                Err(StoreError::DiskFull) => {
                    if !self.0.full.swap(true, Ordering::AcqRel) {
                        tracing::error!("{}", Hindrance::DiskFull);
                    }
                    let answers = vec![Err(Refused::DiskFull); commands.len()];
                    Ok(Committed { events: Vec::new(), answers, end: sets.end().unwrap_or(BEFORE_THE_FIRST) })
                }
                Ok(committed)
                    if !committed.events.is_empty() && self.0.full.swap(false, Ordering::AcqRel) =>
                {
                    tracing::warn!("there is room on the database's disk again: everything is taken");
                    Ok(committed)
                }
                committed => committed,
            }
        })
    }

    fn bulk(&self, steps: Arc<[(Timestamp, Command)]>, sets: Arc<dyn LiveSets>) -> Answer<'_, Committed> {
        Box::pin(async move {
            let batch = steps.iter().map(|(at, command)| (*at, command)).collect();
            self.commit_batch(batch, &*sets).await
        })
    }

    fn end(&self) -> Answer<'_, ChainEnd> {
        on_a_connection!(self, |connection| async { read::head(connection).await.map(|(_, end)| end) })
    }

    fn load(&self, since: Timestamp, mut visit: Box<dyn FnMut(Loading) + Send>) -> Answer<'_, ChainEnd> {
        Box::pin(
            self.visit(async move |connection: &Connection| load::load(connection, since, &mut *visit).await),
        )
    }

    fn catch_up(
        &self,
        after: Seq,
        seen_since: Option<Timestamp>,
        mut visit: Box<dyn FnMut(Loading) + Send>,
    ) -> Answer<'_, ChainEnd> {
        Box::pin(self.visit(async move |connection: &Connection| {
            load::catch_up(connection, after, seen_since, &mut *visit).await
        }))
    }

    fn users(&self, query: UsersQuery) -> Answer<'_, UsersPage> {
        on_a_connection!(self, |connection| read::users(connection, &query))
    }

    fn credential(&self, which: WhichUser) -> Answer<'_, Option<Credential>> {
        on_a_connection!(self, |connection| read::user(connection, &which))
    }

    fn personal_tokens(&self, user: UserNo) -> Answer<'_, Vec<PersonalToken>> {
        on_a_connection!(self, |connection| read::personal_tokens(connection, user))
    }

    fn service_tokens(&self) -> Answer<'_, Vec<KeptServiceToken>> {
        on_a_connection!(self, |connection| service_tokens::service_tokens(connection))
    }

    fn note_service_use(&self, used: Vec<(ServiceNo, Timestamp)>) -> Answer<'_, ()> {
        on_a_connection!(self, |connection| service_tokens::note_use(connection, &used))
    }

    fn password_samples(&self) -> Answer<'_, Vec<PasswordHash>> {
        on_a_connection!(self, |connection| read::password_samples(connection))
    }

    fn users_of_emails(&self, is_asked: Box<dyn Fn(&str) -> bool + Send + Sync>) -> Answer<'_, Vec<UserNo>> {
        on_a_connection!(self, |connection| read::users_of_emails(connection, &*is_asked))
    }

    fn failures(&self, keys: Vec<FailureKey>) -> Answer<'_, HashMap<FailureKey, Failure>> {
        on_a_connection!(self, |connection| read::failures(connection, keys))
    }

    fn permissions(&self) -> Answer<'_, Vec<PermissionRow>> {
        on_a_connection!(self, |connection| read::permissions(connection))
    }

    fn workspace(&self) -> Answer<'_, Option<WorkspaceRow>> {
        on_a_connection!(self, |connection| read::workspace(connection))
    }

    fn ledger(&self, after: Seq, limit: usize) -> Answer<'_, Vec<LedgerRow>> {
        on_a_connection!(self, |connection| read::ledger(connection, after, limit))
    }

    fn ledger_before(&self, before: Seq, limit: usize) -> Answer<'_, Vec<LedgerRow>> {
        on_a_connection!(self, |connection| past::ledger_before(connection, before, limit))
    }

    fn moments(&self, events: Vec<Seq>) -> Answer<'_, Vec<Moment>> {
        on_a_connection!(self, |connection| past::moments(connection, &events))
    }

    fn names(&self, users: Vec<UserNo>, sessions: Vec<SessionNo>) -> Answer<'_, Names> {
        on_a_connection!(self, |connection| past::names(connection, &users, &sessions))
    }

    fn ended_session(&self, id: SessionId) -> Answer<'_, Option<EndedSession>> {
        on_a_connection!(self, |connection| past::ended_session(connection, &id))
    }

    fn session_events(
        &self,
        session: SessionNo,
        ended: Option<Seq>,
        limit: usize,
    ) -> Answer<'_, Vec<LedgerRow>> {
        on_a_connection!(self, |connection| past::session_events(connection, session, ended, limit))
    }

    fn sign_ins_before(&self, before: SessionNo, limit: usize) -> Answer<'_, Vec<SignInRow>> {
        on_a_connection!(self, |connection| past::sign_ins_before(connection, before, limit))
    }

    fn stood(&self, then: Seq, after: SessionNo, limit: usize) -> Answer<'_, Stood> {
        on_a_connection!(self, |connection| past::stood(connection, then, after, limit))
    }

    fn owners(&self, users: Vec<UserNo>) -> Answer<'_, Vec<Owner>> {
        on_a_connection!(self, |connection| past::owners(connection, &users))
    }

    fn find_users(&self, search: UsersSearch) -> Answer<'_, FoundUsers> {
        on_a_connection!(self, |connection| past::find_users(connection, &search))
    }

    fn views(&self, user: UserNo, limit: usize) -> Answer<'_, Vec<OwnedView>> {
        on_a_connection!(self, |connection| views::views(connection, user, limit))
    }

    fn put_view(&self, user: UserNo, view: View, most: usize) -> Answer<'_, bool> {
        on_a_connection!(self, |connection| views::put(connection, user, &view, most))
    }

    fn drop_view(&self, user: UserNo, name: String) -> Answer<'_, bool> {
        on_a_connection!(self, |connection| views::drop(connection, user, &name))
    }

    fn verify(&self) -> Answer<'_, Result<ChainEnd, BadEvent>> {
        on_a_connection!(self, |connection| read::verify(connection, BEFORE_THE_FIRST, &mut |_| ()))
    }

    fn note_seen(&self, seen: Vec<(SessionNo, Timestamp)>) -> Answer<'_, ()> {
        on_a_connection!(self, |connection| sweep::note_seen(connection, &seen))
    }

    fn mailed_codes(&self, user: UserNo) -> Answer<'_, Vec<MailedCode>> {
        on_a_connection!(self, |connection| async {
            read::mailed_codes(connection, &[user])
                .await
                .map(|mut codes| codes.remove(&user).unwrap_or_default())
        })
    }

    fn mails(&self, now: Timestamp, limit: usize) -> Answer<'_, MailQueue> {
        on_a_connection!(self, |connection| read::mails(connection, now, limit))
    }

    fn settle_mails(&self, settled: Vec<(Seq, Settled)>) -> Answer<'_, ()> {
        on_a_connection!(self, |connection| sweep::settle_mails(connection, &settled))
    }

    fn keep_preview(&self, preview: Preview, sessions: FrozenSet, most: usize) -> Answer<'_, ()> {
        on_a_connection!(self, |connection| revocations::keep_preview(connection, &preview, &sessions, most))
    }

    fn revocation(&self, id: RevocationId) -> Answer<'_, Option<KeptRevocation>> {
        on_a_connection!(self, |connection| revocations::revocation(connection, id))
    }

    fn frozen_set(&self, id: RevocationId) -> Answer<'_, Option<FrozenSet>> {
        on_a_connection!(self, |connection| revocations::frozen_set(connection, id))
    }

    fn revocations_under_way(&self) -> Answer<'_, Vec<RevocationId>> {
        on_a_connection!(self, |connection| revocations::under_way(connection))
    }

    fn sweep(&self, now: Timestamp, counters_since: Timestamp, limit: usize) -> Answer<'_, usize> {
        on_a_connection!(self, |connection| sweep::sweep(connection, now, counters_since, limit))
    }

    fn forget(&self, keeping: Keeping) -> Answer<'_, Forgotten> {
        on_a_connection!(self, |connection| forget::forget(connection, &keeping))
    }

    fn named(&self, name: &str) -> Answer<'_, Vec<NamedUser>> {
        let name = name.to_owned();
        on_a_connection!(self, |connection| forget::named(connection, &name))
    }

    fn erase(&self, user: UserNo, after: Seq, limit: usize) -> Answer<'_, Option<Seq>> {
        on_a_connection!(self, |connection| forget::erase(connection, user, after, limit))
    }

    fn hindrance(&self) -> Option<Hindrance> {
        self.0.full.load(Ordering::Acquire).then_some(Hindrance::DiskFull)
    }

    fn shared(&self) -> Option<&dyn SharedStore> {
        Some(self)
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let mut writer = self.0.writer.lock().await;
            writer.closed = true;
            writer.connection = None;
            self.0.pool.close();
            self.0.follower.close();
            Ok(())
        })
    }
}

impl SharedStore for PostgresStore {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.0.time.clone())
    }

    fn head(&self) -> Answer<'_, ChainEnd> {
        on_a_connection!(self, follower, |connection| read::head_and_time(connection, &self.0.time))
    }

    fn missed(&self, after: ChainEnd) -> Answer<'_, Missed> {
        on_a_connection!(self, follower, |connection| follow::missed_by_now(connection, after))
    }

    fn lease(&self, what: Lease, holder: u64, time: Duration) -> Answer<'_, bool> {
        let time = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        on_a_connection!(self, |connection| async {
            let leased = connection.run(sql::LEASE, &[&what.as_str(), &number(holder), &time]).await?;
            Ok(leased == 1)
        })
    }

    fn release(&self, what: Lease, holder: u64) -> Answer<'_, ()> {
        on_a_connection!(self, |connection| async {
            connection.run(sql::RELEASE, &[&what.as_str(), &number(holder)]).await?;
            Ok(())
        })
    }

    fn report(&self, NodeReport { node, followed, lag }: NodeReport) -> Answer<'_, ()> {
        let lag_us = i64::try_from(lag.as_micros()).unwrap_or(i64::MAX);
        on_a_connection!(self, |connection| async {
            connection.run(sql::REPORT, &[&number(node), &number(followed.0), &lag_us]).await?;
            Ok(())
        })
    }

    fn reports(&self, within: Duration) -> Answer<'_, Vec<NodeReport>> {
        let within = i64::try_from(within.as_millis()).unwrap_or(i64::MAX);
        on_a_connection!(self, |connection| async {
            let rows = connection.rows(sql::REPORTS, &[&within]).await?;
            rows.iter().map(rows::node_report).collect::<Result<Vec<_>, _>>()
        })
    }
}

#[cfg(test)]
mod tests;
