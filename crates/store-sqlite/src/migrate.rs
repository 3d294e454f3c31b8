//! Numbered, forward-only, checksummed changes of the schema.

use crate::rows::{number, unavailable};
use rollcall_model::text::folded;
use rollcall_store::StoreError;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, TransactionBehavior, params};
use sha2::{Digest, Sha256};

/// The files of `migrations/`, in order; the first has number 1. A file is never edited once released.
const MIGRATIONS: &[&str] =
    &[include_str!("../migrations/0001_first.sql"), include_str!("../migrations/0002_factors.sql")];

/// Brings the schema to this program's version, or says why it cannot.
pub fn run(connection: &mut Connection) -> Result<(), StoreError> {
    functions(connection).map_err(unavailable)?;
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(unavailable)?;
    transaction
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS migrations (no INTEGER PRIMARY KEY, checksum BLOB NOT NULL) STRICT",
        )
        .map_err(unavailable)?;
    let applied: Vec<Vec<u8>> = transaction
        .prepare("SELECT checksum FROM migrations ORDER BY no")
        .and_then(|mut rows| rows.query_map([], |row| row.get(0))?.collect())
        .map_err(unavailable)?;
    if applied.len() > MIGRATIONS.len() {
        return Err(StoreError::NotOurs(format!(
            "the store has schema version {}, and this rollcall knows versions up to {}: start a newer rollcall",
            applied.len(),
            MIGRATIONS.len()
        )));
    }
    for (i, sql) in MIGRATIONS.iter().enumerate() {
        let checksum = Sha256::digest(sql).to_vec();
        match applied.get(i) {
            Some(before) if *before == checksum => {}
            Some(_) => {
                return Err(StoreError::Corrupt(format!("schema version {} is not the one released", i + 1)));
            }
            None => {
                transaction.execute_batch(sql).map_err(unavailable)?;
                transaction
                    .execute(
                        "INSERT INTO migrations VALUES (?1, ?2)",
                        params![number(i as u64 + 1), checksum],
                    )
                    .map_err(unavailable)?;
            }
        }
    }
    transaction.commit().map_err(unavailable)
}

/// What migrations call that SQL has not.
fn functions(connection: &Connection) -> Result<(), rusqlite::Error> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("folded", 1, flags, |call| {
        let text: Option<String> = call.get(0)?;
        Ok(text.map(|text| folded(&text)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_schema_is_refused_and_a_changed_one_noticed() {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection).unwrap();
        run(&mut connection).unwrap();
        connection.execute("INSERT INTO migrations VALUES (99, x'00')", []).unwrap();
        assert!(matches!(run(&mut connection), Err(StoreError::NotOurs(_))));
        connection.execute("DELETE FROM migrations WHERE no = 99", []).unwrap();
        connection.execute("UPDATE migrations SET checksum = x'00'", []).unwrap();
        assert!(matches!(run(&mut connection), Err(StoreError::Corrupt(_))));
    }
}
