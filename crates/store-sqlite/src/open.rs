//! Opening the database of a data directory: files that only their owner reads, and connections that sync at each
//! commit.

use crate::migrate;
use crate::rows::unavailable;
use rollcall_store::StoreError;
use rollcall_store::directory::private_file;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, OpenFlags};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The database's file in the data directory.
pub const DATABASE: &str = "rollcall.db";

/// Its write-ahead log.
pub const LOG: &str = "rollcall.db-wal";

/// Bytes of the log that are written anew at once.
const REWRITTEN_AT_ONCE: usize = 1 << 20;
/// Statements kept prepared on each connection: more than there are.
const STATEMENTS: usize = 64;
/// Memory of the connection that fills a new store: names and ids of many users go to random places of indexes.
const FILLER_CACHE_KIB: u32 = 512 << 10;

/// Opens the connection that writes, its schema brought up to date.
pub fn writer(directory: &Path) -> Result<Connection, StoreError> {
    let path = database(directory);
    // SQLite gives its -wal and -shm files the database's mode.
    private_file(&path)?;
    let mut connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    migrate::recognise(&connection)?;
    let pragmas = "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = FAST;";
    connection.execute_batch(pragmas).map_err(unavailable)?;
    migrate::run(&mut connection)?;
    Ok(connection)
}

/// Writes the log that was left behind once more, as it is. A sync that failed may have left something in it that the
/// system shows and the disk never got: SQLite would take it for written, and the disk would end there.
pub fn write_log_anew(directory: &Path) -> Result<(), StoreError> {
    let path = directory.join(LOG);
    let write = || -> io::Result<()> {
        let log = match File::options().read(true).write(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            log => log?,
        };
        let (mut bytes, mut at) = (vec![0; REWRITTEN_AT_ONCE], 0);
        loop {
            let count = log.read_at(&mut bytes, at)?;
            if count == 0 {
                return log.sync_all();
            }
            log.write_all_at(&bytes[..count], at)?;
            at += count as u64;
        }
    };
    write().map_err(|error| StoreError::Unavailable(format!("cannot write {} anew: {error}", path.display())))
}

/// Has the log stay as it is when a connection is closed.
pub fn leave_log(connection: &Connection) {
    if let Err(error) = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true) {
        tracing::error!(%error, "the log is written back at the close, after a sync that failed");
    }
}

/// Opens the connection by which the log is written back.
pub fn log_writer(directory: &Path) -> Result<Connection, StoreError> {
    let connection = connect(&database(directory), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // It syncs the log before the database, and the database before the log begins anew.
    connection.execute_batch("PRAGMA synchronous = FULL").map_err(unavailable)?;
    Ok(connection)
}

/// Whether each commit of the connection that writes waits until the log is on the disk.
pub fn sync_commits(writer: &Connection, sync: bool) -> Result<(), Error> {
    let pragma = if sync { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = NORMAL" };
    writer.prepare_cached(pragma)?.execute([]).map(|_| ())
}

/// Opens a connection that only reads.
pub fn reader(directory: &Path) -> Result<Connection, StoreError> {
    reader_of(&database(directory))
}

/// Makes a new database at a path, and opens the connection that fills it: fast, and of no use after a crash.
pub fn filler(path: &Path) -> Result<Connection, StoreError> {
    private_file(path)?;
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let pragmas = format!(
        "PRAGMA journal_mode = OFF;
         PRAGMA synchronous = OFF;
         PRAGMA cache_size = -{FILLER_CACHE_KIB};
         PRAGMA foreign_keys = ON;"
    );
    connection.execute_batch(&pragmas).map_err(unavailable)?;
    migrate::run(&mut connection)?;
    // One transaction: a commit after each batch would write the pages of all indexes again that take names and
    // ids from everywhere, which with millions of users is nearly all of them.
    connection.execute_batch("BEGIN IMMEDIATE").map_err(unavailable)?;
    Ok(connection)
}

/// Opens a connection that only reads the database at a path.
pub fn reader_of(path: &Path) -> Result<Connection, StoreError> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Whether there is a store in a directory.
pub fn exists(directory: &Path) -> Result<bool, StoreError> {
    let path = database(directory);
    path.try_exists()
        .map_err(|error| StoreError::Unavailable(format!("cannot look at {}: {error}", path.display())))
}

pub fn database(directory: &Path) -> PathBuf {
    directory.join(DATABASE)
}

/// Opens a connection to the database at a path.
pub fn connect(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(unavailable)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Plans do not hang on what is bound: where a table has an index of a part of it, a statement that could use one
    // was prepared anew each time that it ran, which took ten times as long as running it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(unavailable)?;
    connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(unavailable)?;
    Ok(connection)
}
