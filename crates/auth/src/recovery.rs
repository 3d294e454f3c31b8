//! Recovery codes: what gets a person in who lost the authenticator. Each is good once.

use rollcall_model::Randomness;
use rollcall_model::ids::{ID_ALPHABET, draw};

/// Codes that are made at once.
pub const CODES: usize = 12;
/// Characters of a code.
pub const CODE_CHARS: usize = 8;

/// New codes.
pub fn codes(randomness: &dyn Randomness) -> Vec<String> {
    let code = |_| draw::<CODE_CHARS>(ID_ALPHABET, randomness).map(char::from).iter().collect();
    (0..CODES).map(code).collect()
}

/// Whether a text has the form of a code.
pub fn is_code(text: &str) -> bool {
    text.len() == CODE_CHARS && text.bytes().all(|byte| ID_ALPHABET.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandomness;

    #[test]
    fn twelve_different_codes_of_the_form() {
        let codes = codes(&SystemRandomness);
        let different: std::collections::HashSet<_> = codes.iter().collect();
        assert_eq!(different.len(), CODES);
        assert!(codes.iter().all(|code| is_code(code)));
        assert!(!is_code("123456") && !is_code("ab1defgh"));
    }
}
