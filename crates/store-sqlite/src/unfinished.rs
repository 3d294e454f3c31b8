//! A new store that is being filled: one transaction in a file of its own, without a log and without syncs, which
//! is put in the store's place when all of it is on the disk.
//!
//! **Invariant:** until then there is no store in the directory, whatever ends the process; what is left of one is
//! removed by the next.

use crate::{SqliteStore, open};
use rollcall_model::Randomness;
use rollcall_store::directory::{self, Hold};
use rollcall_store::{Store, StoreError};
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file in the data directory that it is filled in.
pub const UNFINISHED: &str = "rollcall.db.unfinished";

/// A store that is no store yet. Dropped before [`UnfinishedStore::finish`], it leaves nothing.
pub struct UnfinishedStore {
    store: SqliteStore,
    directory: PathBuf,
    // The store lets go of its own when it is closed, which is before it is put in its place.
    _hold: Arc<Hold>,
}

impl UnfinishedStore {
    /// Begins one in a directory, which is made when it is not there and must hold no store. Blocks.
    pub fn begin(directory: &Path, randomness: Arc<dyn Randomness>) -> Result<Self, StoreError> {
        let hold = Arc::new(directory::hold(directory)?);
        holds_none(directory)?;
        let path = directory.join(UNFINISHED);
        remove(&path)?;
        let filler = open::filler(&path)?;
        let (reader, condition) = (|| open::reader_of(&path), Arc::default());
        let store = SqliteStore::on(hold.clone(), filler, None, reader, condition, randomness)?;
        Ok(Self { store, directory: directory.to_owned(), _hold: hold })
    }

    /// What it is filled by.
    pub const fn store(&self) -> &SqliteStore {
        &self.store
    }

    /// Puts it in its place: from now on it is the directory's store. Blocks until it is on the disk.
    pub async fn finish(self) -> Result<(), StoreError> {
        self.store.write(|connection| connection.execute_batch("COMMIT")).await?;
        self.store.close().await?;
        put(&self.directory.join(UNFINISHED), &open::database(&self.directory))
    }
}

impl Drop for UnfinishedStore {
    fn drop(&mut self) {
        // Under the lock still. When it cannot be removed now, the next one does.
        let _ = remove(&self.directory.join(UNFINISHED));
    }
}

/// Whether a directory has no store, and nothing of one: a log that lay there would become the new one's.
pub fn holds_none(directory: &Path) -> Result<(), StoreError> {
    if open::exists(directory)? {
        return Err(StoreError::NotOurs(format!(
            "there is a store in {} already, and nothing was changed: name another --data-dir",
            directory.display()
        )));
    }
    for of_another in ["-wal", "-journal"] {
        let path = directory.join(format!("{}{of_another}", open::DATABASE));
        if path.try_exists().map_err(|error| cannot("look at", &path, &error))? {
            return Err(StoreError::NotOurs(format!(
                "{} is what is left of a store: move it away first; nothing was changed",
                path.display()
            )));
        }
    }
    Ok(())
}

/// Which file it is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    device: u64,
    inode: u64,
}

/// Makes a file that is not there, with mode 0600.
pub fn make(path: &Path) -> Result<Made, StoreError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.map_err(|error| cannot("make", path, &error))?;
    made(path)
}

/// The file of this name.
pub fn made(path: &Path) -> Result<Made, StoreError> {
    let metadata = path.symlink_metadata().map_err(|error| cannot("look at", path, &error))?;
    Ok(Made { device: metadata.dev(), inode: metadata.ino() })
}

/// Puts a file that is complete in its place, on the disk.
pub fn put(path: &Path, place: &Path) -> Result<(), StoreError> {
    let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all());
    sync(path).map_err(|error| cannot("write", path, &error))?;
    std::fs::rename(path, place).map_err(|error| cannot("rename", path, &error))?;
    let directory = place.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    sync(directory).map_err(|error| cannot("write", directory, &error))
}

/// Removes a file, if it is there.
pub fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot("remove", path, &error)),
        _ => Ok(()),
    }
}

/// What could not be done to a file, and why.
pub fn cannot(what: &str, path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("cannot {what} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{Zeros, begin, observed};
    use rollcall_model::Seq;
    use tempfile::TempDir;

    #[tokio::test]
    async fn it_is_a_store_when_it_is_finished_and_not_before() {
        let directory = TempDir::new().unwrap();
        let unfinished = UnfinishedStore::begin(directory.path(), Arc::new(Zeros)).unwrap();
        begin(unfinished.store()).await.unwrap();
        observed(unfinished.store(), 5).await;
        assert!(!open::exists(directory.path()).unwrap());
        assert!(SqliteStore::open(directory.path(), Arc::new(Zeros)).is_err(), "it holds the directory");
        unfinished.finish().await.unwrap();
        assert!(!directory.path().join(UNFINISHED).exists());
        let store = SqliteStore::open(directory.path(), Arc::new(Zeros)).unwrap();
        assert_eq!(store.verify().await.unwrap().unwrap().seq, Seq(6));
        observed(&store, 1).await;
        store.close().await.unwrap();
        let refused = UnfinishedStore::begin(directory.path(), Arc::new(Zeros)).map(drop).unwrap_err();
        assert!(refused.to_string().contains("there is a store in"), "{refused}");
    }

    #[tokio::test]
    async fn what_a_crash_left_of_one_is_no_store_and_gives_way_to_the_next() {
        let directory = TempDir::new().unwrap();
        let left = directory.path().join(UNFINISHED);
        std::fs::write(&left, "pages that were never finished").unwrap();
        let unfinished = UnfinishedStore::begin(directory.path(), Arc::new(Zeros)).unwrap();
        begin(unfinished.store()).await.unwrap();
        drop(unfinished);
        assert!(!left.exists() && !open::exists(directory.path()).unwrap());
    }
}
