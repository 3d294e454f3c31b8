//! Texts as they are compared ignoring case.

/// A character with its case folded (Unicode simple case folding), as a code point.
#[inline]
pub fn folded_char(c: char) -> u32 {
    if c.is_ascii() {
        return c.to_ascii_lowercase().into();
    }
    unicode_case_mapping::case_folded(c).map_or(u32::from(c), u32::from)
}

/// A text with its case folded: two that differ in nothing but case become one.
pub fn folded(text: &str) -> String {
    text.chars().filter_map(|c| char::from_u32(folded_char(c))).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn texts_that_differ_in_case_alone_fold_alike() {
        for (a, b) in [("Zoë", "ZOË"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("K", "\u{212a}"), ("straẞe", "straße")]
        {
            assert_eq!(super::folded(a), super::folded(b), "{a}");
        }
        assert_ne!(super::folded("é"), super::folded("e"));
    }
}
