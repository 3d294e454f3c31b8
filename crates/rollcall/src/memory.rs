//! What the process took for a while goes back to the system.
//!
//! glibc lets each thread have memory of its own, eight times as many as there are cores, and what one has free the
//! others cannot use. But threads that share it leave holes in each other's, among which every larger allocation
//! searches: with one share for all of them a page took a quarter more time. So there is one for each thread that
//! answers, and a few for those of the store.
//!
//! glibc gives a large allocation pages of its own, which go back when it is freed. But the first one that is
//! freed raises the size from which it does that, and further ones come from arenas, which keep what lies
//! below anything still in use: after 64 long bodies at once, 80 to 100 MiB stayed until the process ended. Small
//! ones do the same in the long run: of a million sessions of which a half were replaced, 95 MiB were kept that held
//! nothing. So what is free goes back every few seconds.

use rollcall_model::limits;
#[cfg(target_env = "gnu")]
use std::thread;
#[cfg(target_env = "gnu")]
use std::time::Duration;

/// Threads with much to allocate beside those that answer: of the store, the scans, the hashes, and the first.
#[cfg(target_env = "gnu")]
const OTHERS: usize = 6;

/// How often what is free goes back. Whoever allocates meanwhile waits, the shorter the less it is.
#[cfg(target_env = "gnu")]
const PERIOD: Duration = Duration::from_secs(15);

/// Before threads are started: from now on whatever is as large as a long body has pages of its own, threads share
/// what they have free, and it goes back from time to time.
#[cfg(target_env = "gnu")]
pub fn keep_little() {
    let shares = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) + OTHERS;
    let number = |of: usize| of.try_into().unwrap_or(libc::c_int::MAX);
    for (option, value) in
        [(libc::M_MMAP_THRESHOLD, number(limits::BODY_BYTES)), (libc::M_ARENA_MAX, number(shares))]
    {
        #[expect(unsafe_code, reason = "a number is handed to the C library; no safe crate has this call")]
        // SAFETY: `mallopt` takes two numbers by value, and locks what it changes.
        let taken = unsafe { libc::mallopt(option, value) };
        debug_assert_eq!(taken, 1, "glibc takes sizes of up to 32 MiB, and any number of arenas");
    }
    let regularly = || loop {
        thread::sleep(PERIOD);
        give_back_what_was_freed();
    };
    // Where no thread can be had, more is kept.
    let _ = thread::Builder::new().name("give-back".into()).spawn(regularly);
}

/// Other allocators do so by themselves.
#[cfg(not(target_env = "gnu"))]
pub fn keep_little() {}

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
