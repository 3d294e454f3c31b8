//! JSON written by hand where a page of rows is made: straight into one buffer, without formatting machinery.

use rollcall_model::Timestamp;
use std::io::Write;
use std::net::IpAddr;

/// Appends a JSON string, quotes included.
pub fn string(out: &mut Vec<u8>, text: &str) {
    let plain = text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    if plain {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        // Writing into a buffer does not fail.
        let _ = serde_json::to_writer(out, text);
    }
}

/// Appends an instant as ISO-8601 in UTC with milliseconds, without quotes.
#[expect(clippy::cast_sign_loss, reason = "each digit is from 0 to 9")]
pub fn instant(out: &mut Vec<u8>, at: Timestamp) {
    let calendar = at.calendar();
    if !(0..10_000).contains(&calendar.year) {
        let _ = write!(out, "{at}");
        return;
    }
    let digit = |value: i64, place: i64| b'0' + (value / place % 10) as u8;
    let two = |value: u8| [digit(value.into(), 10), digit(value.into(), 1)];
    let (year, ms) = (calendar.year, i64::from(calendar.ms));
    let mut text = *b"0000-00-00T00:00:00.000Z";
    text[0..4].copy_from_slice(&[1_000, 100, 10, 1].map(|place| digit(year, place)));
    text[5..7].copy_from_slice(&two(calendar.month));
    text[8..10].copy_from_slice(&two(calendar.day));
    text[11..13].copy_from_slice(&two(calendar.hour));
    text[14..16].copy_from_slice(&two(calendar.minute));
    text[17..19].copy_from_slice(&two(calendar.second));
    text[20..23].copy_from_slice(&[100, 10, 1].map(|place| digit(ms, place)));
    out.extend_from_slice(&text);
}

/// Appends an address, without quotes.
pub fn ip(out: &mut Vec<u8>, ip: IpAddr) {
    match ip {
        IpAddr::V4(ip) => {
            for (i, part) in ip.octets().into_iter().enumerate() {
                if i > 0 {
                    out.push(b'.');
                }
                number(out, part.into());
            }
        }
        IpAddr::V6(_) => {
            let _ = write!(out, "{ip}");
        }
    }
}

/// Appends a number.
#[expect(clippy::cast_possible_truncation, reason = "each digit is below ten")]
pub fn number(out: &mut Vec<u8>, mut value: usize) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[first..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn strings_are_what_serde_writes() {
        for text in ["", "plain", "Zoë 王", "a\"b\\c", "\n\u{0}\u{1f}\u{7f}\u{2028}", "</script>"] {
            assert_eq!(written(|out| string(out, text)), serde_json::to_string(text).unwrap());
        }
    }

    #[test]
    fn instants_addresses_and_numbers_are_what_display_writes() {
        for ms in [0, 1_684_887_954_234, 951_782_400_000, -1, 253_402_300_799_999, 253_402_300_800_000] {
            let at = Timestamp::from_ms(ms);
            assert_eq!(written(|out| instant(out, at)), at.to_string());
        }
        for text in ["0.0.0.0", "10.200.3.45", "255.255.255.255", "2001:db8::1", "::1"] {
            assert_eq!(written(|out| ip(out, text.parse().unwrap())), text);
        }
        for value in [0, 7, 10, 1_234, usize::MAX] {
            assert_eq!(written(|out| number(out, value)), value.to_string());
        }
    }
}
