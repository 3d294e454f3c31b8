//! JSON written by hand where a page of rows is made: straight into one buffer, without formatting machinery.

/// Appends UTF-8 as it stands within a JSON string. The quotes are the caller's: they are part of the pieces
/// around it.
pub fn text(out: &mut Vec<u8>, text: &[u8]) {
    if needs_escape(text) {
        escaped(out, text);
    } else {
        out.extend_from_slice(text);
    }
}

#[cold]
fn escaped(out: &mut Vec<u8>, text: &[u8]) {
    // Text is always writable.
    let quoted = serde_json::to_string(&String::from_utf8_lossy(text)).unwrap_or_default();
    let within = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    out.extend_from_slice(within.unwrap_or_default().as_bytes());
}

/// Whether a text holds a control character, a quote or a backslash. Eight bytes at once, the last eight
/// maybe a second time: a page has some 150 texts.
fn needs_escape(text: &[u8]) -> bool {
    let special = |eight: &[u8; 8]| special(u64::from_le_bytes(*eight));
    match text.last_chunk() {
        // Without a branch for each eight.
        Some(last) => {
            text.as_chunks().0.iter().fold(special(last), |found, eight| found | special(eight)) != 0
        }
        None => text.iter().any(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\')),
    }
}

/// Not zero when one of eight bytes is below 0x20, a quote or a backslash. Where a byte below 0x80 is less than
/// what is taken away from it, its high bit comes up by borrowing; a byte is equal to another where what differs
/// is less than one.
fn special(eight: u64) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH: u64 = ONES << 7;
    let below = |bytes: u64, limit: u64| bytes.wrapping_sub(ONES * limit);
    let equal = |to: u8| below(eight ^ (ONES * u64::from(to)), 1);
    (below(eight, 0x20) | equal(b'"') | equal(b'\\')) & !eight & HIGH
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

    fn string(text: &str) -> String {
        format!("\"{}\"", written(|out| super::text(out, text.as_bytes())))
    }

    #[test]
    fn texts_are_what_serde_writes() {
        for byte in 0..=0x7f_u8 {
            for length in 1..=17 {
                for place in 0..length {
                    let mut text = vec![b'~'; length];
                    text[place] = byte;
                    let text = String::from_utf8(text).unwrap();
                    assert_eq!(string(&text), serde_json::to_string(&text).unwrap());
                }
            }
        }
        for text in ["", "plain", "Zoë 王", "a\"b\\c", "\n\u{0}\u{1f}\u{7f}\u{2028}", "</script>"] {
            assert_eq!(string(text), serde_json::to_string(text).unwrap());
        }
    }

    #[test]
    fn numbers_are_what_display_writes() {
        for value in [0, 7, 10, 1_234, usize::MAX] {
            assert_eq!(written(|out| number(out, value)), value.to_string());
        }
    }
}
