//! Forward-only, checksummed changes of the schema. Nodes that start at once take turns at a row.
//!
//! A node that runs meets a newer schema in the ledger's head, which it reads fifty times a second and locks for each
//! commit: the row says which version is the oldest whose nodes may go on. So no commit of an older node comes behind a
//! change that it does not know of.

use crate::connection::Connection;
use crate::database::Reach;
use crate::rows::{get, unavailable, unsigned};
use rollcall_store::StoreError;
use sha2::{Digest, Sha256};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

/// A change of the schema.
#[derive(Clone, Copy)]
pub struct Migration {
    sql: &'static str,
    /// The oldest version whose nodes may go on beside it: its own number, unless older ones can do without knowing of
    /// it, such as of an index.
    needs: usize,
}

/// The files of `migrations/`, in order; the first has number 1. A file is never edited once released.
const MIGRATIONS: &[Migration] = &[Migration { sql: include_str!("../migrations/0001_first.sql"), needs: 1 }];

/// The version of this program's schema.
const VERSION: usize = MIGRATIONS.len();

/// What is there before the first: the row that nodes take turns at has number 0.
const BEGIN: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS migrations (no bigint PRIMARY KEY, checksum bytea NOT NULL)",
    "INSERT INTO migrations VALUES (0, '') ON CONFLICT (no) DO NOTHING",
];

/// Times that a table which another node makes at the same time is asked for again.
const TRIES: usize = 10;

/// Whether there is a store in a database.
pub async fn exists(reach: &Reach) -> Result<bool, StoreError> {
    let client = Connection::bare(reach).await?;
    let row = client.query_one("SELECT to_regclass('ledger_head') IS NOT NULL", &[]).await;
    row.map_err(unavailable)?.try_get(0).map_err(unavailable)
}

/// The version of a store's schema, which has to be this program's.
pub async fn version(reach: &Reach) -> Result<usize, StoreError> {
    let applied = applied(&Connection::bare(reach).await?, MIGRATIONS).await?;
    if applied > VERSION {
        return Err(newer(applied as u64));
    }
    if applied < VERSION {
        return Err(StoreError::NotOurs(format!(
            "the store has schema version {applied}, and this rollcall needs {VERSION}: start a server once, which \
             changes it"
        )));
    }
    Ok(applied)
}

/// Refuses a schema that nodes of this version may not go on with, by what the ledger's head says.
pub fn may_go_on(needs: u64) -> Result<(), StoreError> {
    if needs <= VERSION as u64 { Ok(()) } else { Err(newer(needs)) }
}

fn newer(version: u64) -> StoreError {
    StoreError::NotOurs(format!(
        "the store has schema version {version}, and this rollcall knows versions up to {VERSION}: start a newer \
         rollcall"
    ))
}

/// Brings the schema to this program's version, or says why it cannot.
pub async fn run(reach: &Reach) -> Result<(), StoreError> {
    bring_to(MIGRATIONS, reach).await
}

async fn bring_to(migrations: &[Migration], reach: &Reach) -> Result<(), StoreError> {
    let client = Connection::bare(reach).await?;
    // Other than a statement of everyday work, it may take its time, and wait for another node's.
    let without_end =
        "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0";
    client.batch_execute(without_end).await.map_err(unavailable)?;
    for statement in BEGIN {
        begin(&client, statement).await.map_err(unavailable)?;
    }
    client.batch_execute("BEGIN").await.map_err(unavailable)?;
    apply_missing(migrations, &client).await?;
    client.batch_execute("COMMIT").await.map_err(unavailable)
}

/// Makes the schema in an empty database, within a transaction that has begun.
pub async fn make(client: &Client) -> Result<(), StoreError> {
    for statement in BEGIN {
        client.batch_execute(statement).await.map_err(unavailable)?;
    }
    apply_missing(MIGRATIONS, client).await
}

async fn apply_missing(migrations: &[Migration], client: &Client) -> Result<(), StoreError> {
    client.batch_execute("SELECT 1 FROM migrations WHERE no = 0 FOR UPDATE").await.map_err(unavailable)?;
    let applied = applied(client, migrations).await?;
    if applied > 0 {
        if applied < migrations.len() {
            // Whoever commits is waited for. Whoever wants to waits from here on, and then meets what is said below.
            client.batch_execute("LOCK TABLE ledger_head").await.map_err(unavailable)?;
        }
        let row = client.query_one("SELECT needs FROM ledger_head", &[]).await.map_err(unavailable)?;
        may_go_on(unsigned(&row, 0)?)?;
    }
    for (i, Migration { sql, needs }) in migrations.iter().enumerate().skip(applied) {
        client.batch_execute(sql).await.map_err(unavailable)?;
        let no = i64::try_from(i + 1).unwrap_or(i64::MAX);
        let insert = "INSERT INTO migrations VALUES ($1, $2)";
        client.execute(insert, &[&no, &checksum(sql)]).await.map_err(unavailable)?;
        // The default is what a store that is copied into this schema gets.
        let set = format!(
            "ALTER TABLE ledger_head ALTER COLUMN needs SET DEFAULT {needs};
            UPDATE ledger_head SET needs = {needs} WHERE needs < {needs}"
        );
        if *needs > 1 {
            client.batch_execute(&set).await.map_err(unavailable)?;
        }
    }
    Ok(())
}

/// Two that make one table at once: one of them is told that its name is taken, or its
/// row's type, though it asked.
async fn begin(client: &Client, statement: &str) -> Result<(), Error> {
    let mut tries = 1;
    loop {
        let made = client.batch_execute(statement).await;
        let taken = |error: &Error| {
            let taken = [SqlState::UNIQUE_VIOLATION, SqlState::DUPLICATE_TABLE, SqlState::DUPLICATE_OBJECT];
            error.code().is_some_and(|code| taken.contains(code))
        };
        match made {
            Err(error) if taken(&error) && tries < TRIES => tries += 1,
            made => return made,
        }
    }
}

/// How many migrations were applied, none of those that are known another than was released.
async fn applied(client: &Client, migrations: &[Migration]) -> Result<usize, StoreError> {
    let rows = client.query("SELECT checksum FROM migrations WHERE no > 0 ORDER BY no", &[]).await;
    let rows = rows.map_err(unavailable)?;
    for (i, (row, migration)) in rows.iter().zip(migrations).enumerate() {
        if get::<&[u8]>(row, 0)? != checksum(migration.sql) {
            return Err(StoreError::Corrupt(format!("schema version {} is not the one released", i + 1)));
        }
    }
    Ok(rows.len())
}

fn checksum(sql: &str) -> Vec<u8> {
    Sha256::digest(sql).to_vec()
}

/// Changes the schema as a version of tomorrow may, which nodes from `needs` on go on with.
#[cfg(test)]
pub async fn run_of_tomorrow(reach: &Reach, needs: usize) -> Result<(), StoreError> {
    let next = Migration { sql: "ALTER TABLE users ADD COLUMN of_tomorrow bigint", needs };
    bring_to(&[MIGRATIONS, &[next]].concat(), reach).await
}
