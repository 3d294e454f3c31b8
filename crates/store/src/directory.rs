//! The data directory of a node: its owner's only, and one process's at a time.

use crate::StoreError;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// The file whose lock says that a server holds the directory.
pub const LOCK: &str = "lock";

/// The hold on a directory: let go when this is dropped, or with the process.
#[derive(Debug)]
pub struct Hold(#[expect(dead_code, reason = "it is the lock for as long as it is open")] File);

/// Makes a directory when it is not there, and takes its lock.
pub fn hold(directory: &Path) -> Result<Hold, StoreError> {
    make(directory).map_err(|error| {
        StoreError::Unavailable(format!("cannot make the data directory {}: {error}", directory.display()))
    })?;
    let path = directory.join(LOCK);
    let file = private_file(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(Hold(file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::NotOurs(format!(
            "another rollcall holds {}: stop it first, or name another --data-dir",
            directory.display()
        ))),
        Err(TryLockError::Error(error)) => {
            Err(StoreError::Unavailable(format!("cannot lock {}: {error}", path.display())))
        }
    }
}

/// Makes a directory with those above it, as far as they are not there. Their names are on the disk then: a power cut
/// must not take a directory whose files were synced.
fn make(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let above = directory.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make(above)?;
    match DirBuilder::new().mode(0o700).create(directory) {
        // Somebody else made it at this moment.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && directory.is_dir() => {}
        made => made?,
    }
    File::open(above)?.sync_all()
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

/// Opens a file, made with mode 0600 when it is not there.
pub fn private_file(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| StoreError::Unavailable(format!("cannot open {}: {error}", path.display())))
}
