//! The database's time: nodes whose clocks differ, or are set, agree by it.
//!
//! Between two answers of the database it goes on by a clock that nobody sets, so a machine's own time of day is never
//! asked. An answer says when it was only within the time that it took to come: the clock is moved when it is proven
//! wrong, and not otherwise, so it does not jitter.

use rollcall_model::Timestamp;
use rollcall_model::clock::{Clock, running};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Moves of the clock from which on the log is told.
const NOTABLE: Duration = Duration::from_secs(1);

/// What the database's clock shows.
#[derive(Clone, Debug, Default)]
pub struct DatabaseTime(Arc<AtomicI64>);

impl DatabaseTime {
    /// Takes note of what the database's clock showed, some time between a question and its answer.
    pub fn note(&self, asked_at: Duration, shown: Timestamp, answered_at: Duration) {
        let (earliest, latest) = (shown.as_ms() - ms(answered_at), shown.as_ms() - ms(asked_at));
        let before = self.0.load(Ordering::Relaxed);
        if (earliest..=latest).contains(&before) {
            return;
        }
        let after = earliest + (latest - earliest) / 2;
        self.0.store(after, Ordering::Relaxed);
        if before != 0 && before.abs_diff(after) > NOTABLE.as_millis().try_into().unwrap_or(u64::MAX) {
            tracing::warn!(
                moved_ms = after - before,
                "the database's clock was set, and this node follows it"
            );
        }
    }

    fn at(&self, running: Duration) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::Relaxed).saturating_add(ms(running)))
    }
}

/// What it shows now. Before the first answer that is 1970.
impl Clock for DatabaseTime {
    fn now(&self) -> Timestamp {
        self.at(running())
    }
}

fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn it_goes_on_by_itself_and_is_moved_only_when_it_is_proven_wrong() {
        let time = DatabaseTime::default();
        let shown = |ms: i64| Timestamp::from_ms(ms);
        time.note(s(100), shown(1_000_000_000), s(102));
        assert_eq!(time.at(s(101)), shown(1_000_000_000));
        assert_eq!(time.at(s(161)), shown(1_000_060_000));
        // Within what the way took, both may be right.
        time.note(s(200), shown(1_000_099_500), s(201));
        assert_eq!(time.at(s(200)), shown(1_000_099_000));
        time.note(s(300), shown(1_000_300_000), s(300));
        assert_eq!(time.at(s(300)), shown(1_000_300_000));
        // Set back.
        time.note(s(400), shown(900_000_000), s(400));
        assert_eq!(time.at(s(410)), shown(900_010_000));
    }
}
