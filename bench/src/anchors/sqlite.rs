//! SQLite, in process: all of it mapped into memory, and a trigram index.

use super::Database;
use super::rows::{Rows, sort_key};
use anyhow::Result;
use regex::{Regex, RegexBuilder};
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OpenFlags, params};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const TABLES: &str = "
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA page_size = 8192;
    CREATE TABLE clients (no INTEGER PRIMARY KEY, device_name TEXT, device_type TEXT, os_name TEXT, host TEXT,
        fragment TEXT) STRICT;
    CREATE TABLE users (no INTEGER PRIMARY KEY, id TEXT, username TEXT, name TEXT) STRICT;
    CREATE TABLE sessions (no INTEGER PRIMARY KEY, id TEXT, owner INTEGER, client INTEGER, ip TEXT, opened_at INTEGER,
        name_key TEXT, name TEXT) STRICT;
    CREATE TABLE texts (no INTEGER PRIMARY KEY, text TEXT) STRICT;
    CREATE VIRTUAL TABLE search USING fts5(text, content = 'texts', content_rowid = 'no', tokenize = 'trigram');
    BEGIN;";

const INDEXES: &str = "
    COMMIT;
    CREATE INDEX sessions_by_name ON sessions (name_key, name, no DESC);
    CREATE INDEX sessions_by_owner ON sessions (owner);
    CREATE INDEX sessions_by_client ON sessions (client);
    CREATE INDEX sessions_by_ip ON sessions (ip);
    INSERT INTO search (search) VALUES ('rebuild');
    INSERT INTO search (search) VALUES ('optimize');
    ANALYZE;";

const SETTINGS: &str = "
    PRAGMA mmap_size = 8589934592;
    PRAGMA cache_size = -2000000;
    PRAGMA temp_store = MEMORY;";

/// A filled one.
pub struct Sqlite {
    connection: Connection,
    path: PathBuf,
}

/// Fills a new one.
pub fn fill(path: &Path, rows: &Rows) -> Result<()> {
    let connection = Connection::open(path)?;
    connection.execute_batch(SETTINGS)?;
    connection.execute_batch(TABLES)?;
    let mut insert = connection.prepare("INSERT INTO clients VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for (no, client) in rows.clients.iter().enumerate() {
        let device = &client.device;
        let (name, kind, os) = (&device.name, device.device_type.as_str(), &device.os_name);
        insert.execute(params![i64::try_from(no)?, name, kind, os, &*client.host, client.fragment])?;
    }
    let mut insert = connection.prepare("INSERT INTO users VALUES (?1, ?2, ?3, ?4)")?;
    for owner in &rows.users {
        insert.execute(params![i64::try_from(owner.no.0)?, owner.id.as_str(), owner.username, owner.name])?;
    }
    let mut insert = connection.prepare("INSERT INTO sessions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
    let mut insert_text = connection.prepare("INSERT INTO texts VALUES (?1, ?2)")?;
    for row in &rows.sessions {
        let (session, name) = (&row.session, row.session.owner.name.as_deref());
        let no = i64::try_from(session.no.0)?;
        insert.execute(params![
            no,
            session.id.as_str(),
            i64::try_from(session.owner.no.0)?,
            i64::try_from(row.client)?,
            session.ip.to_string(),
            session.opened_at.as_ms(),
            sort_key(name),
            name,
        ])?;
        insert_text.execute(params![no, row.text])?;
    }
    drop((insert, insert_text));
    Ok(connection.execute_batch(INDEXES)?)
}

/// What it calls itself.
pub fn version() -> String {
    format!("SQLite {}", rusqlite::version())
}

impl Sqlite {
    /// Opens a filled one.
    pub fn open(path: &Path) -> Result<Self> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.execute_batch(SETTINGS)?;
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        connection.create_scalar_function("regexp", 2, flags, |call| {
            // Made once for a statement.
            let pattern: Arc<Regex> = call.get_or_create_aux(0, |value| {
                RegexBuilder::new(value.as_str()?).case_insensitive(true).build().map_err(anyhow::Error::from)
            })?;
            Ok(pattern.is_match(call.get_raw(1).as_str()?))
        })?;
        Ok(Self { connection, path: path.to_owned() })
    }

    /// What it takes on the disk.
    pub fn bytes(&self) -> Result<u64> {
        Ok(fs::metadata(&self.path)?.len())
    }
}

impl Database for Sqlite {
    async fn page(&mut self, statement: &str) -> Result<usize> {
        let mut statement = self.connection.prepare_cached(statement)?;
        let (mut rows, mut count, mut bytes) = (statement.query([])?, 0, 0);
        while let Some(row) = rows.next()? {
            for column in [0, 1, 2, 4, 5] {
                bytes += row.get_ref(column)?.as_str()?.len();
            }
            count += 1;
        }
        std::hint::black_box(bytes);
        Ok(count)
    }

    async fn count(&mut self, statement: &str) -> Result<usize> {
        let mut statement = self.connection.prepare_cached(statement)?;
        let count: i64 = statement.query_one([], |row| row.get(0))?;
        Ok(usize::try_from(count)?)
    }
}
