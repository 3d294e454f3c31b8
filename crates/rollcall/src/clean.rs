//! Text from outside, made fit for a terminal, and how many columns it takes there.
//!
//! **Invariants**: what comes out holds no control character, none that changes the direction of text, and
//! none that cannot be seen; its width is the sum of its characters' widths.

use std::fmt::Write;
use unicode_width::UnicodeWidthChar;

/// What stands for a control character, so that one that was there is seen.
const CONTROL: char = '\u{fffd}';
/// What stands for text that was cut.
const CUT: char = '…';
/// Marks that may sit on one letter: more paint over the lines around it.
const MARKS_MAX: usize = 4;

/// A text fit for a terminal, at most so many characters of it.
pub fn clean(text: &str, chars_max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(chars_max.saturating_mul(4)));
    let mut marks = 0;
    let shown = text.chars().filter(|char| !is_unseen(*char)).filter(|char| {
        marks = if char.width() == Some(0) { marks + 1 } else { 0 };
        marks <= MARKS_MAX
    });
    for (at, char) in shown.enumerate() {
        if at + 1 == chars_max {
            out.push(CUT);
            break;
        }
        out.push(if is_control(char) { CONTROL } else { char });
    }
    out
}

/// The columns that a clean text takes.
pub fn width(text: &str) -> usize {
    text.chars().map(|char| char.width().unwrap_or(0)).sum()
}

/// As much of a clean text as so many columns hold.
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.into();
    }
    let mut left = columns.saturating_sub(1);
    let fits = |char: &char| {
        let takes = char.width().unwrap_or(0);
        let fits = takes <= left;
        left = left.saturating_sub(takes);
        fits
    };
    let mut out: String = text.chars().take_while(fits).collect();
    if columns > 0 {
        out.push(CUT);
    }
    out
}

/// JSON whose text can do nothing to a terminal: what JSON allows unescaped is escaped too.
pub fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        // White space between values is JSON's own.
        if char != '\n' && (is_control(char) || is_unseen(char)) {
            for unit in char.encode_utf16(&mut [0; 2]) {
                // Text is always writable.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(char);
        }
    }
    out
}

/// Control characters, and the two that end a line without being one.
fn is_control(char: char) -> bool {
    char.is_control() || matches!(char, '\u{2028}' | '\u{2029}')
}

/// What is not seen, or only changes how others are shown: joiners, directions, variants, tags.
fn is_unseen(char: char) -> bool {
    matches!(char,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_comes_through() {
        for (text, shown) in [
            ("\u{1b}[31mred\u{1b}[0m", "\u{fffd}[31mred\u{fffd}[0m"),
            ("\u{1b}]0;title\u{7}", "\u{fffd}]0;title\u{fffd}"),
            ("a\u{9b}2Jb\u{7f}\u{0}", "a\u{fffd}2Jb\u{fffd}\u{fffd}"),
            ("one\r\ntwo\tthree", "one\u{fffd}\u{fffd}two\u{fffd}three"),
            ("a\u{2028}b", "a\u{fffd}b"),
            ("admin\u{202e}gnp\u{2066}\u{200b}\u{feff}", "admingnp"),
            ("\u{1f469}\u{200d}\u{1f4bb}\u{fe0f}\u{e0041}", "\u{1f469}\u{1f4bb}"),
            ("Zoë 王小明", "Zoë 王小明"),
        ] {
            assert_eq!(clean(text, 100), shown);
        }
    }

    #[test]
    fn every_character_comes_through_with_a_width_or_not_at_all() {
        for char in '\0'..=char::MAX {
            let shown = clean(&char.to_string(), 10);
            assert!(shown.chars().all(|char| !char.is_control() && char.width().is_some()), "{char:?}");
            assert!(!json(&char.to_string()).contains(|char: char| char.is_control() && char != '\n'));
        }
    }

    #[test]
    fn text_has_a_longest_length() {
        assert_eq!(clean("abcdef", 4), "abc…");
        assert_eq!(clean("abcd", 5), "abcd");
        let marked = format!("e{}x", "\u{301}".repeat(1_000));
        assert_eq!(clean(&marked, 100).chars().count(), 2 + MARKS_MAX);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!((width("王小明"), width("Zoë"), width("e\u{301}"), width("\u{1f469}")), (6, 3, 1, 2));
        for (columns, shown) in
            [(6, "王小明"), (5, "王小…"), (4, "王…"), (3, "王…"), (2, "…"), (1, "…"), (0, "")]
        {
            assert_eq!(cut("王小明", columns), shown, "{columns}");
            assert!(width(shown) <= columns);
        }
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
    }

    #[test]
    fn json_stays_json() {
        let text = "{\"name\":\"a\u{9b}\u{7f}\u{202e}王\u{e0041}\"}\n";
        let escaped = json(text);
        assert!(escaped.contains("王") && !escaped.contains(['\u{9b}', '\u{7f}', '\u{202e}', '\u{e0041}']));
        let value: serde_json::Value = serde_json::from_str(&escaped).unwrap();
        assert_eq!(value, serde_json::from_str::<serde_json::Value>(text).unwrap());
    }
}
