//! How a text must begin that a pattern matches which is anchored there: most texts are told apart by one comparison.

use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind, Look};

/// The first bytes of a text, some of them letters of either case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beginning {
    /// What is set in a byte before it is compared: what tells upper from lower case.
    set: [u8; BYTES],
    /// Which bytes are compared.
    kept: [u8; BYTES],
    wanted: [u8; BYTES],
    /// Whether a text that begins so matches, whatever follows.
    pub is_all: bool,
}

/// As many as are compared at once.
const BYTES: usize = size_of::<u64>();
/// What is set in a lower-case letter of ASCII and not in the same upper-case one.
const LOWER: u8 = 0x20;

impl Beginning {
    /// Of a pattern that is anchored at the start and begins with letters of ASCII.
    pub fn of(pattern: &Hir) -> Option<Self> {
        let HirKind::Concat(parts) = pattern.kind() else { return None };
        let (first, parts) = parts.split_first()?;
        if !matches!(first.kind(), HirKind::Look(Look::Start)) {
            return None;
        }
        let (mut beginning, mut len) = (Self::default(), 0);
        beginning.is_all = parts.iter().all(|part| {
            bytes_of(part).is_some_and(|bytes| bytes.into_iter().all(|byte| beginning.push(&mut len, byte)))
        });
        (len > 0).then_some(beginning)
    }

    fn push(&mut self, len: &mut usize, (set, wanted): (u8, u8)) -> bool {
        let is_room = *len < BYTES;
        if is_room {
            (self.set[*len], self.kept[*len], self.wanted[*len]) = (set, u8::MAX, wanted);
            *len += 1;
        }
        is_room
    }

    /// Whether it stands at the start of these bytes.
    pub fn is_at_start_of(&self, bytes: &[u8]) -> bool {
        let first = bytes.first_chunk().copied().unwrap_or_else(|| {
            let mut padded = [0; BYTES];
            padded[..bytes.len()].copy_from_slice(bytes);
            padded
        });
        let word = u64::from_ne_bytes;
        (word(first) | word(self.set)) & word(self.kept) == word(self.wanted)
    }
}

/// The bytes of a part of a pattern: what is set in each before it is compared, and what it then is. None when it may
/// be something else.
fn bytes_of(part: &Hir) -> Option<Vec<(u8, u8)>> {
    match part.kind() {
        HirKind::Literal(literal) => {
            literal.0.is_ascii().then(|| literal.0.iter().map(|byte| (0, *byte)).collect())
        }
        HirKind::Class(Class::Unicode(class)) => Some(vec![letter_of_either_case(class)?]),
        HirKind::Capture(capture) => bytes_of(&capture.sub),
        _ => None,
    }
}

fn letter_of_either_case(class: &ClassUnicode) -> Option<(u8, u8)> {
    let mut chars = class.iter().flat_map(|range| range.start()..=range.end());
    let (upper, lower) = (chars.next()?, chars.next()?);
    let is_pair = upper.is_ascii_uppercase() && upper.to_ascii_lowercase() == lower && chars.next().is_none();
    is_pair.then_some((LOWER, lower as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beginning(pattern: &str) -> Option<Beginning> {
        let hir = regex_syntax::ParserBuilder::new().case_insensitive(true).build().parse(pattern).unwrap();
        Beginning::of(&hir)
    }

    #[test]
    fn a_text_is_told_apart_by_its_first_bytes() {
        for (pattern, is_all, there, elsewhere) in [
            (r"^10\.1\.", true, vec!["10.1.2.3", "10.1."], vec!["10.12.3.4", "110.1.1.1", "10.1", ""]),
            ("^zoe", true, vec!["Zoe", "zOEs", "zoe"], vec!["zo\u{65}\u{301}"[..2].into(), "xzoe", "[oe"]),
            ("^(a)b", true, vec!["ABc"], vec!["a", "ca"]),
            // More than is compared at once; a letter that has more than two cases; whatever else.
            ("^abcdefghij", false, vec!["ABCDEFGHxx", "abcdefgh"], vec!["abcdefg"]),
            ("^mask", false, vec!["ma", "MA\u{17F}\u{212A}"], vec!["mb"]),
            (r"^1\d", false, vec!["1x"], vec!["2"]),
            ("^ab$", false, vec!["abc"], vec!["b"]),
        ] {
            let beginning = beginning(pattern).unwrap();
            assert_eq!(beginning.is_all, is_all, "{pattern}");
            for text in there {
                assert!(beginning.is_at_start_of(text.as_bytes()), "{pattern} {text}");
            }
            for text in elsewhere {
                assert!(!beginning.is_at_start_of(text.as_bytes()), "{pattern} {text}");
            }
        }
    }

    #[test]
    fn what_may_begin_otherwise_has_none() {
        for pattern in ["zoe", "^a|^b", "^(a|b)c", "^a?b", r"^\d1", "^kilo", "^é", "(^)?ab", "^"] {
            assert_eq!(beginning(pattern), None, "{pattern}");
        }
    }
}
