//! Texts one after another in one buffer, so that a pattern is searched once over all of them.
//!
//! **Invariants**
//! - Every text stands between two separators; neighbours share one.
//! - The separator is a byte that no UTF-8 text holds, so a match of a Unicode pattern never spans two texts.
//! - An absent text consists of separators: it is found by nothing and is not the empty text.

use crate::checkpoint::{Bytes, Put, damaged};
use crate::signature::Signature;
use crate::size::room;
use crate::{number, turning_point};
use rollcall_model::ids::ID_LENGTH;
use std::io;

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

    /// What is known of all of them together.
    fn signature(&self) -> Option<&Signature> {
        None
    }

    /// A text's bytes.
    fn get(&self, text: usize) -> &[u8] {
        &self.bytes()[self.start(text)..self.start(text + 1) - 1]
    }
}

/// Texts that more are put to, and others in their places.
pub trait Growing: Texts + Default {
    /// Puts a text at the end.
    fn push(&mut self, text: &[u8]);

    /// Puts another text in the place of one.
    fn replace(&mut self, text: usize, by: &[u8]);

    /// No more are put in: gives back what was held for them, and makes a signature of what is there.
    fn close(&mut self);
}

/// By byte: whether it may be in an arena that was written, of addresses and what separates them.
const MAY_BE: [bool; 256] = {
    let (mut may_be, mut byte) = ([false; 256], 0);
    while byte < u8::MAX {
        may_be[byte as usize] = matches!(byte, b'.' | b':') || byte.is_ascii_alphanumeric();
        byte += 1;
    }
    may_be[SEPARATOR as usize] = true;
    may_be
};

/// Texts of any length.
pub struct Arena {
    bytes: Vec<u8>,
    starts: Vec<u32>,
    /// Once no more are put in.
    signature: Option<Signature>,
}

impl Default for Arena {
    fn default() -> Self {
        Self { bytes: vec![SEPARATOR], starts: vec![1], signature: None }
    }
}

impl Arena {
    /// These texts.
    pub fn of<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut arena = Self::default();
        texts.for_each(|text| arena.push(text));
        arena
    }

    /// Writes texts that are there, as they lie.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.put_bytes(&self.bytes);
    }

    /// Reads so many texts, which are numbers, letters and points.
    pub fn read(bytes: &mut Bytes<'_>, count: usize) -> io::Result<Self> {
        let bytes = bytes.bytes()?.to_vec();
        let mut starts = Vec::with_capacity(count + 1);
        let mut is_text = true;
        for (at, byte) in bytes.iter().enumerate() {
            is_text &= MAY_BE[usize::from(*byte)];
            if *byte == SEPARATOR {
                starts.push(number(at + 1));
            }
        }
        if !is_text {
            return Err(damaged("a text has other letters than it can"));
        }
        let (first, last) = (bytes.first() == Some(&SEPARATOR), bytes.last() == Some(&SEPARATOR));
        if !first || !last || starts.len() != count + 1 {
            return Err(damaged("there are more or fewer texts than rows"));
        }
        Ok(Self { bytes, starts, signature: None })
    }

    /// Makes a text absent.
    pub fn erase(&mut self, text: usize) {
        let (start, end) = (self.start(text), self.start(text + 1) - 1);
        self.bytes[start..end].fill(SEPARATOR);
    }

    /// What they take.
    pub fn size(&self) -> usize {
        room(&self.bytes) + room(&self.starts) + self.signature.as_ref().map_or(0, Signature::size)
    }

    /// Gives back what was held for more to come.
    pub fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.starts.shrink_to_fit();
    }
}

impl Growing for Arena {
    fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.bytes.push(SEPARATOR);
        self.starts.push(number(self.bytes.len()));
    }

    fn replace(&mut self, text: usize, by: &[u8]) {
        let (start, end) = (self.start(text), self.start(text + 1) - 1);
        self.bytes.splice(start..end, by.iter().copied());
        for later in &mut self.starts[text + 1..] {
            *later = number(*later as usize + by.len() - (end - start));
        }
        if let Some(signature) = &mut self.signature {
            signature.add(text, by);
        }
    }

    fn close(&mut self) {
        self.shrink();
        self.signature = Some(signed(self));
    }
}

fn signed(texts: &impl Texts) -> Signature {
    Signature::of((0..texts.count()).map(|text| texts.get(text)), texts.bytes().len())
}

impl Texts for Arena {
    fn signature(&self) -> Option<&Signature> {
        self.signature.as_ref()
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn count(&self) -> usize {
        self.starts.len() - 1
    }

    fn start(&self, text: usize) -> usize {
        self.starts[text] as usize
    }

    fn holder(&self, from: usize, offset: usize) -> usize {
        // Near hits are the common case of a broad filter, far ones that of a narrow one.
        let mut step = 1;
        let mut low = from;
        while low + step < self.starts.len() && self.starts[low + step] as usize <= offset {
            low += step;
            step *= 2;
        }
        let high = (low + step).min(self.starts.len());
        low + self.starts[low..high].partition_point(|start| *start as usize <= offset) - 1
    }
}

/// Texts of an arena on a [`Shelf`].
const ON_ONE: usize = turning_point(256, 4);

/// Texts by numbers that are used again: arenas small enough for a text in the middle to be replaced.
pub struct Shelf<T = Arena> {
    arenas: Vec<T>,
    free: Vec<u32>,
}

impl<T: Growing> Shelf<T> {
    /// No texts.
    pub const fn new() -> Self {
        Self { arenas: Vec::new(), free: Vec::new() }
    }

    /// Puts a text in and gives its number: one that is free, or the next.
    pub fn put(&mut self, text: &[u8]) -> u32 {
        if let Some(at) = self.free.pop() {
            self.replace(at, text);
            return at;
        }
        if self.arenas.last().is_none_or(|last| last.count() == ON_ONE) {
            if let Some(full) = self.arenas.last_mut() {
                full.close();
            }
            self.arenas.push(T::default());
        }
        let (before, last) = ((self.arenas.len() - 1) * ON_ONE, self.arenas.len() - 1);
        let within = self.arenas[last].count();
        self.arenas[last].push(text);
        number(before + within)
    }

    /// Puts another text in the place of one.
    pub fn replace(&mut self, text: u32, by: &[u8]) {
        self.arenas[text as usize / ON_ONE].replace(text as usize % ON_ONE, by);
    }

    /// Takes a text out; its number is free.
    pub fn remove(&mut self, text: u32) {
        self.replace(text, ABSENT);
        self.free.push(text);
    }

    /// A text.
    pub fn get(&self, text: u32) -> &[u8] {
        self.arenas[text as usize / ON_ONE].get(text as usize % ON_ONE)
    }

    /// What all of it takes, with what each arena does.
    pub fn size(&self, of_one: impl Fn(&T) -> usize) -> usize {
        room(&self.arenas) + room(&self.free) + self.arenas.iter().map(of_one).sum::<usize>()
    }

    /// The arenas, each with the number of its first text.
    pub fn arenas(&self, from: usize) -> impl Iterator<Item = (u32, &T)> {
        self.arenas.iter().enumerate().skip(from).map(|(at, arena)| (number(at * ON_ONE), arena))
    }
}

/// The size of an id with its separator.
const RECORD: usize = ID_LENGTH + 1;

/// Ids, which all have one length.
pub struct Ids {
    bytes: Vec<u8>,
    /// Once no more are put in.
    signature: Option<Signature>,
}

impl Default for Ids {
    fn default() -> Self {
        Self { bytes: vec![SEPARATOR], signature: None }
    }
}

impl Ids {
    /// An id; nothing but separators when it is absent.
    pub fn id(&self, id: usize) -> &[u8; ID_LENGTH] {
        self.get(id).first_chunk().unwrap_or(&[SEPARATOR; ID_LENGTH])
    }

    /// What they take.
    pub fn size(&self) -> usize {
        room(&self.bytes) + self.signature.as_ref().map_or(0, Signature::size)
    }

    /// Makes an id absent.
    pub fn erase(&mut self, id: usize) {
        let start = self.start(id);
        self.bytes[start..start + ID_LENGTH].fill(SEPARATOR);
    }
}

impl Growing for Ids {
    fn push(&mut self, id: &[u8]) {
        debug_assert_eq!(id.len(), ID_LENGTH);
        self.bytes.extend_from_slice(id);
        self.bytes.push(SEPARATOR);
    }

    fn replace(&mut self, at: usize, by: &[u8]) {
        self.erase(at);
        let start = self.start(at);
        self.bytes[start..start + by.len()].copy_from_slice(by);
        if let Some(signature) = &mut self.signature {
            signature.add(at, by);
        }
    }

    fn close(&mut self) {
        self.bytes.shrink_to_fit();
        self.signature = Some(signed(self));
    }
}

impl Texts for Ids {
    fn signature(&self) -> Option<&Signature> {
        self.signature.as_ref()
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn count(&self) -> usize {
        self.bytes.len() / RECORD
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
        let mut arena = Arena::default();
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
        let mut arena = Arena::default();
        arena.push(bytes_of(None));
        arena.push(bytes_of(Some("")));
        assert!(is_absent(arena.get(0)));
        assert!(!is_absent(arena.get(1)));
    }

    #[test]
    fn a_text_that_is_replaced_moves_those_behind_it() {
        let mut shelf: Shelf = Shelf::new();
        let mut wanted: Vec<String> = (0..11).map(|i| "x".repeat(i % 5)).collect();
        for text in &wanted {
            shelf.put(text.as_bytes());
        }
        for (at, by) in [(0, "longer"), (6, ""), (3, "é"), (10, "last"), (5, "abcdefgh")] {
            wanted[at] = by.into();
            shelf.replace(number(at), by.as_bytes());
            for (at, text) in wanted.iter().enumerate() {
                assert_eq!(shelf.get(number(at)), text.as_bytes());
            }
        }
        shelf.remove(4);
        assert!(is_absent(shelf.get(4)));
        assert_eq!([shelf.put(b"again"), shelf.put(b"next")], [4, 11]);
        assert_eq!(shelf.get(4), b"again");
    }
}
