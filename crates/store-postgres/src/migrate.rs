//! Forward-only, checksummed changes of the schema. Nodes that start at once take turns at a row.

use crate::connection::Connection;
use crate::database::Reach;
use crate::rows::unavailable;
use rollcall_store::StoreError;
use sha2::{Digest, Sha256};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

/// The files of `migrations/`, in order; the first has number 1. A file is never edited once released.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/0001_first.sql")];

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
    let applied = applied(&Connection::bare(reach).await?).await?;
    if applied < MIGRATIONS.len() {
        return Err(StoreError::NotOurs(format!(
            "the store has schema version {applied}, and this rollcall needs {}: start a server once, which changes it",
            MIGRATIONS.len()
        )));
    }
    Ok(applied)
}

/// Brings the schema to this program's version, or says why it cannot.
pub async fn run(reach: &Reach) -> Result<(), StoreError> {
    let client = Connection::bare(reach).await?;
    // Other than a statement of everyday work, it may take its time, and wait for another node's.
    let without_end =
        "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0";
    client.batch_execute(without_end).await.map_err(unavailable)?;
    for statement in BEGIN {
        begin(&client, statement).await.map_err(unavailable)?;
    }
    client.batch_execute("BEGIN").await.map_err(unavailable)?;
    apply_missing(&client).await?;
    client.batch_execute("COMMIT").await.map_err(unavailable)
}

/// Makes the schema in an empty database, within a transaction that has begun.
pub async fn make(client: &Client) -> Result<(), StoreError> {
    for statement in BEGIN {
        client.batch_execute(statement).await.map_err(unavailable)?;
    }
    apply_missing(client).await
}

async fn apply_missing(client: &Client) -> Result<(), StoreError> {
    client.batch_execute("SELECT 1 FROM migrations WHERE no = 0 FOR UPDATE").await.map_err(unavailable)?;
    let applied = applied(client).await?;
    for (i, sql) in MIGRATIONS.iter().enumerate().skip(applied) {
        client.batch_execute(sql).await.map_err(unavailable)?;
        let no = i64::try_from(i + 1).unwrap_or(i64::MAX);
        let insert = "INSERT INTO migrations VALUES ($1, $2)";
        client.execute(insert, &[&no, &checksum(sql)]).await.map_err(unavailable)?;
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

/// How many of the migrations were applied, none of them another than was released.
async fn applied(client: &Client) -> Result<usize, StoreError> {
    let rows = client.query("SELECT checksum FROM migrations WHERE no > 0 ORDER BY no", &[]).await;
    let rows = rows.map_err(unavailable)?;
    if rows.len() > MIGRATIONS.len() {
        return Err(StoreError::NotOurs(format!(
            "the store has schema version {}, and this rollcall knows versions up to {}: start a newer rollcall",
            rows.len(),
            MIGRATIONS.len()
        )));
    }
    for (i, (row, sql)) in rows.iter().zip(MIGRATIONS).enumerate() {
        if row.try_get::<_, &[u8]>(0).map_err(unavailable)? != checksum(sql) {
            return Err(StoreError::Corrupt(format!("schema version {} is not the one released", i + 1)));
        }
    }
    Ok(rows.len())
}

fn checksum(sql: &str) -> Vec<u8> {
    Sha256::digest(sql).to_vec()
}
