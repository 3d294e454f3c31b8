//! How far a long command is: on a terminal a line that is written over, elsewhere a line now and then.

use crate::output::{progress, say};
use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

/// Between two of them on a terminal.
const SHOWN_EVERY: Duration = Duration::from_millis(200);
/// Between two of them elsewhere.
const SAID_EVERY: Duration = Duration::from_secs(5);

/// Shows how many of so many rows are done.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    of: u64,
    started: Instant,
    told: Instant,
    is_shown: bool,
}

impl Progress {
    /// Nothing is written yet.
    pub fn start(of: u64) -> Self {
        Self::of("rows", of)
    }

    /// Nothing of this is done yet.
    pub fn of(what: &'static str, of: u64) -> Self {
        let now = Instant::now();
        Self { what, of, started: now, told: now, is_shown: stderr().is_terminal() }
    }

    /// Nothing more is shown.
    pub fn finish(&self) {
        if self.is_shown {
            progress("");
        }
    }

    /// So many are.
    pub fn reach(&mut self, rows: u64) {
        let every = if self.is_shown { SHOWN_EVERY } else { SAID_EVERY };
        let done = rows >= self.of;
        if self.told.elapsed() < every && !done {
            return;
        }
        self.told = Instant::now();
        let text = text(rows, self.of, self.what, self.started.elapsed());
        match (self.is_shown, done) {
            (true, false) => progress(&text),
            (true, true) => progress(""),
            (false, _) => say(&text),
        }
    }
}

fn text(rows: u64, of: u64, what: &str, elapsed: Duration) -> String {
    let a_second = rows_a_second(rows, elapsed);
    let left = of.saturating_sub(rows) / a_second.max(1);
    format!("{rows} of {of} {what}, {a_second} a second, {left} s left")
}

/// How many that is in a second.
pub fn rows_a_second(rows: u64, elapsed: Duration) -> u64 {
    let a_second = u128::from(rows) * 1_000 / elapsed.as_millis().max(1);
    u64::try_from(a_second).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_fast_and_how_long_still() {
        assert_eq!(
            text(500, 2_000, "rows", Duration::from_millis(500)),
            "500 of 2000 rows, 1000 a second, 1 s left"
        );
        assert_eq!(
            text(2_000, 2_000, "events", Duration::from_secs(2)),
            "2000 of 2000 events, 1000 a second, 0 s left"
        );
        assert_eq!(text(0, 7, "rows", Duration::ZERO), "0 of 7 rows, 0 a second, 7 s left");
    }
}
