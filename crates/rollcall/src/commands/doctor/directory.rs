//! The data directory itself: who can look into it, and how much room is left.

use super::finding::Finding;
use rollcall_model::limits;
use rollcall_store_sqlite::kept_in_reserve;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Below this much room an operator wants to know.
const ROOM_WARNING_BYTES: u64 = 1 << 30;
/// Below this much, the write-ahead log of one checkpoint does not fit.
const ROOM_BAD_BYTES: u64 = 128 << 20;

/// One finding for each thing that was looked at.
pub fn check(data_dir: &Path) -> Vec<Finding> {
    let shown = data_dir.display();
    let metadata = match std::fs::metadata(data_dir) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let what = format!("{shown} is not there; the first start makes it");
            return vec![Finding::warning(
                "directory",
                what,
                "if there should be a store, name its directory",
            )];
        }
        Err(error) => {
            let what = format!("cannot look at {shown}: {error}");
            return vec![Finding::bad("directory", what, "run this as the user that runs the server")];
        }
    };
    let mode = metadata.mode() & 0o777;
    let own = if mode & 0o077 != 0 {
        let what = format!("others can look into {shown} (mode {mode:o})");
        Finding::warning("directory", what, format!("chmod 700 {shown}"))
    } else {
        Finding::good("directory", format!("{shown}, only its owner looks into it"))
    };
    let room = rustix::fs::statvfs(data_dir).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    let room = match room {
        Ok(bytes) => room_left(bytes),
        Err(error) => {
            Finding::warning("room", format!("cannot be told: {error}"), "look at the disk yourself")
        }
    };
    let reserve = rollcall_store_sqlite::exists(data_dir).unwrap_or(false);
    [own, room].into_iter().chain(reserve.then(|| reserved(kept_in_reserve(data_dir)))).collect()
}

fn reserved(bytes: u64) -> Finding {
    if bytes >= limits::RESERVE_BYTES {
        let what = format!("{} MiB are kept, so that sessions can be ended on a full disk", bytes >> 20);
        return Finding::good("reserve", what);
    }
    let what = "no room is kept for a full disk: it is full, or was when the server wrote last";
    Finding::bad(
        "reserve",
        what,
        "make room: a running server takes it within a second, others when they start",
    )
}

fn room_left(bytes: u64) -> Finding {
    let what = format!("{} MiB are left on the disk", bytes >> 20);
    let to_do = "make room: the ledger grows, and on a full disk nobody signs in";
    match bytes {
        ..ROOM_BAD_BYTES => Finding::bad("room", what, to_do),
        ROOM_BAD_BYTES..ROOM_WARNING_BYTES => Finding::warning("room", what, to_do),
        ROOM_WARNING_BYTES.. => Finding::good("room", what),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    fn states(data_dir: &Path) -> Vec<(&'static str, State)> {
        check(data_dir).iter().map(|finding| (finding.check, finding.state)).collect()
    }

    #[test]
    fn others_should_not_look_into_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        set_permissions(directory.path(), Permissions::from_mode(0o700)).unwrap();
        assert_eq!(states(directory.path())[0], ("directory", State::Good));
        set_permissions(directory.path(), Permissions::from_mode(0o750)).unwrap();
        assert_eq!(states(directory.path())[0], ("directory", State::Warning));
        assert_eq!(states(directory.path())[1].0, "room");
        assert_eq!(states(&directory.path().join("none")), [("directory", State::Warning)]);
        assert_eq!(states(Path::new("/dev/null/data")), [("directory", State::Bad)]);
    }

    #[test]
    fn a_disk_that_is_nearly_full_is_told() {
        let state = |bytes| room_left(bytes).state;
        assert_eq!([1 << 30, 1 << 29, 1 << 20].map(state), [State::Good, State::Warning, State::Bad]);
        assert!(room_left(5 << 30).what.starts_with("5120 MiB"));
    }

    #[test]
    fn a_reserve_that_was_given_back_is_told() {
        let state = |bytes| reserved(bytes).state;
        assert_eq!([limits::RESERVE_BYTES, 0].map(state), [State::Good, State::Bad]);
    }
}
