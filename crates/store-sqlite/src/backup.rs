//! A backup: a copy of a store in one file, which says when it was taken and what it holds.
//!
//! **Invariant:** what is given of one to be copied is what was backed up, to the last byte of each row. One of an older
//! schema is held against its seal as it is; then a private copy of it is brought up to date.

use crate::copy::{SqliteSource, value};
use crate::rows::{time, unavailable};
use crate::{migrate, open};
use rollcall_model::Timestamp;
use rollcall_store::StoreError;
use rollcall_store::chain::Hash;
use rollcall_store::copy::{Contents, Tally};
use rusqlite::{Connection, Error, OpenFlags, OptionalExtension, params};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const TABLE: &str = "CREATE TABLE backup (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    taken_at INTEGER NOT NULL,
    digest   BLOB    NOT NULL
) STRICT";
/// Rows after which it is told how far it came.
const TOLD_EVERY: u64 = 10_000;

/// What a backup says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// When it was taken.
    taken_at: Timestamp,
    /// SHA-256 of that and of the digest of all rows.
    digest: Hash,
}

impl Seal {
    pub fn of(taken_at: Timestamp, contents: &Contents) -> Self {
        let digest = Sha256::new().chain_update(taken_at.as_ms().to_be_bytes()).chain_update(contents.digest);
        Self { taken_at, digest: digest.finalize().into() }
    }

    pub fn write(&self, connection: &Connection) -> Result<(), Error> {
        connection.execute_batch(TABLE)?;
        let values = params![self.taken_at.as_ms(), self.digest];
        connection.execute("INSERT INTO backup VALUES (1, ?1, ?2)", values).map(|_| ())
    }

    fn read(connection: &Connection) -> Result<Option<Self>, Error> {
        if !connection.table_exists(None, "backup")? {
            return Ok(None);
        }
        connection
            .query_row("SELECT taken_at, digest FROM backup", [], |row| {
                Ok(Self { taken_at: time(row, 0)?, digest: row.get(1)? })
            })
            .optional()
    }
}

/// A backup that is as it was taken.
pub struct SqliteBackup {
    /// What it holds, to be copied.
    pub source: SqliteSource,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// What it holds, as it was backed up.
    pub contents: Contents,
}

impl SqliteBackup {
    /// Reads all of a backup, and holds it against what it says of itself; `seen` is told how many rows of how many
    /// were read. Blocks.
    pub fn open(path: &Path, seen: &mut dyn FnMut(u64, u64)) -> Result<Self, StoreError> {
        let is_file = path.metadata().map(|metadata| metadata.is_file());
        match is_file {
            Err(error) => {
                return Err(StoreError::Unavailable(format!("cannot read {}: {error}", path.display())));
            }
            Ok(false) => {
                return Err(none(path, "it is not a file; a directory's store is moved by `rollcall copy`"));
            }
            Ok(true) => {}
        }
        let connection = open::reader_of(path)?;
        let spoiled = |error: StoreError| match error {
            StoreError::Corrupt(what) => spoiled(path, &what),
            error => error,
        };
        let seal = Seal::read(&connection).map_err(unavailable).map_err(spoiled)?;
        let seal = seal.ok_or_else(|| none(path, "`rollcall backup` makes them"))?;
        let version = migrate::applied(&connection).map_err(spoiled)?;
        let contents = contents(&connection, seen).map_err(spoiled)?;
        if Seal::of(seal.taken_at, &contents) != seal {
            return Err(self::spoiled(path, "its rows are not those that were backed up"));
        }
        let connection =
            if version == migrate::VERSION { connection } else { up_to_date(path).map_err(spoiled)? };
        let source = SqliteSource::of(connection).map_err(spoiled)?;
        Ok(Self { source, taken_at: seal.taken_at, contents })
    }
}

fn none(path: &Path, what: &str) -> StoreError {
    StoreError::NotOurs(format!("{} is no backup of rollcall: {what}", path.display()))
}

fn spoiled(path: &Path, what: &str) -> StoreError {
    StoreError::NotOurs(format!(
        "{} is spoiled, or no backup at all: {what}; nothing was changed, take another one",
        path.display()
    ))
}

/// All rows of whatever tables there are. What a store of this version holds is what
/// [`contents`](rollcall_store::copy::contents) says of it.
pub fn contents(connection: &Connection, seen: &mut dyn FnMut(u64, u64)) -> Result<Contents, StoreError> {
    let tables = tables_of(connection).map_err(unavailable)?;
    let count = |table: &String| {
        connection
            .query_row(&format!("SELECT COUNT(*) FROM \"{table}\""), [], |row| crate::rows::unsigned(row, 0))
    };
    let of = tables.iter().map(count).sum::<Result<u64, _>>().map_err(unavailable)?;
    let (mut tally, mut row_of_values) = (Tally::default(), Vec::new());
    for table in tables {
        tally.table(&table);
        // Not by an index: rows are in the order of their keys.
        let sql = format!("SELECT * FROM \"{table}\" NOT INDEXED");
        let mut statement = connection.prepare(&sql).map_err(unavailable)?;
        let columns = statement.column_count();
        let mut rows = statement.query([]).map_err(unavailable)?;
        while let Some(row) = rows.next().map_err(unavailable)? {
            row_of_values.clear();
            for column in 0..columns {
                row_of_values.push(value(row.get_ref(column).map_err(unavailable)?)?);
            }
            tally.row(&row_of_values);
            if tally.rows().is_multiple_of(TOLD_EVERY) {
                seen(tally.rows(), of);
            }
        }
    }
    seen(tally.rows(), of);
    Ok(tally.finish())
}

/// The tables of a store, by name: all but what is the file's own.
pub fn tables_of(connection: &Connection) -> Result<Vec<String>, Error> {
    connection
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table'
                AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT IN ('backup', 'migrations')
             ORDER BY name",
        )?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// A copy of a backup that nobody else sees, brought up to date. It is gone with its connection.
fn up_to_date(path: &Path) -> Result<Connection, StoreError> {
    let copy = private_copy(path).map_err(|error| {
        let directory = std::env::temp_dir();
        StoreError::Unavailable(format!("cannot copy {} to {}: {error}", path.display(), directory.display()))
    })?;
    let connection = open::connect(&copy, OpenFlags::SQLITE_OPEN_READ_WRITE);
    let read = connection.and_then(|mut connection| {
        connection
            // It reads the file's first page: from then on the name is of no use.
            .execute_batch("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; SELECT 1 FROM backup")
            .map_err(unavailable)?;
        migrate::run(&mut connection)?;
        Ok(connection)
    });
    let removed = std::fs::remove_file(&copy);
    removed.map_err(|error| crate::unfinished::cannot("remove", &copy, &error))?;
    read
}

fn private_copy(path: &Path) -> io::Result<PathBuf> {
    for number in 0.. {
        let copy = std::env::temp_dir().join(format!("rollcall-restore-{}-{number}", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&copy) {
            Ok(mut file) => {
                let copied = File::open(path).and_then(|mut backup| io::copy(&mut backup, &mut file));
                return copied.map(|_| copy.clone()).inspect_err(|_| drop(std::fs::remove_file(&copy)));
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("no name is free"))
}
