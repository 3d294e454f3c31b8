//! JSON written by hand where a page of rows is made: straight into one buffer, without formatting machinery.

/// Appends UTF-8 as a JSON string, quotes included.
pub fn string(out: &mut Vec<u8>, text: &[u8]) {
    if needs_escape(text) {
        // Writing into a buffer does not fail.
        let _ = serde_json::to_writer(out, &String::from_utf8_lossy(text));
    } else {
        out.push(b'"');
        out.extend_from_slice(text);
        out.push(b'"');
    }
}

/// Whether a text holds a control character, a quote or a backslash. Eight bytes at once, the last eight
/// maybe a second time: a page has some 150 texts.
fn needs_escape(text: &[u8]) -> bool {
    let special = |eight: &[u8; 8]| special(u64::from_le_bytes(*eight));
    match text.last_chunk() {
        Some(last) => text.as_chunks().0.iter().any(special) || special(last),
        None => text.iter().any(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\')),
    }
}

/// Whether one of eight bytes is below 0x20, a quote or a backslash. Where a byte below 0x80 is less than what
/// is taken away from it, its high bit comes up by borrowing.
fn special(eight: u64) -> bool {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH: u64 = ONES << 7;
    let below = |bytes: u64, limit: u64| bytes.wrapping_sub(ONES * limit) & !bytes & HIGH;
    let equal = |to: u8| below(eight ^ (ONES * u64::from(to)), 1);
    (below(eight, 0x20) | equal(b'"') | equal(b'\\')) != 0
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
        for byte in 0..=0x7f_u8 {
            for length in 1..=17 {
                for place in 0..length {
                    let mut text = vec![b'~'; length];
                    text[place] = byte;
                    let text = String::from_utf8(text).unwrap();
                    assert_eq!(
                        written(|out| string(out, text.as_bytes())),
                        serde_json::to_string(&text).unwrap()
                    );
                }
            }
        }
        for text in ["", "plain", "Zoë 王", "a\"b\\c", "\n\u{0}\u{1f}\u{7f}\u{2028}", "</script>"] {
            assert_eq!(written(|out| string(out, text.as_bytes())), serde_json::to_string(text).unwrap());
        }
    }

    #[test]
    fn numbers_are_what_display_writes() {
        for value in [0, 7, 10, 1_234, usize::MAX] {
            assert_eq!(written(|out| number(out, value)), value.to_string());
        }
    }
}
