//! Reads a user agent header as the device it names (docs/reference/devices.md).
//!
//! The header is data from a stranger. It is tried as the phone app, then as the desktop app, then as a
//! browser; what none of them knows is [`Device::other`].
//!
//! **Invariants**: pure; no header makes it fail; work grows linearly with the header's length. Every field
//! is either a name written in this crate or text of the header, unescaped: escape it where it is shown.

mod agent;
mod browser;
mod desktop_app;
mod mobile_app;
mod system;

use rollcall_model::Device;

use crate::agent::Agent;

/// The device that a user agent header names; [`Device::other`] for an absent or unknown one.
pub fn device(header: Option<&str>) -> Device {
    let header = header.unwrap_or_default();
    let device = mobile_app::device(header).unwrap_or_else(|| {
        let agent = Agent::read(header);
        desktop_app::device(&agent).or_else(|| browser::device(&agent)).unwrap_or_else(Device::other)
    });
    Device { version: short_version(&device.long_version).to_owned(), ..device }
}

/// The first up to three dot-separated numbers of a version; empty when there are none.
fn short_version(long_version: &str) -> &str {
    let numbers = long_version.trim_start_matches(|char: char| !char.is_ascii_digit());
    let mut length = 0;
    for (position, number) in numbers.split('.').take(3).enumerate() {
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            break;
        }
        length += digits + usize::from(position > 0);
        if digits < number.len() {
            break;
        }
    }
    &numbers[..length]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_version_is_the_first_up_to_three_numbers() {
        for (long, short) in [
            ("113.0.0.0", "113.0.0"),
            ("17.4.1", "17.4.1"),
            ("112.0", "112.0"),
            ("7", "7"),
            ("4.47.0 50123", "4.47.0"),
            ("5.0b1", "5.0"),
            ("1b2.3", "1"),
            ("v12..3", "12"),
            ("12.", "12"),
            ("beta-2.0", "2.0"),
            ("é3.1", "3.1"),
            ("٣.1é", "1"),
            ("beta", ""),
            ("", ""),
        ] {
            assert_eq!(short_version(long), short, "{long}");
        }
    }

    #[test]
    fn an_absent_and_an_empty_header_are_other() {
        assert_eq!(device(None), Device::other());
        assert_eq!(device(Some("")), Device::other());
        assert_eq!(device(Some(" \t")), Device::other());
    }

    #[test]
    fn only_the_first_500_characters_name_a_browser() {
        let agent = "X11; Linux x86_64) Firefox/126.0";
        let padded = |characters: usize| "é".repeat(characters - agent.len() - 1) + " " + agent;
        assert_eq!(device(Some(&padded(500))).long_version, "126.0");
        assert_eq!(device(Some(&padded(502))).long_version, "126", "cut within the version");
        assert_eq!(device(Some(&padded(515))), Device::other());
    }
}
