//! What the process took for a while goes back to the system.
//!
//! glibc gives a large allocation pages of its own, which go back when it is freed. But the first one that is
//! freed raises the size from which it does that, and further ones come from arenas, which keep what lies
//! below anything still in use: after 64 long bodies at once, 80 to 100 MiB stayed until the process ended.

use rollcall_model::limits;

/// From now on whatever is as large as a long body has pages of its own.
#[cfg(target_env = "gnu")]
pub fn give_back_long_bodies() {
    let bytes = limits::BODY_BYTES.try_into().unwrap_or(libc::c_int::MAX);
    #[expect(unsafe_code, reason = "a number is handed to the C library; no safe crate has this call")]
    // SAFETY: `mallopt` takes two numbers by value, and locks what it changes.
    let taken = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, bytes) };
    debug_assert_eq!(taken, 1, "glibc takes sizes of up to 32 MiB");
}

/// Other allocators do so by themselves.
#[cfg(not(target_env = "gnu"))]
pub fn give_back_long_bodies() {}

/// What was freed goes back now: after the index was filled, a third of what that took.
#[cfg(target_env = "gnu")]
pub fn give_back_what_was_freed() {
    #[expect(unsafe_code, reason = "no safe crate has this call")]
    // SAFETY: `malloc_trim` takes a number by value, and locks what it changes.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Other allocators do so by themselves.
#[cfg(not(target_env = "gnu"))]
pub fn give_back_what_was_freed() {}
