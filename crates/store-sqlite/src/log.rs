//! Bringing the write-ahead log to the disk, by a connection of its own beside the one that commits.
//!
//! It is synced through SQLite's own file, as a commit does: what SQLite is told to think of a disk holds for it too.

#![expect(unsafe_code, reason = "SQLite gives the file of its log through C, and in no other way")]

use crate::open;
use crate::rows::unavailable;
use rollcall_store::StoreError;
use rusqlite::{Connection, ffi};
use std::path::Path;
use std::ptr;

/// Opens the connection by which it is synced.
pub fn open(directory: &Path) -> Result<Connection, StoreError> {
    let connection = open::reader(directory)?;
    // The log is opened by the first that is read.
    connection.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(())).map_err(unavailable)?;
    Ok(connection)
}

/// Returns when the log is on the disk, as far as it was written before.
pub fn sync(connection: &Connection) -> Result<(), StoreError> {
    let mut log: *mut ffi::sqlite3_file = ptr::null_mut();
    // SAFETY: the handle is the open connection's, which this thread alone uses; what is asked for is written to `log`.
    let asked = unsafe {
        let which = ffi::SQLITE_FCNTL_JOURNAL_POINTER;
        ffi::sqlite3_file_control(connection.handle(), c"main".as_ptr(), which, (&raw mut log).cast())
    };
    let failed = |code| StoreError::SyncFailed(format!("of the log: {}", ffi::Error::new(code)));
    // SAFETY: a file that SQLite gives lives as long as its connection; one without methods is not open.
    let methods = if log.is_null() { ptr::null() } else { unsafe { (*log).pMethods } };
    if asked != ffi::SQLITE_OK || methods.is_null() {
        return Err(failed(if asked == ffi::SQLITE_OK { ffi::SQLITE_CANTOPEN } else { asked }));
    }
    // SAFETY: it is open, and so has methods.
    let synced = unsafe { (*methods).xSync.map(|sync| sync(log, ffi::SQLITE_SYNC_NORMAL)) };
    match synced {
        Some(ffi::SQLITE_OK) => Ok(()),
        code => Err(failed(code.unwrap_or(ffi::SQLITE_CANTOPEN))),
    }
}
