//! The checkpoint's file in the data directory: there as a whole or not at all, and nobody's but its owner's, since
//! it says who is signed in.

use rollcall_service::CheckpointPlace;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The checkpoint.
pub const CHECKPOINT: &str = "checkpoint";
/// One that is being written.
const UNFINISHED: &str = "checkpoint.unfinished";
/// What only its owner may do.
const OWNERS: u32 = 0o600;

/// The checkpoint of a data directory.
#[derive(Debug)]
pub struct CheckpointFile(PathBuf);

impl CheckpointFile {
    /// That of a directory.
    pub fn of(directory: &Path) -> Self {
        Self(directory.to_owned())
    }

    fn path(&self) -> PathBuf {
        self.0.join(CHECKPOINT)
    }
}

impl CheckpointPlace for CheckpointFile {
    fn open(&self) -> io::Result<Option<Box<dyn Read + Send>>> {
        let file = match File::open(self.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mode = file.metadata()?.permissions().mode() & 0o777;
        if mode & !OWNERS != 0 {
            return Err(io::Error::other(format!("its mode is {mode:o}, and not {OWNERS:o}")));
        }
        Ok(Some(Box::new(BufReader::new(file))))
    }

    fn replace(&self, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let unfinished = self.0.join(UNFINISHED);
        let written = self.write(&unfinished, write);
        if written.is_err() {
            // It may be why the disk is full. When it cannot be removed, the next one takes its place.
            let _ = std::fs::remove_file(&unfinished);
        }
        written
    }

    fn overwrite(&self, head: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).open(self.path())?;
        file.write_all(head)?;
        file.sync_data()
    }
}

impl CheckpointFile {
    /// Removes it, and one that was being written: the next start reads the store.
    pub fn remove(&self) -> io::Result<()> {
        for path in [self.path(), self.0.join(UNFINISHED)] {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn write(
        &self,
        unfinished: &Path,
        write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(OWNERS).open(unfinished)?;
        // One that was there keeps its mode otherwise.
        file.set_permissions(Permissions::from_mode(OWNERS))?;
        write(&mut file)?;
        file.sync_all()?;
        std::fs::rename(unfinished, self.path())?;
        File::open(&self.0)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn read(place: &CheckpointFile) -> Vec<u8> {
        let mut bytes = Vec::new();
        place.open().unwrap().unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_is_kept_is_whole_and_its_owners() {
        let directory = TempDir::new().unwrap();
        let place = CheckpointFile::of(directory.path());
        assert!(place.open().unwrap().is_none());
        // Left by a crash, and readable by all.
        let unfinished = directory.path().join(UNFINISHED);
        std::fs::write(&unfinished, "half of one that was longer").unwrap();
        std::fs::set_permissions(&unfinished, Permissions::from_mode(0o644)).unwrap();
        place.replace(&mut |out| out.write_all(b"head and rest")).unwrap();
        assert_eq!(read(&place), b"head and rest");
        let mode = std::fs::metadata(place.path()).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode, unfinished.exists()), (OWNERS, false));
        place.overwrite(b"HEAD").unwrap();
        assert_eq!(read(&place), b"HEAD and rest");
        let torn = place.replace(&mut |out| {
            out.write_all(b"another")?;
            Err(io::Error::other("the disk is full"))
        });
        assert!(torn.is_err() && !unfinished.exists());
        assert_eq!(read(&place), b"HEAD and rest");
    }

    #[test]
    fn what_others_can_read_or_write_is_refused() {
        let directory = TempDir::new().unwrap();
        let place = CheckpointFile::of(directory.path());
        place.replace(&mut |out| out.write_all(b"head")).unwrap();
        for (mode, is_fine) in [(0o640, false), (0o602, false), (0o700, false), (0o400, true), (0o600, true)]
        {
            std::fs::set_permissions(place.path(), Permissions::from_mode(mode)).unwrap();
            assert_eq!(place.open().is_ok(), is_fine, "{mode:o}");
        }
    }
}
