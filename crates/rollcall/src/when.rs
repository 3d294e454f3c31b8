//! Instants as people read them: in UTC, and how long ago.

use rollcall_model::Timestamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The instant that the wire writes: `2023-05-24T00:25:54.234Z`.
pub fn parse(text: &str) -> Option<Timestamp> {
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let signs: [(usize, &str); 6] = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, ".")];
    if text.len() != 24
        || !text.ends_with('Z')
        || signs.iter().any(|(at, sign)| text.get(*at..at + 1) != Some(sign))
    {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second, ms) = (number(11, 13)?, number(14, 16)?, number(17, 19)?, number(20, 23)?);
    // Years begin with March, so that a leap day is a year's last.
    let (year_from_march, month_from_march) =
        if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let leap_days =
        year_from_march.div_euclid(4) - year_from_march.div_euclid(100) + year_from_march.div_euclid(400);
    let days = 365 * year_from_march + leap_days + day_of_year - 719_468;
    let instant = Timestamp::from_ms((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + ms);
    // What is written back otherwise was no date.
    (instant.iso() == text.as_bytes()).then_some(instant)
}

/// To the minute, in UTC: `2023-05-24 00:25`.
pub fn short(instant: Timestamp) -> String {
    instant.to_string().chars().take(16).map(|char| if char == 'T' { ' ' } else { char }).collect()
}

/// What the wire writes, to the minute; what is no instant as it came.
pub fn shown(text: &str) -> String {
    parse(text).map_or_else(|| text.into(), short)
}

/// So many milliseconds, in seconds.
pub fn seconds(ms: u64) -> String {
    format!("{}.{:02} s", ms / 1_000, ms % 1_000 / 10)
}

/// How long ago, in one unit, rounded down.
pub fn ago(instant: Timestamp, now: Timestamp) -> String {
    let (seconds, ahead) = match now.since(instant).as_secs() {
        0 => (instant.since(now).as_secs(), true),
        seconds => (seconds, false),
    };
    let (number, unit) = match seconds {
        0..MINUTE => return "just now".into(),
        MINUTE..HOUR => (seconds / MINUTE, "min"),
        HOUR..DAY => (seconds / HOUR, "h"),
        _ => (seconds / DAY, "d"),
    };
    if ahead { format!("in {number} {unit}") } else { format!("{number} {unit} ago") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_the_wire_writes_is_read() {
        for ms in [
            0,
            -1,
            1_684_887_954_234,
            951_782_400_000,
            1_709_251_199_999,
            4_102_444_800_000,
            -62_162_121_600_000,
        ] {
            let instant = Timestamp::from_ms(ms);
            assert_eq!(parse(&instant.to_string()), Some(instant));
        }
    }

    #[test]
    fn anything_else_is_not() {
        for text in [
            "",
            "2023-05-24",
            "2023-02-30T00:00:00.000Z",
            "2023-13-01T00:00:00.000Z",
            "2023-05-24T24:00:00.000Z",
            "2023-05-24T00:25:54.234+",
            "+023-05-24T00:25:54.234Z",
            "2023-05-24T00:25:54.23éZ",
            "2023-05-24t00:25:54.234Z",
            "\u{1b}[31mT00:25:54.234Z....",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn people_read_minutes_and_units() {
        let now = Timestamp::from_ms(1_684_887_954_234);
        assert_eq!(short(now), "2023-05-24 00:25");
        for (seconds, text) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 min ago"),
            (3_599, "59 min ago"),
            (3_600, "1 h ago"),
            (86_399, "23 h ago"),
            (90 * 86_400, "90 d ago"),
        ] {
            assert_eq!(ago(now - Duration::from_secs(seconds), now), text);
        }
        assert_eq!(ago(now + Duration::from_hours(3), now), "in 3 h");
    }
}
