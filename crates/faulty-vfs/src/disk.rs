//! The disk under one directory: what happened to it, what it is told to fail at, and what a power cut leaves of it.
//!
//! **Invariant:** steps are written down in the order in which they happen to the files, under one lock.

use crate::platter::{FileNo, Kept, Platter, Step};
use crate::vfs;
use rusqlite::ffi;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::c_int;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

/// What SQLite calls what went well.
const OK: c_int = ffi::SQLITE_OK;

static DISKS: Mutex<Vec<Weak<Inner>>> = Mutex::new(Vec::new());

/// The disk under a directory, until it is dropped.
#[derive(Debug)]
pub struct Disk(Arc<Inner>);

/// A moment of a disk's past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(usize);

/// The disk, as the VFS asks it.
#[derive(Debug)]
pub(crate) struct Inner {
    directory: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    faults: Faults,
    /// Nothing is written down: of a long load only the faults matter.
    forgets: bool,
    steps: Vec<Step>,
    files: usize,
    names: BTreeMap<String, Known>,
    /// Files that another process is to find as this one left them.
    left: HashSet<FileNo>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    file: FileNo,
    inode: u64,
}

/// What does not go well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// Nothing changes any more.
    Stopped,
    /// Nothing can be changed, or opened for that.
    Protected,
    Writes,
    Reads,
}

#[derive(Debug, Default)]
struct Faults {
    made: BTreeSet<Fault>,
    capacity: Option<u64>,
    /// Syncs that go well before so many that do not.
    syncs: Option<(usize, usize)>,
}

/// When a file that was left was changed last, as far as its times say.
fn left_at() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1)
}

impl Disk {
    /// The disk under a directory. What is there already is on it; for SQLite, a sync of this one costs nothing.
    pub fn under(directory: &Path) -> Self {
        vfs::register();
        let directory = directory.canonicalize().unwrap();
        let mut state = State::default();
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            // What connections share lives in memory.
            if !name_of(&path).ends_with("-shm") {
                let file = state.found(&path);
                state.note(Step::Synced(file));
            }
        }
        state.note(Step::DirectorySynced);
        let inner = Arc::new(Inner { directory, state: Mutex::new(state) });
        disks().push(Arc::downgrade(&inner));
        Self(inner)
    }

    /// The same, that only fails when it is told to: its past is not kept, and no power cut can be asked for.
    pub fn without_past(directory: &Path) -> Self {
        let disk = Self::under(directory);
        disk.0.state().forgets = true;
        disk.0.state().steps.clear();
        disk
    }

    /// This moment.
    pub fn now(&self) -> Moment {
        Moment(self.0.state().steps.len())
    }

    /// The moments right before each sync, and after the last.
    pub fn syncs(&self) -> Vec<Moment> {
        self.before(|step| matches!(step, Step::Synced(_) | Step::SyncFailed(_)))
    }

    /// The moments right before each write, and after the last.
    pub fn writes(&self) -> Vec<Moment> {
        self.before(|step| matches!(step, Step::Written(..)))
    }

    fn before(&self, is_one: impl Fn(&Step) -> bool) -> Vec<Moment> {
        let state = self.0.state();
        let before = state.steps.iter().enumerate().filter(|(_, step)| is_one(step));
        before.map(|(at, _)| Moment(at)).chain([Moment(state.steps.len())]).collect()
    }

    /// Writes into an empty directory what the disk holds after a power cut at a moment.
    pub fn after_power_cut(&self, at: Moment, kept: Kept, into: &Path) {
        let state = self.0.state();
        assert!(!state.forgets, "its past was not kept");
        let mut platter = Platter::default();
        state.steps[..at.0].iter().for_each(|step| platter.take(step));
        drop(state);
        for (name, bytes) in platter.after_power_cut(kept) {
            fs::write(into.join(name), bytes).unwrap();
        }
    }

    /// From now on nothing changes any more, as for a process that is killed.
    pub fn stop(&self) {
        self.0.state().faults.made.insert(Fault::Stopped);
    }

    /// Another process goes on where one was stopped; the system is the same, and shows what was not synced too. What
    /// the new one writes by other ways than SQLite before it opens a file, counts as written and not yet synced.
    pub fn next_process(&self) {
        let state = &mut *self.0.state();
        state.faults.made.remove(&Fault::Stopped);
        for (name, known) in &state.names {
            // One that somebody removed is not found by the next.
            if let Ok(file) = File::options().write(true).open(self.0.directory.join(name)) {
                file.set_modified(left_at()).unwrap();
                state.left.insert(known.file);
            }
        }
    }

    /// From now on the directory's files have room for so many bytes in all; a write that would need more takes what
    /// is left.
    pub fn hold_at_most(&self, bytes: u64) {
        self.0.state().faults.capacity = Some(bytes);
    }

    /// How many bytes the directory's files have in all.
    pub fn held(&self) -> u64 {
        self.0.held()
    }

    /// From now on it can only be read.
    pub fn protect(&self) {
        self.0.state().faults.made.insert(Fault::Protected);
    }

    /// From now on no write goes well.
    pub fn fail_writes(&self) {
        self.0.state().faults.made.insert(Fault::Writes);
    }

    /// From now on no read goes well.
    pub fn fail_reads(&self) {
        self.0.state().faults.made.insert(Fault::Reads);
    }

    /// After so many syncs more that go well, so many do not: what they should have brought to the disk is lost, and
    /// shown as if it were there.
    pub fn fail_syncs(&self, after: usize, many: usize) {
        self.0.state().faults.syncs = Some((after, many));
    }

    /// Whether syncs that were to fail have all done so.
    pub fn has_failed_syncs(&self) -> bool {
        self.0.state().faults.syncs.is_none()
    }

    /// From now on all goes well again.
    pub fn heal(&self) {
        self.0.state().faults = Faults::default();
    }
}

/// The disk that a file is on, when it is on one.
pub(crate) fn of(path: &Path) -> Option<Arc<Inner>> {
    let directory = path.parent()?;
    let mut disks = disks();
    disks.retain(|disk| disk.strong_count() > 0);
    disks.iter().filter_map(Weak::upgrade).find(|disk| disk.directory == directory)
}

fn disks() -> MutexGuard<'static, Vec<Weak<Inner>>> {
    DISKS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

/// What the VFS asks: each does what it is about by `really`, unless it is to fail.
impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> u64 {
        let lengths = fs::read_dir(&self.directory).unwrap().map(|entry| {
            // One that goes away meanwhile holds nothing.
            entry.unwrap().metadata().map_or(0, |metadata| metadata.len())
        });
        lengths.sum()
    }

    /// Whether files can be opened for reading only.
    pub fn is_protected(&self) -> bool {
        self.state().faults.has(Fault::Protected)
    }

    /// A file is there, and open: it was made by that, or found.
    pub fn opened(&self, path: &Path, made: bool) -> FileNo {
        let state = &mut *self.state();
        let name = name_of(path);
        let metadata = fs::metadata(path).unwrap();
        match state.names.get(&name).copied() {
            Some(known) if known.inode == metadata.ino() => {
                if state.left.remove(&known.file) && metadata.modified().unwrap() != left_at() {
                    state.rewritten(known.file, &fs::read(path).unwrap());
                }
                known.file
            }
            _ if made => state.named(name, metadata.ino()),
            _ => state.found(path),
        }
    }

    pub fn read(&self, really: impl FnOnce() -> c_int) -> c_int {
        if self.state().faults.has(Fault::Reads) {
            return ffi::SQLITE_IOERR_READ;
        }
        really()
    }

    pub fn write(
        &self,
        file: FileNo,
        at: u64,
        length: u64,
        bytes: &[u8],
        really: impl FnOnce(&[u8]) -> c_int,
    ) -> c_int {
        let mut state = self.state();
        if state.faults.refuse_changes() || state.faults.has(Fault::Writes) {
            return ffi::SQLITE_IOERR_WRITE;
        }
        let fits = self.fits(&state, at, length, bytes.len());
        let (taken, full) = (&bytes[..fits], fits < bytes.len());
        if full && taken.is_empty() {
            return ffi::SQLITE_FULL;
        }
        let result = really(taken);
        if result == OK {
            state.note(Step::Written(file, usize::try_from(at).unwrap(), taken.into()));
        }
        if full { ffi::SQLITE_FULL } else { result }
    }

    /// How many of the bytes there is room for.
    fn fits(&self, state: &State, at: u64, length: u64, bytes: usize) -> usize {
        let Some(capacity) = state.faults.capacity else { return bytes };
        let more = (at + bytes as u64).saturating_sub(length);
        let lacks = (self.held() + more).saturating_sub(capacity).min(more);
        bytes.saturating_sub(usize::try_from(lacks).unwrap())
    }

    /// Whether the memory that connections share may have so many bytes.
    pub fn has_room_for_shared(&self, name: &str, bytes: u64) -> bool {
        let Some(capacity) = self.state().faults.capacity else { return true };
        let length = fs::metadata(self.directory.join(name)).map_or(0, |metadata| metadata.len());
        let more = bytes.saturating_sub(length);
        more == 0 || self.held() + more <= capacity
    }

    pub fn cut(&self, file: FileNo, length: u64, before: u64, really: impl FnOnce() -> c_int) -> c_int {
        let mut state = self.state();
        if state.faults.refuse_changes() || state.faults.has(Fault::Writes) {
            return ffi::SQLITE_IOERR_TRUNCATE;
        }
        let result = really();
        if result == OK && length != before {
            state.note(Step::Cut(file, usize::try_from(length).unwrap()));
        }
        result
    }

    /// With a new log or journal, SQLite syncs its name too.
    pub fn sync(&self, file: FileNo, name_too: bool) -> c_int {
        let state = &mut *self.state();
        if state.faults.refuse_changes() {
            return ffi::SQLITE_IOERR_FSYNC;
        }
        if state.faults.sync_fails() {
            state.note(Step::SyncFailed(file));
            return ffi::SQLITE_IOERR_FSYNC;
        }
        state.note(Step::Synced(file));
        if name_too {
            state.note(Step::DirectorySynced);
        }
        OK
    }

    pub fn remove(&self, path: &Path, synced: bool, really: impl FnOnce() -> c_int) -> c_int {
        let mut state = self.state();
        if state.faults.refuse_changes() {
            return ffi::SQLITE_IOERR_DELETE;
        }
        let result = really();
        if result == OK {
            let name = name_of(path);
            state.names.remove(&name);
            state.note(Step::Named(name, None));
            if synced {
                state.note(Step::DirectorySynced);
            }
        }
        result
    }
}

impl Faults {
    fn has(&self, fault: Fault) -> bool {
        self.made.contains(&fault)
    }

    fn refuse_changes(&self) -> bool {
        self.has(Fault::Stopped) || self.has(Fault::Protected)
    }

    fn sync_fails(&mut self) -> bool {
        match &mut self.syncs {
            None => false,
            Some((0, many)) => {
                *many -= 1;
                if *many == 0 {
                    self.syncs = None;
                }
                true
            }
            Some((after, _)) => {
                *after -= 1;
                false
            }
        }
    }
}

impl State {
    fn note(&mut self, step: Step) {
        if !self.forgets {
            self.steps.push(step);
        }
    }

    fn named(&mut self, name: String, inode: u64) -> FileNo {
        let file = FileNo(self.files);
        self.files += 1;
        self.names.insert(name.clone(), Known { file, inode });
        self.note(Step::Named(name, Some(file)));
        file
    }

    /// A file that somebody made by other ways.
    fn found(&mut self, path: &Path) -> FileNo {
        let file = self.named(name_of(path), fs::metadata(path).unwrap().ino());
        self.rewritten(file, &fs::read(path).unwrap());
        file
    }

    fn rewritten(&mut self, file: FileNo, bytes: &[u8]) {
        self.note(Step::Cut(file, bytes.len()));
        self.note(Step::Written(file, 0, bytes.into()));
    }
}
