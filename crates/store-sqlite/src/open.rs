//! Opening the data directory: the lock that keeps a second server out, files that only their owner
//! reads, and connections that sync at each commit.

use crate::migrate;
use crate::rows::unavailable;
use rollcall_store::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The database's file in the data directory.
pub const DATABASE: &str = "rollcall.db";
/// The file whose lock says that a server holds the directory.
pub const LOCK: &str = "lock";

/// Statements kept prepared on each connection: more than there are.
const STATEMENTS: usize = 64;
/// Pages of the write-ahead log before it is written back: 64 MiB. Long, since each checkpoint delays a commit.
const CHECKPOINT_PAGES: u32 = 16_384;
/// Memory of the connection that fills a new store: names and ids of many users go to random places of indexes.
const FILLER_CACHE_KIB: u32 = 512 << 10;

/// Makes the directory when it is not there, and takes its lock. The lock goes with the process.
pub fn lock(directory: &Path) -> Result<File, StoreError> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|error| {
        StoreError::Unavailable(format!("cannot make the data directory {}: {error}", directory.display()))
    })?;
    let path = directory.join(LOCK);
    let file = private_file(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::NotOurs(format!(
            "another rollcall holds {}: stop it first, or name another --data-dir",
            directory.display()
        ))),
        Err(TryLockError::Error(error)) => {
            Err(StoreError::Unavailable(format!("cannot lock {}: {error}", path.display())))
        }
    }
}

/// Whether a server holds the directory. To see that, the lock is asked for, shared, and let go at once.
pub fn is_held(directory: &Path) -> Result<bool, StoreError> {
    let path = directory.join(LOCK);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => {
            return Err(StoreError::Unavailable(format!("cannot open {}: {error}", path.display())));
        }
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => {
            Err(StoreError::Unavailable(format!("cannot ask for the lock {}: {error}", path.display())))
        }
    }
}

/// Opens the connection that writes, its schema brought up to date.
pub fn writer(directory: &Path) -> Result<Connection, StoreError> {
    let path = database(directory);
    // SQLite gives its -wal and -shm files the database's mode.
    private_file(&path)?;
    let mut connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let pragmas = format!(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = FAST;"
    );
    connection.execute_batch(&pragmas).map_err(unavailable)?;
    migrate::run(&mut connection)?;
    Ok(connection)
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

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(unavailable)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Plans do not hang on what is bound: where a table has an index of a part of it, a statement that could use one
    // was prepared anew each time that it ran, which took ten times as long as running it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(unavailable)?;
    connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(unavailable)?;
    Ok(connection)
}

fn private_file(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| StoreError::Unavailable(format!("cannot open {}: {error}", path.display())))
}
