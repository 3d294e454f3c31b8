//! Texts one after another in one buffer, so that a pattern is searched once over all of them.
//!
//! **Invariants**
//! - Every text stands between two separators; neighbours share one.
//! - The separator is a byte that no UTF-8 text holds, so a match of a Unicode pattern never spans two texts.
//! - An absent text consists of separators: it is found by nothing and is not the empty text.

use crate::number;
use rollcall_model::ids::ID_LENGTH;

/// Stands between texts. Never part of UTF-8.
pub const SEPARATOR: u8 = 0xFF;
const ABSENT: &[u8] = &[SEPARATOR];

/// Whether these bytes of an arena stand for a text that is not there.
pub fn is_absent(text: &[u8]) -> bool {
    text.first() == Some(&SEPARATOR)
}

/// What an absent or present text is in an arena.
pub fn bytes_of(text: Option<&str>) -> &[u8] {
    text.map_or(ABSENT, str::as_bytes)
}

/// Texts that can be searched in one go.
pub trait Texts {
    /// All of them, from the separator before the first to the one after the last.
    fn bytes(&self) -> &[u8];

    /// How many there are.
    fn count(&self) -> usize;

    /// Where a text starts; for the count of texts, where the next one would.
    fn start(&self, text: usize) -> usize;

    /// The text whose bytes or closing separator are at `offset`, which does not lie before text `from`.
    fn holder(&self, from: usize, offset: usize) -> usize;

    /// A text's bytes.
    fn get(&self, text: usize) -> &[u8] {
        &self.bytes()[self.start(text)..self.start(text + 1) - 1]
    }
}

/// Texts of any length.
pub struct Arena {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Arena {
    /// No texts yet.
    pub fn new() -> Self {
        Self { bytes: vec![SEPARATOR], starts: vec![1] }
    }

    /// Puts a text at the end and gives its number.
    pub fn push(&mut self, text: &[u8]) -> u32 {
        self.bytes.extend_from_slice(text);
        self.bytes.push(SEPARATOR);
        self.starts.push(self.bytes.len());
        number(self.starts.len() - 2)
    }

    /// Makes a text absent.
    pub fn erase(&mut self, text: u32) {
        let (start, end) = (self.start(text as usize), self.start(text as usize + 1) - 1);
        self.bytes[start..end].fill(SEPARATOR);
    }

    /// A text as text; empty when it is absent.
    pub fn text(&self, text: u32) -> &str {
        std::str::from_utf8(self.get(text as usize)).unwrap_or_default()
    }
}

impl Texts for Arena {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn count(&self) -> usize {
        self.starts.len() - 1
    }

    fn start(&self, text: usize) -> usize {
        self.starts[text]
    }

    fn holder(&self, from: usize, offset: usize) -> usize {
        // Near hits are the common case of a broad filter, far ones that of a narrow one.
        let mut step = 1;
        let mut low = from;
        while low + step < self.starts.len() && self.starts[low + step] <= offset {
            low += step;
            step *= 2;
        }
        let high = (low + step).min(self.starts.len());
        low + self.starts[low..high].partition_point(|start| *start <= offset) - 1
    }
}

/// The size of an id with its separator.
const RECORD: usize = ID_LENGTH + 1;

/// Ids, which all have one length.
pub struct Ids(Vec<u8>);

impl Ids {
    /// No ids yet.
    pub fn new() -> Self {
        Self(vec![SEPARATOR])
    }

    /// Makes room for so many more ids.
    pub fn reserve(&mut self, ids: usize) {
        self.0.reserve(ids * RECORD);
    }

    /// Puts an id at the end, whose length is `ID_LENGTH`.
    pub fn push(&mut self, id: &[u8]) {
        self.0.extend_from_slice(id);
        self.0.push(SEPARATOR);
    }

    /// An id; nothing but separators when it is absent.
    pub fn id(&self, id: usize) -> &[u8; ID_LENGTH] {
        self.get(id).first_chunk().unwrap_or(&[SEPARATOR; ID_LENGTH])
    }

    /// Makes an id absent.
    pub fn erase(&mut self, id: u32) {
        let start = self.start(id as usize);
        self.0[start..start + ID_LENGTH].fill(SEPARATOR);
    }
}

impl Texts for Ids {
    fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn count(&self) -> usize {
        self.0.len() / RECORD
    }

    fn start(&self, text: usize) -> usize {
        1 + text * RECORD
    }

    fn holder(&self, _from: usize, offset: usize) -> usize {
        (offset - 1) / RECORD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_a_text_leads_back_to_it() {
        let mut arena = Arena::new();
        let texts = ["zoe", "", "Anna-Maria", "é", "x", "", "", "last"];
        for text in texts {
            arena.push(text.as_bytes());
        }
        for (number, text) in texts.iter().enumerate() {
            assert_eq!(arena.get(number), text.as_bytes());
            for offset in arena.start(number)..arena.start(number + 1) {
                for from in 0..=number {
                    assert_eq!(arena.holder(from, offset), number, "{offset} from {from}");
                }
            }
        }
    }

    #[test]
    fn an_absent_text_is_not_the_empty_one() {
        let mut arena = Arena::new();
        arena.push(bytes_of(None));
        arena.push(bytes_of(Some("")));
        assert!(is_absent(arena.get(0)));
        assert!(!is_absent(arena.get(1)));
        assert_eq!(arena.text(0), "");
    }
}
