//! Connections: each with all statements prepared, a few of them kept.
//!
//! **Invariant:** a connection on which a transaction did not end as it should is never used again: the server takes
//! back what it had begun.

use crate::database::Reach;
use crate::rows::unavailable;
use crate::sql;
use bytes::Bytes;
use futures_util::future::{join_all, try_join_all};
use rollcall_store::StoreError;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, CopyInSink, Error, NoTls, Row, RowStream, Statement};

/// What a statement is given.
pub type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// What is newer than an event is little, which a planner does not know: it takes a third of the table for it, or what
/// its last statistics say, and reads all of the ledger, and all users beside it, to find a dozen rows, or starts other
/// processes to help. By keys, the plan hangs on no value, and is made once.
const BY_KEYS: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
     SET max_parallel_workers_per_gather = 0; SET plan_cache_mode = force_generic_plan";

/// A connection to the database.
pub struct Connection {
    client: Client,
    statements: HashMap<&'static str, Statement>,
    /// How long to wait for an answer: a server that is gone says nothing.
    answer_timeout: Duration,
    /// Whether each commit is a part of one transaction.
    is_within: bool,
}

impl Connection {
    /// Connects, without preparing anything.
    pub async fn bare(reach: &Reach) -> Result<Client, StoreError> {
        in_time(reach.connect_timeout, async {
            match reach.tls.clone() {
                Some(tls) => reach.config.connect(tls).await.map(|(client, rest)| (client, follow(rest))),
                None => reach.config.connect(NoTls).await.map(|(client, rest)| (client, follow(rest))),
            }
        })
        .await
        .map(|(client, ())| client)
    }

    /// Connects.
    pub async fn open(reach: &Reach) -> Result<Self, StoreError> {
        let client = Self::bare(reach).await?;
        if reach.asks_for_little {
            in_time(reach.answer_timeout, client.batch_execute(BY_KEYS)).await?;
        }
        Self::over(client, reach, false).await
    }

    /// Takes over a connection on which a transaction has begun: commits are parts of it.
    pub async fn within_a_transaction(client: Client, reach: &Reach) -> Result<Self, StoreError> {
        Self::over(client, reach, true).await
    }

    async fn over(client: Client, reach: &Reach, is_within: bool) -> Result<Self, StoreError> {
        let prepared = try_join_all(sql::ALL.iter().map(|sql| client.prepare(sql)));
        let prepared = in_time(reach.answer_timeout, prepared).await?;
        let statements = sql::ALL.iter().copied().zip(prepared).collect();
        Ok(Self { client, statements, answer_timeout: reach.answer_timeout, is_within })
    }

    /// Begins a commit.
    pub async fn begin(&self) -> Result<(), StoreError> {
        if self.is_within { Ok(()) } else { self.command("BEGIN").await }
    }

    /// Ends a commit.
    pub async fn commit(&self) -> Result<(), StoreError> {
        if self.is_within { Ok(()) } else { self.command("COMMIT").await }
    }

    /// The types of what a statement gives.
    pub async fn types_of(&self, sql: &str) -> Result<Vec<Type>, StoreError> {
        let statement = self.answer(self.client.prepare(sql)).await?;
        Ok(statement.columns().iter().map(|column| column.type_().clone()).collect())
    }

    /// Takes what a `COPY … FROM STDIN` is given.
    pub async fn copy_in(&self, sql: &str) -> Result<CopyInSink<Bytes>, StoreError> {
        self.answer(self.client.copy_in(sql)).await
    }

    /// Whether it can be used.
    pub fn is_open(&self) -> bool {
        !self.client.is_closed()
    }

    /// A statement, prepared: each of [`sql`] is.
    fn statement(&self, sql: &'static str) -> &Statement {
        &self.statements[sql]
    }

    /// The rows of a statement.
    pub async fn rows(&self, sql: &'static str, values: Values<'_>) -> Result<Vec<Row>, StoreError> {
        // Some KB each, and many of them are sent at once.
        self.answer(Box::pin(self.client.query(self.statement(sql), values))).await
    }

    /// The row of a statement, if there is one.
    pub async fn row(&self, sql: &'static str, values: Values<'_>) -> Result<Option<Row>, StoreError> {
        self.answer(Box::pin(self.client.query_opt(self.statement(sql), values))).await
    }

    /// The rows of a statement as they come.
    pub async fn stream(&self, sql: &'static str, numbers: &[i64]) -> Result<RowStream, StoreError> {
        self.answer(self.client.query_raw(self.statement(sql), numbers)).await
    }

    /// The rows of a statement that is none of [`sql`].
    pub async fn rows_of_text(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, StoreError> {
        self.answer(self.client.query(sql, values)).await
    }

    /// Runs a statement, and gives how many rows it changed.
    pub async fn run(&self, sql: &'static str, values: Values<'_>) -> Result<u64, StoreError> {
        self.answer(Box::pin(self.client.execute(self.statement(sql), values))).await
    }

    /// A command without values, such as `BEGIN`.
    pub async fn command(&self, command: &str) -> Result<(), StoreError> {
        self.answer(self.client.batch_execute(command)).await
    }

    /// An answer of the database, if it comes in time.
    pub async fn answer<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, StoreError> {
        in_time(self.answer_timeout, answer).await
    }
}

/// An answer of the database, if it comes in time.
async fn in_time<T>(time: Duration, answer: impl Future<Output = Result<T, Error>>) -> Result<T, StoreError> {
    match tokio::time::timeout(time, answer).await {
        Ok(answer) => answer.map_err(unavailable),
        Err(_) => Err(StoreError::Unavailable(format!("the database did not answer in {time:?}"))),
    }
}

/// Has what is said on a connection sent and heard, until it ends.
fn follow<S, T>(connection: tokio_postgres::Connection<S, T>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to the database ended");
        }
    });
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
    reach: Reach,
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
    /// A pool of so many connections, which are made when they are needed.
    pub fn new(reach: Reach, connections: usize) -> Self {
        Self { reach, idle: Mutex::default(), places: Semaphore::new(connections) }
    }

    /// How to connect.
    pub const fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Takes a connection, or waits for one.
    pub async fn take(&self) -> Result<Taken<'_>, StoreError> {
        let closed = |_| StoreError::Unavailable("it is closed".into());
        let place = self.places.acquire().await.map_err(closed)?;
        let kept = self.idle().pop().filter(Connection::is_open);
        let connection = match kept {
            Some(connection) => connection,
            None => Connection::open(&self.reach).await?,
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
