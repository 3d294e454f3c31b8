//! Time as an argument: instants in milliseconds, and the one place where clocks are read.

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
    #[inline]
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
        // 0, so that nothing is negative. A page of rows has many dates, so divisions by months and years are
        // multiplications: Neri and Schneider, "Euclidean affine functions", 2022.
        let days = (ms.div_euclid(MS_A_DAY) + 719_468 + 146_097) as u32;
        let of_centuries = 4 * days + 3;
        let (century, quarter_days) = (of_centuries / 146_097, (of_centuries % 146_097) | 3);
        let years = 2_939_745 * quarter_days as u64;
        let (year_of_century, day_of_year) = ((years >> 32) as u32, years as u32 / 2_939_745 / 4);
        let months = 2_141 * day_of_year + 197_913;
        let (shifted_month, day) = (months >> 16, (months & 0xffff) / 2_141);
        // January and February are the last months of the year before.
        let turned = day_of_year >= 306;
        Calendar {
            year: (100 * century + year_of_century + turned as u32 - 400) as u16,
            month: (if turned { shifted_month - 12 } else { shifted_month }) as u8,
            day: (day + 1) as u8,
            hour: (day_ms / 3_600_000) as u8,
            minute: (day_ms / 60_000 % 60) as u8,
            second: (day_ms / 1_000 % 60) as u8,
            ms: (day_ms % 1_000) as u16,
        }
    }

    /// ISO-8601 in UTC with milliseconds, as every answer writes it: `2023-05-24T00:25:54.234Z`. Without
    /// formatting machinery: a page of rows has many.
    #[inline]
    pub fn iso(self) -> [u8; 24] {
        let Calendar { year, month, day, hour, minute, second, ms } = self.calendar();
        // Three words that are put together in registers, the first byte lowest: bytes written one by one make
        // whoever copies them wait.
        let date = pair(year / 100)
            | pair(year % 100) << 16
            | byte(b'-', 4)
            | pair(month.into()) << 40
            | byte(b'-', 7);
        let hours = pair(day.into()) | byte(b'T', 2) | pair(hour.into()) << 24 | byte(b':', 5);
        let rest = byte(b':', 0) | pair(second.into()) << 8 | byte(b'.', 3) | pair(ms / 10) << 32;
        let words =
            [date, hours | pair(minute.into()) << 48, rest | byte(b'0' + (ms % 10) as u8, 6) | byte(b'Z', 7)];
        let mut iso = [0; 24];
        for (eight, word) in iso.as_chunks_mut().0.iter_mut().zip(words) {
            *eight = word.to_le_bytes();
        }
        iso
    }
}

impl Timestamp {
    /// The instant that a date, or a date and a time with a zone, names: `2026-11-24`,
    /// `2026-11-24T08:15Z`, `2026-11-24T08:15:30.042+01:00`. A date alone is its beginning in UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
        let mut parts = date.splitn(3, '-');
        let year = number(parts.next()?, 4)?;
        let (month, day) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
        let days = days_before(year, month, day)?;
        Some(Self(days * MS_A_DAY + time.map_or(Some(0), time_ms)?))
    }
}

/// So many digits as a number.
fn number(text: &str, digits: usize) -> Option<i64> {
    let are_digits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| are_digits)
}

/// Days from 1970-01-01 to a date that there is.
fn days_before(year: i64, month: i64, day: i64) -> Option<i64> {
    let (shifted, years) = if month > 2 { (month - 3, year) } else { (month + 9, year - 1) };
    let leap_days = years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400);
    let days = years * 365 + leap_days + (153 * shifted + 2) / 5 + day - 1 - 719_468;
    // What was made of it must be the same date: there is no 30th of February.
    let there = Timestamp(days * MS_A_DAY).calendar();
    ((i64::from(there.month), i64::from(there.day)) == (month, day)).then_some(days)
}

/// Milliseconds from a day's beginning in UTC to a time with its zone.
fn time_ms(text: &str) -> Option<i64> {
    let (time, zone) = text.split_at(text.find(['Z', '+', '-'])?);
    let offset = match zone.split_at(1) {
        ("Z", "") => 0,
        ("Z", _) => return None,
        (sign, zone) => {
            let (hours, minutes) = zone.split_once(':')?;
            let minutes = within(hours, 23)? * 60 + within(minutes, 59)?;
            if sign == "+" { minutes } else { -minutes }
        }
    };
    let mut parts = time.splitn(3, ':');
    let (hours, minutes) = (within(parts.next()?, 23)?, within(parts.next()?, 59)?);
    let (seconds, ms) = match parts.next() {
        None => (0, 0),
        Some(seconds) => match seconds.split_once('.') {
            None => (within(seconds, 59)?, 0),
            Some((seconds, ms)) => (within(seconds, 59)?, number(ms, 3)?),
        },
    };
    Some(((hours * 60 + minutes - offset) * 60 + seconds) * 1_000 + ms)
}

fn within(text: &str, most: i64) -> Option<i64> {
    number(text, 2).filter(|number| *number <= most)
}

/// A number below 100 as two digits, the first in the lowest byte.
fn pair(number: u16) -> u64 {
    u64::from(b'0') * 0x101 + u64::from((number / 10) | ((number % 10) << 8))
}

/// A byte at its place in a word.
fn byte(byte: u8, place: u32) -> u64 {
    u64::from(byte) << (8 * place)
}

/// Where "now" comes from; tests put their own in.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// How long the machine has been running, its sleep included.
    fn running(&self) -> Duration {
        running()
    }
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

/// How long the machine has been running, its sleep included: nobody sets that.
pub fn running() -> Duration {
    #[cfg(target_os = "linux")]
    let clock = rustix::time::ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = rustix::time::ClockId::Monotonic;
    let time = rustix::time::clock_gettime(clock);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
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
    fn what_is_printed_is_parsed_and_what_is_no_date_is_not() {
        for ms in [0, 1_684_887_954_234, 951_782_400_000, 1_709_251_199_999, -1, 253_402_300_799_999] {
            assert_eq!(Timestamp::parse(&Timestamp::from_ms(ms).to_string()), Some(Timestamp::from_ms(ms)));
        }
        for (text, ms) in [
            ("2023-05-24", 1_684_886_400_000),
            ("2023-05-24T00:25Z", 1_684_887_900_000),
            ("2023-05-24T02:25:54+02:00", 1_684_887_954_000),
            ("2023-05-23T23:55:54.234-00:30", 1_684_887_954_234),
        ] {
            assert_eq!(Timestamp::parse(text), Some(Timestamp::from_ms(ms)), "{text}");
        }
        for text in [
            "",
            "x",
            "2023",
            "2023-02-30",
            "2023-13-01",
            "2023-00-10",
            "23-05-24",
            "2023-05-24T",
            "2023-05-24T25:00Z",
            "2023-05-24T00:00",
            "2023-05-24T00:00:60Z",
            "2023-05-24T00:00+1:00",
            "2023-05-24Z",
            "+023-05-24",
            "１２",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn arithmetic_does_not_overflow() {
        let end = Timestamp::from_ms(i64::MAX);
        assert_eq!(end + Duration::MAX, end);
        assert_eq!(Timestamp::from_ms(1).since(end), Duration::ZERO);
    }
}
