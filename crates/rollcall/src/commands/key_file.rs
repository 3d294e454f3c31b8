//! The file of the cluster key: made when a store is new, asked for ever after.
//!
//! **Invariants:** a file is made only while the store has no key, with mode 0600, and is on the disk before
//! the store is told of it; a file that others can read is refused.

use anyhow::{Context, bail};
use rollcall_auth::ClusterKey;
use rollcall_model::Randomness;
use rollcall_model::factor::KeyFingerprint;
use rollcall_store::Store;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Its name in the data directory, where it is when no other place is named.
pub const DEFAULT_NAME: &str = "cluster-key";

/// Bytes of a file that are looked at.
const READ_MAX: u64 = 1_024;

/// The store's key out of its file; a new one, when both are new.
pub async fn cluster_key(
    store: &dyn Store,
    path: &Path,
    randomness: &dyn Randomness,
) -> anyhow::Result<ClusterKey> {
    let stored = store.workspace().await?.and_then(|workspace| workspace.key);
    matching(path, stored)?.map_or_else(|| make(path, randomness), Ok)
}

/// The key in a file, which has to be the one that the store is sealed with; `None` when there is neither.
pub fn matching(path: &Path, stored: Option<KeyFingerprint>) -> anyhow::Result<Option<ClusterKey>> {
    match (read(path)?, stored) {
        (Some(key), Some(stored)) if key.fingerprint() != stored => bail!(
            "{} holds the cluster key {}, and the store is sealed with {stored}: put the right file there, or \
             name it with --key-file",
            path.display(),
            key.fingerprint()
        ),
        (None, Some(stored)) => bail!(
            "the store is sealed with the cluster key {stored}, and {} is not there: put the file back from its \
             backup, or name it with --key-file",
            path.display()
        ),
        (key, _) => Ok(key),
    }
}

/// Whether the key in a file, where there is one yet, is the one that a store is sealed with.
pub fn is_there(path: &Path, stored: KeyFingerprint) -> anyhow::Result<bool> {
    Ok(read(path)?.is_some() && matching(path, Some(stored))?.is_some())
}

/// The key in a file; `None` when there is no file.
pub fn read(path: &Path) -> anyhow::Result<Option<ClusterKey>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let mode = file.metadata().with_context(|| format!("cannot look at {}", path.display()))?.mode();
    if mode & 0o077 != 0 {
        bail!("{} can be read by others (mode {:o}): chmod 600 it", path.display(), mode & 0o777);
    }
    let mut text = String::new();
    file.take(READ_MAX)
        .read_to_string(&mut text)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let key = ClusterKey::from_hex(&text);
    key.map(Some).with_context(|| format!("{} is no key file: expected 64 hex digits", path.display()))
}

fn make(path: &Path, randomness: &dyn Randomness) -> anyhow::Result<ClusterKey> {
    let key = ClusterKey::random(randomness);
    let written = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        writeln!(file, "{}", *key.to_hex())?;
        file.sync_all()?;
        // The name too: the store must never know a key that is gone after a crash.
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
    };
    written().with_context(|| format!("cannot make {}", path.display()))?;
    tracing::warn!(
        key_file = %path.display(),
        fingerprint = %key.fingerprint(),
        "made the cluster key; keep a copy apart from the store: without it no factor can be verified"
    );
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_auth::SystemRandomness;
    use std::fs::{Permissions, set_permissions, write};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_that_was_made_is_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(DEFAULT_NAME);
        assert!(read(&path).unwrap().is_none());
        let made = make(&path, &SystemRandomness).unwrap();
        assert_eq!(read(&path).unwrap().unwrap().fingerprint(), made.fingerprint());
        assert!(make(&path, &SystemRandomness).is_err(), "no file is written over");
    }

    #[test]
    fn a_file_that_others_read_or_that_holds_no_key_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(DEFAULT_NAME);
        make(&path, &SystemRandomness).unwrap();
        set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("chmod 600"));
        set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        write(&path, "not a key").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("64 hex digits"));
    }
}
