//! A store in a directory as a source of copies, and a new one, or a backup's file, as their destination.
//!
//! **Invariants:** a source changes nothing and sees one snapshot, beside a running server too; a destination is one
//! transaction in a file of another name until all of it is on the disk, and what is left of one is removed by the next.

use crate::backup::Seal;
use crate::rows::unavailable;
use crate::unfinished::{self, UNFINISHED};
use crate::worker::Worker;
use crate::write::{Committing, head};
use crate::{migrate, open, read};
use rollcall_model::facts::Head;
use rollcall_model::{Command, Randomness, SessionNo, Timestamp, UserNo};
use rollcall_store::chain::BEFORE_THE_FIRST;
use rollcall_store::copy::{Contents, Destination, ROWS_AT_ONCE, Rows, Seen, Source, TABLES, Table, Value};
use rollcall_store::directory::{self, Hold};
use rollcall_store::remembered::Remembered;
use rollcall_store::{Answer, BadEvent, ChainEnd, Committed, LiveSets, StoreError, WorkspaceRow};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Error, params_from_iter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Jobs that wait for the thread: one is asked of it at a time.
const QUEUE: usize = 4;
/// Memory of the connection that fills a copy: names and ids of many users go to random places of indexes.
const CACHE_KIB: u32 = 128 << 10;

/// A store, to be copied.
pub struct SqliteSource(Worker);

impl SqliteSource {
    /// The store in a directory, as it is now. Blocks.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        if !open::exists(directory)? {
            return Err(StoreError::NotOurs(format!("there is no store in {}", directory.display())));
        }
        let connection = open::reader(directory)?;
        if !connection.table_exists(None, "migrations").map_err(unavailable)? {
            let what = format!("what is in {} is no store of rollcall", open::database(directory).display());
            return Err(StoreError::NotOurs(what));
        }
        migrate::version(&connection)?;
        Self::of(connection)
    }

    /// What a connection reads, as it is now. Its schema is this program's.
    pub(crate) fn of(connection: Connection) -> Result<Self, StoreError> {
        as_released(&connection)?;
        connection.execute_batch("BEGIN").map_err(unavailable)?;
        // The snapshot is taken by the first read.
        head(&connection).map_err(unavailable)?;
        Ok(Self(Worker::start("store-copy", QUEUE, connection, |_| ())?))
    }

    fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Answer<'static, T> {
        self.0.run(|connection| job(connection).map_err(unavailable))
    }
}

/// Whether each table is as its version has it: a migration that was cut off, or a hand, leaves others.
pub fn as_released(connection: &Connection) -> Result<(), StoreError> {
    for Table { name, columns, .. } in TABLES {
        if columns_of(connection, name).map_err(unavailable)? != *columns {
            return Err(StoreError::Corrupt(format!(
                "its table `{name}` is not the one of its schema's version: somebody changed it; keep what is there \
                 as it is, and restore a backup"
            )));
        }
    }
    Ok(())
}

/// A table's columns, in their order; none when there is no such table.
pub fn columns_of(connection: &Connection, table: &str) -> Result<Vec<String>, Error> {
    connection
        .prepare_cached("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?
        .query_map([table], |row| row.get(0))?
        .collect()
}

impl Source for SqliteSource {
    fn head(&mut self) -> Answer<'_, (Head, ChainEnd)> {
        self.read(head)
    }

    fn workspace(&mut self) -> Answer<'_, Option<WorkspaceRow>> {
        self.read(read::workspace)
    }

    fn count(&mut self, table: &'static Table) -> Answer<'_, u64> {
        self.read(|connection| {
            let count = format!("SELECT COUNT(*) FROM {}", table.name);
            connection.query_row(&count, [], |row| crate::rows::unsigned(row, 0))
        })
    }

    fn rows(&mut self, table: &'static Table, after: Option<Vec<Value>>) -> Answer<'_, Rows> {
        self.0.run(move |connection| page(connection, table, after.as_deref()))
    }

    fn verify<'a>(&'a mut self, seen: Seen<'a>) -> Answer<'a, Result<ChainEnd, BadEvent>> {
        // The thread does not wait for whoever is told.
        let (tell, mut told) = mpsc::unbounded_channel();
        let verified = self.read(move |connection| {
            read::verify(connection, BEFORE_THE_FIRST, &mut |seq| {
                // Nobody waits any more when the caller has gone.
                let _ = tell.send(seq);
            })
        });
        Box::pin(async move {
            while let Some(seq) = told.recv().await {
                seen(seq);
            }
            verified.await
        })
    }
}

/// Some rows of a table, in the order of their keys.
fn page(connection: &Connection, table: &Table, after: Option<&[Value]>) -> Result<Rows, StoreError> {
    let (name, columns) = (table.name, table.columns.join(", "));
    let key = table.columns[..table.key].join(", ");
    let behind = match after {
        Some(_) => format!("WHERE ({key}) > ({})", places(table.key)),
        None => String::new(),
    };
    let sql = format!("SELECT {columns} FROM {name} {behind} ORDER BY {key} LIMIT {ROWS_AT_ONCE}");
    let mut statement = connection.prepare_cached(&sql).map_err(unavailable)?;
    let after = after.unwrap_or_default().iter().map(Bound);
    let mut found = statement.query(params_from_iter(after)).map_err(unavailable)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(unavailable)? {
        let values = (0..table.columns.len()).map(|column| value(row.get_ref(column).map_err(unavailable)?));
        rows.push(values.collect::<Result<_, _>>()?);
    }
    Ok(rows.into())
}

fn places(number: usize) -> String {
    (1..=number).map(|place| format!("?{place}")).collect::<Vec<_>>().join(", ")
}

/// A value as copies have it.
pub fn value(value: ValueRef<'_>) -> Result<Value, StoreError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Value::Text(text.into()),
            Err(_) => return Err(StoreError::Corrupt("a text in a row is not UTF-8".into())),
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.into()),
        ValueRef::Real(_) => return Err(StoreError::Corrupt("a row holds a fraction".into())),
    })
}

/// A value as SQLite takes it.
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>, Error> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// What becomes a directory's store, or a backup.
pub struct SqliteDestination {
    // First: its connection is closed before the file is removed.
    filled: SqliteSource,
    place: Place,
    randomness: Arc<dyn Randomness>,
}

/// A file that is filled under another name.
struct Place {
    unfinished: PathBuf,
    finished: PathBuf,
    /// The file as it was made: another one of its name is not ours.
    made: unfinished::Made,
    is_backup: bool,
    /// The directory's, where it becomes a store.
    _hold: Option<Hold>,
}

impl SqliteDestination {
    /// A store in a directory, which is made when it is not there and must hold none. Blocks.
    pub fn store(directory: &Path, randomness: Arc<dyn Randomness>) -> Result<Self, StoreError> {
        let hold = directory::hold(directory)?;
        unfinished::holds_none(directory)?;
        let (unfinished, finished) = (directory.join(UNFINISHED), open::database(directory));
        Self::begin(unfinished, finished, Some(hold), randomness)
    }

    /// A backup's file, which must not be there. Blocks.
    pub fn backup(path: &Path, randomness: Arc<dyn Randomness>) -> Result<Self, StoreError> {
        is_free(path)?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".unfinished");
        Self::begin(path.with_file_name(name), path.to_owned(), None, randomness)
    }

    fn begin(
        unfinished: PathBuf,
        finished: PathBuf,
        hold: Option<Hold>,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, StoreError> {
        unfinished::remove(&unfinished)?;
        let made = unfinished::make(&unfinished)?;
        let place = Place { unfinished, finished, made, is_backup: hold.is_none(), _hold: hold };
        let connection = open::filler(&place.unfinished)?;
        connection
            .execute_batch(&format!("PRAGMA cache_size = -{CACHE_KIB}; DELETE FROM ledger_head"))
            .map_err(unavailable)?;
        let filled = SqliteSource(Worker::start("store-fill", QUEUE, connection, |_| ())?);
        Ok(Self { filled, place, randomness })
    }

    /// Says in a backup when it was taken and what it holds, so that whoever restores it sees whether it is so still.
    pub async fn seal(&mut self, taken_at: Timestamp, contents: &Contents) -> Result<(), StoreError> {
        let seal = Seal::of(taken_at, contents);
        self.filled.read(move |connection| seal.write(connection)).await
    }
}

/// Whether nothing is there.
fn is_free(path: &Path) -> Result<(), StoreError> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(unfinished::cannot("look at", path, &error)),
        Ok(_) => Err(StoreError::NotOurs(format!(
            "{} is there already, and nothing was changed: name another file",
            path.display()
        ))),
    }
}

impl Source for SqliteDestination {
    fn head(&mut self) -> Answer<'_, (Head, ChainEnd)> {
        self.filled.head()
    }

    fn workspace(&mut self) -> Answer<'_, Option<WorkspaceRow>> {
        self.filled.workspace()
    }

    fn count(&mut self, table: &'static Table) -> Answer<'_, u64> {
        self.filled.count(table)
    }

    fn rows(&mut self, table: &'static Table, after: Option<Vec<Value>>) -> Answer<'_, Rows> {
        self.filled.rows(table, after)
    }

    fn verify<'a>(&'a mut self, seen: Seen<'a>) -> Answer<'a, Result<ChainEnd, BadEvent>> {
        self.filled.verify(seen)
    }
}

impl Destination for SqliteDestination {
    fn write(&mut self, table: &'static Table, rows: Rows) -> Answer<'_, ()> {
        self.filled.read(move |connection| {
            let (columns, values) = (table.columns.join(", "), places(table.columns.len()));
            let sql = format!("INSERT INTO {} ({columns}) VALUES ({values})", table.name);
            let mut statement = connection.prepare_cached(&sql)?;
            for row in rows.iter() {
                statement.execute(params_from_iter(row.iter().map(Bound)))?;
            }
            Ok(())
        })
    }

    fn filled(&mut self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn commit(&mut self, commands: Arc<[Command]>, now: Timestamp) -> Answer<'_, Committed> {
        let randomness = self.randomness.clone();
        self.filled.0.run(move |connection| {
            let remembered = &mut Remembered::default();
            let mut committing =
                Committing { connection, remembered, randomness: &*randomness, disk_full: false };
            committing.commit(commands.iter().map(|command| (now, command)), &NoSets)
        })
    }

    fn finish(self: Box<Self>) -> Answer<'static, ()> {
        Box::pin(async move {
            let is_backup = self.place.is_backup;
            self.filled
                .0
                .run(move |connection| {
                    connection.execute_batch("COMMIT").map_err(unavailable)?;
                    if is_backup { sound(connection) } else { Ok(()) }
                })
                .await?;
            let Self { filled, place, .. } = *self;
            // It closes the connection.
            drop(filled);
            place.finish()
        })
    }
}

/// SQLite's own look at all pages and indexes.
fn sound(connection: &Connection) -> Result<(), StoreError> {
    let said: String =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(unavailable)?;
    if said == "ok" { Ok(()) } else { Err(StoreError::Corrupt(format!("SQLite says of the copy: {said}"))) }
}

impl Place {
    fn finish(&self) -> Result<(), StoreError> {
        if self.is_backup {
            is_free(&self.finished)?;
        }
        if unfinished::made(&self.unfinished)? != self.made {
            let what = format!("another one was begun in the place of {}", self.unfinished.display());
            return Err(StoreError::NotOurs(what));
        }
        unfinished::put(&self.unfinished, &self.finished)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Another one's is its own; and one that cannot be removed now is by the next.
        if unfinished::made(&self.unfinished).is_ok_and(|made| made == self.made) {
            let _ = unfinished::remove(&self.unfinished);
        }
    }
}

/// Nothing is asked of a copy that needs to know all sessions of a user.
struct NoSets;

impl LiveSets for NoSets {
    fn sessions_of(&self, _user: UserNo) -> Vec<SessionNo> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
