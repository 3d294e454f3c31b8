//! Time as an argument: instants in milliseconds, and the one place where a clock is read.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant that many milliseconds after the epoch.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch.
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// Time from `earlier` to this instant; zero when it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// As [`Timestamp::iso`].
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.iso()).unwrap_or_default())
    }
}

/// An instant taken apart in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Calendar {
    pub year: u16,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    pub ms: u16,
}

/// Instants that a year of four digits can write.
const WRITABLE: (i64, i64) = (-62_167_219_200_000, 253_402_300_799_999);
const MS_A_DAY: i64 = 86_400_000;

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "each part is small and not negative"
)]
impl Timestamp {
    /// The date and time of day in UTC (proleptic Gregorian); before the year 0 and after 9999, the first and
    /// the last that can be written.
    pub const fn calendar(self) -> Calendar {
        let ms = if self.0 < WRITABLE.0 {
            WRITABLE.0
        } else if self.0 > WRITABLE.1 {
            WRITABLE.1
        } else {
            self.0
        };
        let day_ms = ms.rem_euclid(MS_A_DAY) as u32;
        // Years begin with March, so that a leap day is a year's last; counted from 400 years before the year
        // 0, so that nothing is negative.
        let days = (ms.div_euclid(MS_A_DAY) + 719_468 + 146_097) as u32;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        Calendar {
            year: (year_of_era + era * 400 + (month <= 2) as u32 - 400) as u16,
            month: month as u8,
            day: (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u8,
            hour: (day_ms / 3_600_000) as u8,
            minute: (day_ms / 60_000 % 60) as u8,
            second: (day_ms / 1_000 % 60) as u8,
            ms: (day_ms % 1_000) as u16,
        }
    }

    /// ISO-8601 in UTC with milliseconds, as every answer writes it: `2023-05-24T00:25:54.234Z`. Without
    /// formatting machinery: a page of rows has many.
    pub const fn iso(self) -> [u8; 24] {
        let Calendar { year, month, day, hour, minute, second, ms } = self.calendar();
        let [y1, y2] = digits((year / 100) as u8);
        let [y3, y4] = digits((year % 100) as u8);
        let ([o1, o2], [d1, d2]) = (digits(month), digits(day));
        let ([h1, h2], [m1, m2], [s1, s2]) = (digits(hour), digits(minute), digits(second));
        let ([f1, f2], f3) = (digits((ms / 10) as u8), b'0' + (ms % 10) as u8);
        [
            y1, y2, y3, y4, b'-', o1, o2, b'-', d1, d2, b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'.', f1,
            f2, f3, b'Z',
        ]
    }
}

/// A number below 100 as two digits.
const fn digits(number: u8) -> [u8; 2] {
    [b'0' + number / 10, b'0' + number % 10]
}

/// Where "now" comes from; tests put their own in.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(0) + since_epoch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_print_as_the_wire_writes_them() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_684_887_954_234, "2023-05-24T00:25:54.234Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (4_102_444_800_000, "2100-01-01T00:00:00.000Z"),
            (-62_162_121_600_000, "0000-02-29T00:00:00.000Z"),
            (i64::MIN, "0000-01-01T00:00:00.000Z"),
            (i64::MAX, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp::from_ms(ms).to_string(), text);
        }
    }

    #[test]
    fn arithmetic_does_not_overflow() {
        let end = Timestamp::from_ms(i64::MAX);
        assert_eq!(end + Duration::MAX, end);
        assert_eq!(Timestamp::from_ms(1).since(end), Duration::ZERO);
    }
}
