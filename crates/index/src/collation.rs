//! The order of texts: of what people are called ignoring case (Unicode simple case folding), then by code
//! point; of what devices are called by code point alone, as clients were written for. Absent ones first.
//!
//! Nothing is allocated. Code points order as UTF-8 bytes do, so the second comparison is one of bytes.

use crate::arena::is_absent;
use rollcall_model::text::folded_char;
use std::cmp::Ordering;

/// How texts of one kind compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collation {
    /// By code point.
    CodePoint,
    /// Ignoring case, then by code point.
    IgnoringCase,
}

impl Collation {
    /// Compares two texts of an arena.
    pub fn compare(self, a: &[u8], b: &[u8]) -> Ordering {
        // An absent text is lower than any other, and equal to itself.
        let by_presence = is_absent(b).cmp(&is_absent(a));
        match self {
            Self::CodePoint => by_presence.then_with(|| a.cmp(b)),
            Self::IgnoringCase => by_presence.then_with(|| compare_folded(a, b)).then_with(|| a.cmp(b)),
        }
    }

    /// A text's first bytes, as compared, as a number. Where two texts' prefixes differ, the texts compare
    /// as they do: UTF-8 bytes order as code points do.
    pub fn prefix(self, text: &[u8]) -> u128 {
        match self {
            _ if is_absent(text) => 0,
            Self::CodePoint => u128::from_be_bytes(first_bytes(text)),
            Self::IgnoringCase if text.is_ascii() => {
                u128::from_be_bytes(first_bytes(text).map(|byte| byte.to_ascii_lowercase()))
            }
            Self::IgnoringCase => folded_prefix(text),
        }
    }
}

/// Bytes of a prefix: so many that few names have the same.
const PREFIX: usize = size_of::<u128>();

fn first_bytes(text: &[u8]) -> [u8; PREFIX] {
    let mut bytes = [0; PREFIX];
    bytes.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
    bytes
}

fn folded_prefix(text: &[u8]) -> u128 {
    let mut bytes = [0; PREFIX];
    let mut filled = 0;
    for c in folded(text).map_while(char::from_u32) {
        let mut utf8 = [0; 4];
        for byte in c.encode_utf8(&mut utf8).bytes() {
            if filled == bytes.len() {
                return u128::from_be_bytes(bytes);
            }
            bytes[filled] = byte;
            filled += 1;
        }
    }
    u128::from_be_bytes(bytes)
}

fn compare_folded(a: &[u8], b: &[u8]) -> Ordering {
    for (i, (x, y)) in a.iter().zip(b).enumerate() {
        if !(x.is_ascii() && y.is_ascii()) {
            // All before is ASCII in both, so this is the start of a character in both.
            return folded(&a[i..]).cmp(folded(&b[i..]));
        }
        let order = x.to_ascii_lowercase().cmp(&y.to_ascii_lowercase());
        if order.is_ne() {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

fn folded(text: &[u8]) -> impl Iterator<Item = u32> {
    let text = std::str::from_utf8(text).unwrap_or_default();
    text.chars().map(folded_char)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::bytes_of;

    #[test]
    fn names_stand_in_the_order_of_the_contract() {
        let sorted = [
            None,
            Some(""),
            Some("10"),
            Some("9"),
            Some("Alice"),
            Some("alice"),
            Some("aliceb"),
            Some("K"),
            Some("k"),
            Some("\u{212A}"), // the Kelvin sign folds to k
            Some("ka"),
            Some("S"),
            Some("s"),
            Some("ſ"),
            Some("Zoe"),
            Some("Zoé"),
            Some("zoë"),
            Some("ß"),
            Some("ẞ"),
            Some("Émile"),
            Some("émile"),
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                let (a, b) = (bytes_of(*a), bytes_of(*b));
                assert_eq!(Collation::IgnoringCase.compare(a, b), i.cmp(&j), "{a:?} and {b:?}");
                let prefix = |text| Collation::IgnoringCase.prefix(text);
                assert_eq!(prefix(a).cmp(&prefix(b)).then(i.cmp(&j)), i.cmp(&j), "{a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn devices_stand_in_the_order_of_code_points() {
        let sorted =
            [None, Some(""), Some("Mac OS"), Some("Ubuntu"), Some("android"), Some("ios"), Some("É")];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                let (a, b) = (bytes_of(*a), bytes_of(*b));
                assert_eq!(Collation::CodePoint.compare(a, b), i.cmp(&j), "{a:?} and {b:?}");
                let prefix = |text| Collation::CodePoint.prefix(text);
                assert_eq!(prefix(a).cmp(&prefix(b)).then(i.cmp(&j)), i.cmp(&j), "{a:?} and {b:?}");
            }
        }
    }
}
