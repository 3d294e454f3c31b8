//! Codes by mail: six digits, drawn evenly.

use rollcall_model::Randomness;
use rollcall_model::ids::draw;

/// Digits of a code.
pub const DIGITS: usize = 6;

/// A new code.
pub fn code(randomness: &dyn Randomness) -> String {
    draw::<DIGITS>(b"0123456789", randomness).map(char::from).iter().collect()
}

/// The code as a mail shows it: easier to read, and typed back as it stands it is taken too.
pub fn shown(code: &str) -> String {
    match code.split_at_checked(DIGITS / 2) {
        Some((first, second)) => format!("{first}-{second}"),
        None => code.into(),
    }
}

/// The code in what was typed: its digits, whatever stands between them; `None` when that is none.
pub fn typed(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    (digits.len() == DIGITS).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandomness;

    #[test]
    fn codes_are_six_digits_and_read_back_as_they_are_shown() {
        for _ in 0..1_000 {
            let code = code(&SystemRandomness);
            assert_eq!(typed(&shown(&code)), Some(code));
        }
        assert_eq!(shown("012345"), "012-345");
        for text in [" 012 345 ", "012-345", "012345", "0a1b2c3d4e5"] {
            assert_eq!(typed(text).as_deref(), Some("012345"), "{text}");
        }
        for text in ["", "12345", "1234567", "١٢٣٤٥٦"] {
            assert_eq!(typed(text), None, "{text}");
        }
    }
}
