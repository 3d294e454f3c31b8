//! A clock that stands still until a test moves it, on a machine that sleeps when a test says so.

use rollcall_model::{Clock, Timestamp, clock};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// The clock of a test. It begins on 2026-01-05 at 09:00 UTC.
#[derive(Debug)]
pub struct TestClock {
    now: AtomicI64,
    slept_ms: AtomicU64,
}

impl Default for TestClock {
    fn default() -> Self {
        Self { now: AtomicI64::new(1_767_603_600_000), slept_ms: AtomicU64::default() }
    }
}

impl TestClock {
    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        self.now.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Moves it on, and with it the clock that nobody sets: the machine slept so long.
    pub fn sleep(&self, time: Duration) {
        self.slept_ms.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
        self.advance(time);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.now.load(Ordering::SeqCst))
    }

    fn running(&self) -> Duration {
        clock::running() + Duration::from_millis(self.slept_ms.load(Ordering::SeqCst))
    }
}
