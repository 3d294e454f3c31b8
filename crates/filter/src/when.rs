//! Times in filters: ages, which move with the clock, and instants, which do not.

use rollcall_model::Timestamp;
use std::fmt;
use std::time::Duration;

/// How a value is held against a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Less, Self::AtMost, Self::Greater, Self::AtLeast];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }

    /// Whether something that compares so to the bound is meant.
    pub const fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
        }
    }

    /// The same from the other end: what is younger than an age lies after an instant.
    #[must_use]
    pub const fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::AtMost => Self::AtLeast,
            Self::Greater => Self::Less,
            Self::AtLeast => Self::AtMost,
        }
    }
}

/// A bound in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// So long ago, whenever it is asked.
    Age(Age),
    /// Then.
    At(Timestamp),
}

/// How long ago, in whole minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Age {
    minutes: u32,
}

const MINUTE_MS: i64 = 60_000;
const HOUR: u32 = 60;
const DAY: u32 = 24 * HOUR;
/// Units of an age, and the minutes of each.
const UNITS: [(char, u32); 4] = [('m', 1), ('h', HOUR), ('d', DAY), ('w', 7 * DAY)];

impl Age {
    /// So many minutes.
    pub const fn of_minutes(minutes: u32) -> Self {
        Self { minutes }
    }

    /// An age as it is written: a number and one of `m`, `h`, `d`, `w`.
    pub fn parse(text: &str) -> Option<Self> {
        let unit = text.chars().next_back()?;
        let number = text.strip_suffix(unit)?;
        let (_, minutes) = UNITS.into_iter().find(|(letter, _)| *letter == unit)?;
        let are_digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let minutes = number.parse::<u32>().ok().filter(|_| are_digits)?.checked_mul(minutes)?;
        Some(Self { minutes })
    }

    /// How long that is.
    pub const fn time(self) -> Duration {
        Duration::from_mins(self.minutes as u64)
    }

    /// The instant that lies so long before a time, rounded down to the minute: who asks twice within a minute asks
    /// the same.
    pub fn before(self, now: Timestamp) -> Timestamp {
        let minute = now.as_ms().div_euclid(MINUTE_MS).saturating_mul(MINUTE_MS);
        Timestamp::from_ms(minute) - Duration::from_mins(self.minutes.into())
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minutes {
            0 => f.write_str("0m"),
            minutes if minutes % DAY == 0 => write!(f, "{}d", minutes / DAY),
            minutes if minutes % HOUR == 0 => write!(f, "{}h", minutes / HOUR),
            minutes => write!(f, "{minutes}m"),
        }
    }
}

impl When {
    /// An age, a date, or a date and a time; in UTC where it names no zone.
    pub fn parse(text: &str) -> Option<Self> {
        let at = || Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}Z")));
        Age::parse(text).map(Self::Age).or_else(|| at().map(Self::At))
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Age(age) => age.fmt(f),
            Self::At(at) => {
                let text = at.to_string();
                f.write_str(text.strip_suffix("T00:00:00.000Z").unwrap_or(&text))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_dates_are_read() {
        for (text, printed) in [
            ("0m", "0m"),
            ("90m", "90m"),
            ("120m", "2h"),
            ("36h", "36h"),
            ("7d", "7d"),
            ("2w", "14d"),
            ("2026-11-01", "2026-11-01"),
            ("2026-11-01T00:00", "2026-11-01"),
            ("2026-11-01T08:15", "2026-11-01T08:15:00.000Z"),
            ("2026-11-01T01:00:00.500+01:00", "2026-11-01T00:00:00.500Z"),
        ] {
            assert_eq!(When::parse(text).map(|when| when.to_string()).as_deref(), Some(printed), "{text}");
        }
        for text in ["", "d", "7", "7s", "7 d", "-7d", "+7d", "9999999w", "2026-13-01", "today", "7é"] {
            assert_eq!(When::parse(text), None, "{text}");
        }
    }

    #[test]
    fn who_asks_twice_within_a_minute_asks_the_same() {
        let (age, minute) = (Age::of_minutes(DAY), 1_700_000_040_000);
        let at = |ms| age.before(Timestamp::from_ms(ms));
        assert_eq!(at(minute), Timestamp::from_ms(minute - 86_400_000));
        assert_eq!(at(minute + 59_999), at(minute));
        assert_eq!(at(minute + 60_000), Timestamp::from_ms(minute + 60_000 - 86_400_000));
        let far = Age::of_minutes(u32::MAX);
        assert!(far.before(Timestamp::from_ms(i64::MIN)) <= Timestamp::from_ms(i64::MIN));
    }
}
