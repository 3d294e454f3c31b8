//! The shim over the system's own VFS: the default one of the process, once there is a [`Disk`](crate::Disk).
//!
//! Files in a disk's directory go through the disk. All others are opened by the system's VFS as if this one were not
//! there. Locks, shared memory and names are the system's always.
//!
//! **Invariant:** memory that SQLite gives for a file begins with [`Opened`]; the system's own file follows.

#![expect(unsafe_code, reason = "SQLite calls a VFS through C, and in no other way")]

use crate::disk::{self, Inner};
use crate::platter::FileNo;
use rusqlite::ffi;
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// The system's VFS.
struct System(*mut ffi::sqlite3_vfs);

// SAFETY: SQLite itself uses it from every thread, and nobody changes it.
unsafe impl Send for System {}
// SAFETY: as above.
unsafe impl Sync for System {}

static SYSTEM: OnceLock<System> = OnceLock::new();

/// A file on a disk, as SQLite holds it.
#[repr(C)]
struct Opened {
    base: ffi::sqlite3_file,
    on_disk: *mut OnDisk,
}

struct OnDisk {
    disk: Arc<Inner>,
    file: FileNo,
    /// The file of the memory that is shared beside it.
    shared: String,
    /// Its first sync brings its name to the disk too.
    name_too: AtomicBool,
}

/// Makes it the default of the process, for connections that are opened from now on.
pub fn register() {
    SYSTEM.get_or_init(|| {
        // SAFETY: without a name it gives the default one, which lives as long as the process.
        let system = unsafe { ffi::sqlite3_vfs_find(ptr::null()) };
        assert!(!system.is_null(), "this system has no VFS");
        // SAFETY: it is not null, and nobody changes it.
        let theirs = unsafe { *system };
        // Names, times and randomness are theirs, and do not look at the VFS that they are called with.
        let ours = Box::leak(Box::new(ffi::sqlite3_vfs {
            szOsFile: c_int::try_from(size_of::<Opened>()).unwrap() + theirs.szOsFile,
            pNext: ptr::null_mut(),
            zName: c"faulty".as_ptr(),
            xOpen: Some(open),
            xDelete: Some(delete),
            ..theirs
        }));
        // SAFETY: it is whole, and leaked so that it lives as long as the process.
        let registered = unsafe { ffi::sqlite3_vfs_register(ours, 1) };
        assert_eq!(registered, ffi::SQLITE_OK, "the VFS is not registered");
        System(system)
    });
}

fn system() -> *mut ffi::sqlite3_vfs {
    SYSTEM.get().unwrap().0
}

/// The path that a name of SQLite's is, if it is one.
unsafe fn path_of(name: *const c_char) -> Option<PathBuf> {
    if name.is_null() {
        return None;
    }
    // SAFETY: a name that is not null ends with a zero.
    let name = unsafe { CStr::from_ptr(name) };
    Some(Path::new(OsStr::from_bytes(name.to_bytes())).to_owned())
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: as SQLite gives it.
    let path = unsafe { path_of(name) };
    // SAFETY: the system's VFS has this, and lives as long as the process.
    let theirs = unsafe { (*system()).xOpen }.unwrap();
    let Some((path, disk)) = path.and_then(|path| disk::of(&path).map(|disk| (path, disk))) else {
        // SAFETY: the memory is large enough, and what they make of it is theirs alone.
        return unsafe { theirs(system(), name, file, flags, out) };
    };
    let flags = if disk.is_protected() {
        flags & !(ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE) | ffi::SQLITE_OPEN_READONLY
    } else {
        flags
    };
    let was_there = path.exists();
    // SAFETY: the memory holds `Opened` and their file behind it; a file without methods is not closed.
    let opened = unsafe {
        (*file).pMethods = ptr::null();
        theirs(system(), name, below(file), flags, out)
    };
    if opened != ffi::SQLITE_OK {
        return opened;
    }
    let of_a_commit = flags & (ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL) != 0;
    let shared = format!("{}-shm", path.file_name().unwrap().display());
    let file_no = disk.opened(&path, !was_there);
    let on_disk = Box::new(OnDisk { disk, file: file_no, shared, name_too: AtomicBool::new(of_a_commit) });
    let opened: *mut Opened = file.cast();
    // SAFETY: SQLite gave at least `szOsFile` bytes, aligned as a pointer is; they are this file's alone.
    unsafe {
        (*opened).on_disk = Box::into_raw(on_disk);
        (*file).pMethods = &raw const METHODS;
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, synced: c_int) -> c_int {
    // SAFETY: the system's VFS has this, and gets what SQLite gave.
    let really = || unsafe { (*system()).xDelete.unwrap()(system(), name, synced) };
    // SAFETY: as SQLite gives it.
    match unsafe { path_of(name) }.and_then(|path| disk::of(&path).map(|disk| (path, disk))) {
        Some((path, disk)) => disk.remove(&path, synced != 0, really),
        None => really(),
    }
}

/// The system's own file.
unsafe fn below(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: the caller gives a file of `szOsFile` bytes, which theirs lies behind `Opened` in.
    unsafe { file.byte_add(size_of::<Opened>()) }
}

unsafe fn on_disk<'a>(file: *mut ffi::sqlite3_file) -> &'a OnDisk {
    let opened: *mut Opened = file.cast();
    // SAFETY: a file with our methods is an `Opened` until it is closed, and SQLite closes it when nobody uses it.
    unsafe { &*(*opened).on_disk }
}

/// Calls a method of the system's own file.
macro_rules! theirs {
    ($file:expr, $method:ident $(, $argument:expr)*) => {{
        // SAFETY: their file was opened with this one, and is closed with it; they get what SQLite gave.
        unsafe {
            let below = below($file);
            (*(*below).pMethods).$method.unwrap()(below $(, $argument)*)
        }
    }};
}

/// Methods that are the system's own.
macro_rules! pass_on {
    ($($name:ident = $method:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?;)+) => {$(
        unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file, $($argument: $type),*) $(-> $result)? {
            theirs!(file, $method $(, $argument)*)
        }
    )+};
}

pass_on! {
    lock = xLock(level: c_int) -> c_int;
    unlock = xUnlock(level: c_int) -> c_int;
    check_reserved_lock = xCheckReservedLock(out: *mut c_int) -> c_int;
    file_control = xFileControl(what: c_int, argument: *mut c_void) -> c_int;
    sector_size = xSectorSize() -> c_int;
    characteristics = xDeviceCharacteristics() -> c_int;
    file_size = xFileSize(out: *mut ffi::sqlite3_int64) -> c_int;
    shm_lock = xShmLock(offset: c_int, count: c_int, flags: c_int) -> c_int;
    shm_barrier = xShmBarrier();
    shm_unmap = xShmUnmap(delete: c_int) -> c_int;
    fetch = xFetch(at: ffi::sqlite3_int64, amount: c_int, out: *mut *mut c_void) -> c_int;
    unfetch = xUnfetch(at: ffi::sqlite3_int64, page: *mut c_void) -> c_int;
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 3,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: Some(fetch),
    xUnfetch: Some(unfetch),
};

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let closed = theirs!(file, xClose);
    let opened: *mut Opened = file.cast();
    // SAFETY: it was boxed when the file was opened, and SQLite closes a file once.
    drop(unsafe { Box::from_raw((*opened).on_disk) });
    closed
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    out: *mut c_void,
    amount: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite calls it on an open file.
    unsafe { on_disk(file) }.disk.read(|| theirs!(file, xRead, out, amount, at))
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    amount: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite calls it on an open file.
    let on_disk = unsafe { on_disk(file) };
    // SAFETY: SQLite gives so many bytes.
    let bytes = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), usize::try_from(amount).unwrap()) };
    let place = u64::try_from(at).unwrap();
    on_disk.disk.write(on_disk.file, place, length(file), bytes, |taken| {
        let amount = c_int::try_from(taken.len()).unwrap();
        theirs!(file, xWrite, taken.as_ptr().cast(), amount, at)
    })
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, to: ffi::sqlite3_int64) -> c_int {
    // SAFETY: SQLite calls it on an open file.
    let on_disk = unsafe { on_disk(file) };
    let (before, after) = (length(file), u64::try_from(to).unwrap());
    on_disk.disk.cut(on_disk.file, after, before, || theirs!(file, xTruncate, to))
}

/// The disk knows what is synced; the system's own syncs would only take time.
unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: SQLite calls it on an open file.
    let on_disk = unsafe { on_disk(file) };
    let name_too = on_disk.name_too.load(Ordering::Relaxed);
    let synced = on_disk.disk.sync(on_disk.file, name_too);
    if synced == ffi::SQLITE_OK {
        on_disk.name_too.store(false, Ordering::Relaxed);
    }
    synced
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: SQLite calls it on an open file.
    let on_disk = unsafe { on_disk(file) };
    let bytes = (u64::try_from(region).unwrap() + 1) * u64::try_from(size).unwrap();
    if extend != 0 && !on_disk.disk.has_room_for_shared(&on_disk.shared, bytes) {
        return ffi::SQLITE_IOERR_SHMSIZE;
    }
    theirs!(file, xShmMap, region, size, extend, out)
}

fn length(file: *mut ffi::sqlite3_file) -> u64 {
    let mut length = 0;
    let asked = theirs!(file, xFileSize, &raw mut length);
    assert_eq!(asked, ffi::SQLITE_OK, "a file has no length");
    u64::try_from(length).unwrap()
}
