//! The store on PostgreSQL, for one node or several. Plain SQL and row locks only.
//!
//! **Invariants:** whoever commits holds the ledger's head, so commits of all nodes come one after another; the server
//! syncs before it answers a COMMIT (`synchronous_commit`, which each connection sets for itself).

mod changes;
mod connection;
mod load;
mod migrate;
mod read;
mod rows;
mod sql;
mod sweep;
mod write;

use connection::{Connection, Pool};
use rollcall_model::event::PasswordHash;
use rollcall_model::factor::MailedCode;
use rollcall_model::facts::Head;
use rollcall_model::failure::{Failure, FailureKey};
use rollcall_model::ids::{Seq, SessionNo};
use rollcall_model::{Command, PersonalToken, Randomness, Timestamp, UserNo};
use rollcall_store::{
    Answer, BadEvent, ChainEnd, Committed, Credential, LedgerRow, LiveSets, Loading, MailQueue,
    PermissionRow, Settled, Store, StoreError, UsersPage, UsersQuery, WhichUser, WorkspaceRow,
};
use rows::unavailable;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio_postgres::Config;
use write::{Committing, TextNumbers};

/// The store in a database.
pub struct PostgresStore(Arc<Inner>);

struct Inner {
    pool: Pool,
    writer: Mutex<Writer>,
    randomness: Arc<dyn Randomness>,
}

/// Who commits: one at a time on this node.
#[derive(Default)]
struct Writer {
    connection: Option<Connection>,
    texts: TextNumbers,
    closed: bool,
}

/// What is there cannot be what was written.
fn damaged(what: &str) -> StoreError {
    StoreError::Corrupt(what.into())
}

impl PostgresStore {
    /// Opens the store in a database, bringing its schema up to date.
    pub async fn open(mut config: Config, randomness: Arc<dyn Randomness>) -> Result<Self, StoreError> {
        config.application_name("rollcall");
        // Whatever the server's own settings are, what was answered survives.
        config.options("-c synchronous_commit=on");
        migrate::run(&config).await?;
        let inner = Inner { pool: Pool::new(config), writer: Mutex::default(), randomness };
        Ok(Self(Arc::new(inner)))
    }

    /// Commits on this node's writing connection.
    async fn commit_batch(
        &self,
        batch: Vec<(Timestamp, &Command)>,
        sets: &dyn LiveSets,
    ) -> Result<Committed, StoreError> {
        let Inner { pool, writer, randomness } = &*self.0;
        let mut writer = writer.lock().await;
        if writer.closed {
            return Err(StoreError::Unavailable("it is closed".into()));
        }
        let kept = writer.connection.take().filter(Connection::is_open);
        let connection = match kept {
            Some(connection) => connection,
            None => Connection::open(pool.config()).await?,
        };
        let committing =
            Committing { connection: &connection, texts: &mut writer.texts, randomness: &**randomness };
        let committed = committing.commit(&batch, sets).await?;
        // Only one whose transaction ended as it should is used again.
        writer.connection = Some(connection);
        Ok(committed)
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

/// Reads on a connection of the pool.
macro_rules! on_a_connection {
    ($store:expr, |$connection:ident| $read:expr) => {
        Box::pin(async move {
            let taken = $store.0.pool.take().await?;
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
            self.commit_batch(batch, &*sets).await
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

    fn load(&self, since: Timestamp, mut visit: Box<dyn FnMut(Loading) + Send>) -> Answer<'_, Head> {
        Box::pin(
            self.visit(async move |connection: &Connection| load::load(connection, since, &mut *visit).await),
        )
    }

    fn catch_up(
        &self,
        after: Seq,
        seen_since: Option<Timestamp>,
        mut visit: Box<dyn FnMut(Loading) + Send>,
    ) -> Answer<'_, Head> {
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

    fn password_samples(&self) -> Answer<'_, Vec<PasswordHash>> {
        on_a_connection!(self, |connection| read::password_samples(connection))
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

    fn verify(&self) -> Answer<'_, Result<ChainEnd, BadEvent>> {
        on_a_connection!(self, |connection| read::verify(connection))
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

    fn sweep(&self, now: Timestamp, counters_since: Timestamp, limit: usize) -> Answer<'_, usize> {
        on_a_connection!(self, |connection| sweep::sweep(connection, now, counters_since, limit))
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let mut writer = self.0.writer.lock().await;
            writer.closed = true;
            writer.connection = None;
            self.0.pool.close();
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests;
