//! Room on the disk that is kept for the time when it is full: a file that holds nothing.
//!
//! **Invariant:** the file has its length on the disk, or none at all.

use rollcall_model::limits::RESERVE_BYTES;
use rollcall_store::StoreError;
use rollcall_store::directory::private_file;
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Its file in the data directory.
pub const RESERVE: &str = "reserve";

/// The reserve of a data directory.
#[derive(Debug)]
pub struct Reserve(PathBuf);

impl Reserve {
    /// That of a directory.
    pub fn of(directory: &Path) -> Self {
        Self(directory.join(RESERVE))
    }

    /// Keeps the room. It wants as much again beside it, so that what is asked for next does not fill the disk at once.
    pub fn keep(&self) -> Result<(), StoreError> {
        let file = private_file(&self.0)?;
        let kept = keep_in(&file);
        if kept.is_err() {
            // What it got is somebody else's now.
            let _ = file.set_len(0);
        }
        kept.map_err(|error| StoreError::Unavailable(format!("cannot keep {}: {error}", self.0.display())))
    }

    /// Gives the room to whoever needs it.
    pub fn give_back(&self) -> Result<(), StoreError> {
        let emptied = private_file(&self.0)?.set_len(0);
        emptied.map_err(|error| {
            StoreError::Unavailable(format!("cannot give {} back: {error}", self.0.display()))
        })
    }
}

fn keep_in(file: &File) -> io::Result<()> {
    let metadata = file.metadata()?;
    if metadata.len() == RESERVE_BYTES && metadata.blocks() * 512 >= RESERVE_BYTES {
        return Ok(());
    }
    match fallocate(file, FallocateFlags::empty(), 0, 2 * RESERVE_BYTES) {
        // There are file systems that cannot.
        Err(Errno::OPNOTSUPP | Errno::NODEV) => write_zeros(file, 2 * RESERVE_BYTES)?,
        allocated => allocated?,
    }
    file.set_len(RESERVE_BYTES)
}

fn write_zeros(mut file: &File, bytes: u64) -> io::Result<()> {
    io::copy(&mut io::Read::take(io::repeat(0), bytes), &mut file)?;
    file.flush()
}

/// How many bytes are kept in a directory.
pub fn kept(directory: &Path) -> u64 {
    std::fs::metadata(directory.join(RESERVE)).map_or(0, |metadata| metadata.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    #[test]
    fn room_is_kept_given_back_and_kept_again() {
        let directory = TempDir::new().unwrap();
        let reserve = Reserve::of(directory.path());
        let blocks = || std::fs::metadata(directory.path().join(RESERVE)).unwrap().blocks() * 512;
        for _ in 0..2 {
            reserve.keep().unwrap();
            reserve.keep().unwrap();
            assert_eq!(kept(directory.path()), RESERVE_BYTES);
            assert!(blocks() >= RESERVE_BYTES, "it is there, and not only its length: {}", blocks());
            reserve.give_back().unwrap();
            assert_eq!((kept(directory.path()), blocks()), (0, 0));
        }
    }

    #[test]
    fn on_a_full_disk_there_is_none() {
        let directory = TempDir::new().unwrap();
        // The one place of every system that is always full.
        symlink("/dev/full", directory.path().join(RESERVE)).unwrap();
        let error = Reserve::of(directory.path()).keep().unwrap_err().to_string();
        assert!(error.contains("No space left"), "{error}");
    }
}
