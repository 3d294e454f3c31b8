//! The write-ahead log goes back into the database beside the commits, by a thread and a connection of its own.
//!
//! SQLite begins the log anew when all of it is in the database and nobody writes at that moment. With commits all the
//! time that moment is the writer's alone: it does what the thread has left, which is little.

use crate::condition::Condition;
use crate::rows::{unavailable, unsigned};
use rollcall_model::limits::RESERVE_BYTES;
use rollcall_store::StoreError;
use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, Error, ErrorCode};
use std::ffi::c_int;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

/// How much of the log is written back when.
#[derive(Clone, Copy, Debug)]
pub struct Pages {
    /// Pages that wait until the thread writes them back.
    pub at_once: c_int,
    /// Pages of the log from which on whoever commits writes back the rest, so that it begins anew.
    pub most: c_int,
}

/// 8 and 64 MiB: a page that is written often goes back seldom, and a commit that does the rest does little.
pub const PAGES: Pages = Pages { at_once: 2_048, most: 16_384 };

/// The thread.
pub struct WriteBack {
    ring: SyncSender<()>,
    stops: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl WriteBack {
    /// Starts the thread on its own connection, and has the writer's tell it how long the log is.
    pub fn start(
        writer: &mut Connection,
        own: Connection,
        pages: Pages,
        condition: Arc<Condition>,
    ) -> Result<Self, StoreError> {
        let (ring, bell) = sync_channel(1);
        let (back, stops) = (Arc::new(AtomicI32::new(0)), Arc::new(AtomicBool::new(false)));
        let hook = after_commit(ring.clone(), back.clone(), pages, condition.clone());
        writer.wal_hook(Some(hook)).map_err(unavailable)?;
        let until = stops.clone();
        let thread = Builder::new()
            .name("store-log".into())
            .spawn(move || write_back(&own, &bell, &back, &until, &condition))
            .map_err(|error| StoreError::Unavailable(format!("cannot start a thread: {error}")))?;
        Ok(Self { ring, stops, thread: Some(thread) })
    }
}

/// Ends the thread and closes its connection.
impl Drop for WriteBack {
    fn drop(&mut self) {
        self.stops.store(true, Ordering::Release);
        // When it was rung already, it looks all the same.
        let _ = self.ring.try_send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the writer's connection does when a commit is in the log; the commit is done, whatever comes of this.
fn after_commit(
    ring: SyncSender<()>,
    back: Arc<AtomicI32>,
    Pages { at_once, most }: Pages,
    condition: Arc<Condition>,
) -> impl FnMut(&mut Wal, c_int) -> Result<(), Error> {
    move |log, pages| {
        let written = back.load(Ordering::Acquire);
        if pages < written {
            // It began anew.
            back.store(0, Ordering::Release);
        } else if condition.is_full() {
            // Whoever committed knows better whether there is room for it.
        } else if pages >= most {
            // While the thread is at it, this is passed over, and the next commit tries again.
            alone(&condition, || log.checkpoint_v2(CheckpointMode::PASSIVE));
        } else if pages - written >= at_once {
            let _ = ring.try_send(());
        }
        Ok(())
    }
}

fn write_back(
    own: &Connection,
    bell: &Receiver<()>,
    back: &AtomicI32,
    stops: &AtomicBool,
    condition: &Condition,
) {
    while bell.recv().is_ok() && !stops.load(Ordering::Acquire) {
        let is_full = condition.is_full();
        let written = (!is_full).then(|| alone(condition, || checkpoint(own))).flatten();
        if let Some(pages) = written {
            back.store(pages, Ordering::Release);
        }
    }
}

/// Writes back, unless somebody else is at it or nothing may be written any more. Before the next is let in, it is known
/// how it went: after a sync that failed, another one would take for written what was not.
fn alone<T>(condition: &Condition, write: impl FnOnce() -> Result<T, Error>) -> Option<T> {
    let _one = condition.log.try_lock().ok()?;
    if condition.has_failed_sync() {
        return None;
    }
    let error = match write() {
        Ok(written) => return Some(written),
        Err(error) => error,
    };
    // That the log is in use is no fault.
    if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) {
        tracing::warn!(%error, "the log could not be written back; it grows, and is tried again");
        // The commit that came before is done all the same, and the next one says how it goes.
        if let error @ (StoreError::DiskFull | StoreError::SyncFailed(_)) = unavailable(error) {
            condition.note(&error);
        }
    }
    None
}

/// Writes back what nobody still reads otherwise, and gives the pages of the log that are in the database.
pub fn checkpoint(connection: &Connection) -> Result<c_int, Error> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(2))
}

/// On a full disk: has the log begin anew after each commit, so that the next finds room in it; unless the database
/// would have to grow by more for that than the log would.
pub fn save_room(writer: &Connection, condition: &Condition) {
    let grows = || -> Result<u64, Error> {
        let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        let bytes = writer.query_row(sql, [], |row| unsigned(row, 0))?;
        let length = writer.path().and_then(|path| std::fs::metadata(path).ok()).map_or(0, |file| file.len());
        Ok(bytes.saturating_sub(length))
    };
    if grows().is_ok_and(|bytes| bytes <= RESERVE_BYTES / 2) {
        alone(condition, || checkpoint(writer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open;
    use tempfile::TempDir;

    /// A database whose log is written back, and what does it.
    fn filled(directory: &TempDir, pages: Pages) -> (Connection, WriteBack) {
        let mut writer = open::writer(directory.path()).unwrap();
        let own = open::log_writer(directory.path()).unwrap();
        let write_back = WriteBack::start(&mut writer, own, pages, Arc::default()).unwrap();
        writer.execute_batch("CREATE TABLE filled (text TEXT)").unwrap();
        (writer, write_back)
    }

    fn fill(writer: &Connection) {
        writer.execute("INSERT INTO filled VALUES (hex(randomblob(1000)))", []).unwrap();
    }

    fn pages_of(directory: &TempDir, file: &str) -> u64 {
        directory.path().join(file).metadata().unwrap().len() / 4_096
    }

    #[test]
    fn with_commits_all_the_time_the_log_begins_anew_and_keeps_all() {
        let directory = TempDir::new().unwrap();
        let (writer, write_back) = filled(&directory, Pages { at_once: 20, most: 200 });
        for _ in 0..2_000 {
            fill(&writer);
        }
        let log = pages_of(&directory, "rollcall.db-wal");
        assert!(log < 400, "{log} pages of more than 2000");
        drop((write_back, writer));
        let reader = open::reader(directory.path()).unwrap();
        let count: i64 = reader.query_row("SELECT COUNT(*) FROM filled", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 2_000);
    }

    #[test]
    fn it_is_written_back_by_others_than_who_commits() {
        let directory = TempDir::new().unwrap();
        let (writer, _write_back) = filled(&directory, Pages { at_once: 20, most: c_int::MAX });
        let before = pages_of(&directory, open::DATABASE);
        let grown = (0..20_000).any(|_| {
            fill(&writer);
            pages_of(&directory, open::DATABASE) > before + 20
        });
        assert!(grown);
    }
}
