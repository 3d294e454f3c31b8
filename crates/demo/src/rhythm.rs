//! When people sign in: by day, on weekdays, in their own time zone.
//!
//! An instant is drawn anywhere in a [`Window`] and kept with the likelihood of its local hour; after a few refusals
//! the last one is kept all the same, so the work is bounded and the window's edges always hold.

use crate::random::Random;

pub(crate) const MINUTE_MS: i64 = 60_000;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// How likely an instant of a weekday's hour is to be kept, in per cent.
const WEEKDAY: [u32; 24] =
    [2, 1, 1, 1, 1, 3, 10, 30, 75, 100, 92, 85, 60, 80, 90, 85, 72, 50, 30, 24, 22, 18, 10, 5];

/// How many times less happens on a weekend.
const WEEKEND_LESS: u32 = 6;

/// With about three refusals of ten instants kept, one instant in five thousand falls through.
const DRAWS_MAX: u32 = 24;

/// The first and the last millisecond something may happen at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) first_ms: i64,
    pub(crate) last_ms: i64,
}

/// How the instants lie in their window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lean {
    /// As many early as late.
    Even,
    /// More of them late: what is still open was mostly opened lately.
    Late,
}

/// Who keeps the hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hours {
    /// People, whose clocks are this far ahead of UTC. No daylight saving: a demonstration does not need it.
    Local { ahead_ms: i64 },
    /// Programs, at any time.
    Always,
}

/// An instant in the window that suits the hours.
pub(crate) fn instant(random: &mut Random, window: Window, lean: Lean, hours: Hours) -> i64 {
    let mut at_ms = window.last_ms;
    for _ in 0..DRAWS_MAX {
        at_ms = random.between(window.first_ms, window.last_ms);
        if lean == Lean::Late {
            at_ms = at_ms.max(random.between(window.first_ms, window.last_ms));
        }
        match hours {
            Hours::Always => break,
            Hours::Local { ahead_ms } if random.percent(likelihood(at_ms + ahead_ms)) => break,
            Hours::Local { .. } => {}
        }
    }
    at_ms
}

/// True from eight to six on a weekday, by local time.
pub(crate) fn is_office_time(local_ms: i64) -> bool {
    !is_weekend(local_ms) && (8..18).contains(&hour(local_ms))
}

fn likelihood(local_ms: i64) -> u32 {
    let weekday = WEEKDAY[hour(local_ms)];
    if is_weekend(local_ms) { weekday / WEEKEND_LESS } else { weekday }
}

fn hour(local_ms: i64) -> usize {
    usize::try_from(local_ms.rem_euclid(DAY_MS) / HOUR_MS).unwrap_or(0)
}

fn is_weekend(local_ms: i64) -> bool {
    // Day 0 of the epoch was a Thursday; counted so, Monday is 0.
    (local_ms.div_euclid(DAY_MS) + 3).rem_euclid(7) >= 5
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sunday, 2026-02-01, 00:00 UTC.
    const SUNDAY_MS: i64 = 1_769_904_000_000;

    #[test]
    fn weekends_and_office_hours_are_told_from_the_rest() {
        let monday = SUNDAY_MS + DAY_MS;
        assert!(is_weekend(SUNDAY_MS) && is_weekend(SUNDAY_MS - 1) && is_weekend(SUNDAY_MS - DAY_MS));
        assert!(!is_weekend(monday) && !is_weekend(SUNDAY_MS - DAY_MS - 1));
        for (local_ms, expected) in [
            (monday + 8 * HOUR_MS - 1, false),
            (monday + 8 * HOUR_MS, true),
            (monday + 18 * HOUR_MS - 1, true),
            (monday + 18 * HOUR_MS, false),
            (SUNDAY_MS + 10 * HOUR_MS, false),
            (-4 * DAY_MS + 9 * HOUR_MS, false), // Sunday, 1969-12-28
            (-3 * DAY_MS + 9 * HOUR_MS, true),  // the Monday after
        ] {
            assert_eq!(is_office_time(local_ms), expected, "{local_ms}");
        }
    }

    #[test]
    fn most_instants_are_in_local_office_hours_and_all_in_the_window() {
        let mut random = Random::new(3);
        let window = Window { first_ms: SUNDAY_MS, last_ms: SUNDAY_MS + 28 * DAY_MS };
        let ahead_ms = 9 * HOUR_MS;
        let drawn: Vec<i64> =
            (0..4_000).map(|_| instant(&mut random, window, Lean::Even, Hours::Local { ahead_ms })).collect();
        assert!(drawn.iter().all(|at_ms| (window.first_ms..=window.last_ms).contains(at_ms)));
        let at_work = drawn.iter().filter(|&at_ms| is_office_time(at_ms + ahead_ms)).count();
        assert!((2_700..3_800).contains(&at_work), "{at_work}");
    }

    #[test]
    fn late_ones_lean_to_the_end() {
        let mut random = Random::new(4);
        let window = Window { first_ms: 0, last_ms: 999 };
        let late =
            (0..4_000).filter(|_| instant(&mut random, window, Lean::Late, Hours::Always) >= 500).count();
        assert!((2_800..3_200).contains(&late), "{late}");
    }
}
