//! Connections: each with all statements prepared, a few of them kept.
//!
//! **Invariant:** a connection on which a transaction did not end as it should is never used again: the server takes
//! back what it had begun.

use crate::rows::unavailable;
use crate::sql;
use futures_util::future::{join_all, try_join_all};
use rollcall_store::StoreError;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Row, Statement};

/// How long a connection may take to be made.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// Connections at once, beside the one that commits.
const READERS: usize = 4;

/// What a statement is given.
pub type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection to the database.
pub struct Connection {
    client: Client,
    statements: HashMap<&'static str, Statement>,
}

impl Connection {
    /// Connects, without preparing anything.
    pub async fn bare(config: &Config) -> Result<Client, StoreError> {
        let connecting = tokio::time::timeout(CONNECT_TIME, config.connect(NoTls));
        let (client, connection) = connecting
            .await
            .map_err(|_| StoreError::Unavailable("the database does not answer".into()))?
            .map_err(unavailable)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the database ended");
            }
        });
        Ok(client)
    }

    /// Connects.
    pub async fn open(config: &Config) -> Result<Self, StoreError> {
        let client = Self::bare(config).await?;
        let prepared = try_join_all(sql::ALL.iter().map(|sql| client.prepare(sql)));
        let prepared = prepared.await.map_err(unavailable)?;
        let statements = sql::ALL.iter().copied().zip(prepared).collect();
        Ok(Self { client, statements })
    }

    /// Whether it can be used.
    pub fn is_open(&self) -> bool {
        !self.client.is_closed()
    }

    /// The database's side of it, for what is no statement of [`sql`].
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// A statement, prepared: each of [`sql`] is.
    pub fn statement(&self, sql: &'static str) -> &Statement {
        &self.statements[sql]
    }

    /// The rows of a statement.
    pub async fn rows(&self, sql: &'static str, values: Values<'_>) -> Result<Vec<Row>, StoreError> {
        // Some KB each, and many of them are sent at once.
        Box::pin(self.client.query(self.statement(sql), values)).await.map_err(unavailable)
    }

    /// The row of a statement, if there is one.
    pub async fn row(&self, sql: &'static str, values: Values<'_>) -> Result<Option<Row>, StoreError> {
        Box::pin(self.client.query_opt(self.statement(sql), values)).await.map_err(unavailable)
    }

    /// Runs a statement, and gives how many rows it changed.
    pub async fn run(&self, sql: &'static str, values: Values<'_>) -> Result<u64, StoreError> {
        Box::pin(self.client.execute(self.statement(sql), values)).await.map_err(unavailable)
    }

    /// A command without values, such as `BEGIN`.
    pub async fn command(&self, command: &str) -> Result<(), StoreError> {
        self.client.batch_execute(command).await.map_err(unavailable)
    }
}

/// All of some statements that were sent behind one another; the first error, if there is one.
pub async fn all<T>(
    sent: impl IntoIterator<Item = impl Future<Output = Result<T, StoreError>>>,
) -> Result<Vec<T>, StoreError> {
    // To the end of all of them: an answer that nobody waits for would be taken for that of the next statement's.
    join_all(sent).await.into_iter().collect()
}

/// An answer where it is wanted, and nothing where it is not.
pub async fn wanted<T: Default>(
    wanted: bool,
    answer: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    if wanted { answer.await } else { Ok(T::default()) }
}

/// Connections that are kept.
pub struct Pool {
    config: Config,
    idle: Mutex<Vec<Connection>>,
    places: Semaphore,
}

/// A connection out of the pool. It goes back with [`Taken::give_back`]; dropped, it is closed.
pub struct Taken<'a> {
    pool: &'a Pool,
    connection: Connection,
    _place: SemaphorePermit<'a>,
}

impl Pool {
    /// A pool of connections that are made when they are needed.
    pub fn new(config: Config) -> Self {
        Self { config, idle: Mutex::default(), places: Semaphore::new(READERS) }
    }

    /// How to connect.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Takes a connection, or waits for one.
    pub async fn take(&self) -> Result<Taken<'_>, StoreError> {
        let closed = |_| StoreError::Unavailable("it is closed".into());
        let place = self.places.acquire().await.map_err(closed)?;
        let kept = self.idle().pop().filter(Connection::is_open);
        let connection = match kept {
            Some(connection) => connection,
            None => Connection::open(&self.config).await?,
        };
        Ok(Taken { pool: self, connection, _place: place })
    }

    /// Closes all that are idle, and gives no more.
    pub fn close(&self) {
        self.places.close();
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken<'_> {
    /// The connection.
    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Puts it back, for others.
    pub fn give_back(self) {
        self.pool.idle().push(self.connection);
    }
}
