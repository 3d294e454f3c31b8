//! Numbered, forward-only, checksummed changes of the schema.

use crate::rows::{number, unavailable, unsigned};
use rollcall_model::text::folded;
use rollcall_store::StoreError;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, TransactionBehavior, params};
use sha2::{Digest, Sha256};

/// The files of `migrations/`, in order; the first has number 1. A file is never edited once released.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_factors.sql"),
    include_str!("../migrations/0003_personal_tokens.sql"),
    include_str!("../migrations/0004_mail.sql"),
    include_str!("../migrations/0005_test_workspaces.sql"),
    include_str!("../migrations/0006_who_has_factors.sql"),
    include_str!("../migrations/0007_revocations.sql"),
    include_str!("../migrations/0008_past.sql"),
    include_str!("../migrations/0010_service_tokens.sql"),
    include_str!("../migrations/0011_lags.sql"),
];

/// The version of this program's schema.
pub const VERSION: usize = MIGRATIONS.len();

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
    let applied = applied(&transaction)?;
    for (i, sql) in MIGRATIONS.iter().enumerate().skip(applied) {
        transaction.execute_batch(sql).map_err(unavailable)?;
        transaction
            .execute("INSERT INTO migrations VALUES (?1, ?2)", params![number(i as u64 + 1), checksum(sql)])
            .map_err(unavailable)?;
    }
    transaction.commit().map_err(unavailable)
}

/// Refuses a database that somebody else made, or a newer rollcall: it looks, and changes nothing.
pub fn recognise(connection: &Connection) -> Result<(), StoreError> {
    let count = |sql: &str| connection.query_row(sql, [], |row| unsigned(row, 0)).map_err(unavailable);
    if count("SELECT COUNT(*) FROM sqlite_schema")? == 0 {
        return Ok(());
    }
    if count("SELECT COUNT(*) FROM pragma_table_info('migrations') WHERE name IN ('no', 'checksum')")? < 2 {
        let path = connection.path().unwrap_or_default();
        return Err(StoreError::NotOurs(format!(
            "{path} is not a store of rollcall, and nothing was changed: name another --data-dir"
        )));
    }
    applied(connection).map(|_| ())
}

/// The version of the schema, for one that only reads: it has to be this program's, since nothing is changed.
pub fn version(connection: &Connection) -> Result<usize, StoreError> {
    let begun = connection.table_exists(None, "migrations").map_err(unavailable)?;
    let version = if begun { applied(connection)? } else { 0 };
    if version < MIGRATIONS.len() {
        return Err(StoreError::NotOurs(format!(
            "the store has schema version {version}, and this rollcall reads version {} only: a server brings it \
             up to date when it starts",
            MIGRATIONS.len()
        )));
    }
    Ok(version)
}

/// How many of the migrations were applied, none of them another than was released.
pub fn applied(connection: &Connection) -> Result<usize, StoreError> {
    let applied: Vec<Vec<u8>> = connection
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
    for (i, (before, sql)) in applied.iter().zip(MIGRATIONS).enumerate() {
        if *before != checksum(sql) {
            return Err(StoreError::Corrupt(format!("schema version {} is not the one released", i + 1)));
        }
    }
    Ok(applied.len())
}

fn checksum(sql: &str) -> Vec<u8> {
    Sha256::digest(sql).to_vec()
}

/// What migrations call that SQL has not.
fn functions(connection: &Connection) -> Result<(), rusqlite::Error> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("folded", 1, flags, |call| {
        let text: Option<String> = call.get(0)?;
        Ok(text.map(|text| folded(&text)))
    })
}

/// How many versions there were.
#[cfg(test)]
pub const VERSIONS: usize = MIGRATIONS.len();

/// Makes an empty database as an earlier version made it.
#[cfg(test)]
pub fn make_as(connection: &Connection, version: usize) {
    functions(connection).unwrap();
    let table = "CREATE TABLE migrations (no INTEGER PRIMARY KEY, checksum BLOB NOT NULL) STRICT";
    connection.execute_batch(table).unwrap();
    for (no, sql) in (1_i64..).zip(&MIGRATIONS[..version]) {
        connection.execute_batch(sql).unwrap();
        connection.execute("INSERT INTO migrations VALUES (?1, ?2)", params![no, checksum(sql)]).unwrap();
    }
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

    #[test]
    fn who_only_reads_takes_this_version_and_no_other() {
        let mut connection = Connection::open_in_memory().unwrap();
        let refused = |connection: &Connection| version(connection).unwrap_err().to_string();
        assert!(refused(&connection).contains("schema version 0"), "no store at all");
        run(&mut connection).unwrap();
        assert_eq!(version(&connection).unwrap(), MIGRATIONS.len());
        connection.execute("INSERT INTO migrations VALUES (99, x'00')", []).unwrap();
        assert!(refused(&connection).contains("start a newer rollcall"));
        connection.execute("DELETE FROM migrations WHERE no > 1", []).unwrap();
        assert!(refused(&connection).contains("schema version 1, and"));
        assert!(refused(&connection).contains("a server brings it up to date"), "it did not do so itself");
    }

    /// A database as the first version made it.
    fn of_the_first_version() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        make_as(&connection, 1);
        connection
    }

    #[test]
    fn a_demo_of_before_is_a_test_workspace_and_another_is_none() {
        for demo in [true, false] {
            let mut connection = of_the_first_version();
            connection.execute("INSERT INTO workspace VALUES (1, ?1, 1)", [demo]).unwrap();
            run(&mut connection).unwrap();
            assert_eq!(crate::read::workspace(&connection).unwrap().unwrap().test, demo);
        }
    }

    #[test]
    fn a_store_of_the_first_version_keeps_its_users_and_learns_what_they_are_sorted_by() {
        let mut connection = of_the_first_version();
        let user = "INSERT INTO users VALUES (?1, ?2, 'a', NULL, ?3, 'user', 1, 2, '', 0, 0, NULL, '', '', '', 0, '')";
        connection.execute(user, params![1, "one", "ZOË"]).unwrap();
        connection.execute(user, params![2, "two", None::<String>]).unwrap();
        let session =
            "INSERT INTO session_history VALUES (?1, ?1, 0, 1, 'x', 1, ?2, 0, 0, zeroblob(16), 1, 1)";
        for (no, opened_at) in [(10, 500), (11, 900), (12, 700)] {
            connection.execute(session, [no, opened_at]).unwrap();
        }
        run(&mut connection).unwrap();
        let row = |no: i64| -> (Option<String>, Option<i64>) {
            let sql = "SELECT name_key, last_login_at FROM users WHERE user_no = ?1";
            connection.query_row(sql, [no], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
        };
        assert_eq!(row(1), (Some("zoë".into()), Some(900)));
        assert_eq!(row(2), (None, None));
    }
}
