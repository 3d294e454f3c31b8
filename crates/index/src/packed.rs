//! Numbers that lie close together, each in as few bytes as the widest of them needs.

use crate::checkpoint::{Bytes, Put, damaged};
use std::io;

/// A column of numbers: what all have in common once, and of each the rest.
pub struct Packed {
    base: u64,
    /// Bytes of each.
    width: usize,
    len: usize,
    /// The rests, and a few bytes behind them, so that each can be read as eight.
    bytes: Vec<u8>,
}

const WORD: usize = size_of::<u64>();

impl Packed {
    /// No numbers.
    pub const fn new() -> Self {
        Self { base: 0, width: 0, len: 0, bytes: Vec::new() }
    }

    /// Puts a number at the end.
    pub fn push(&mut self, number: u64) {
        if self.len == 0 {
            self.base = number;
        }
        match number.checked_sub(self.base) {
            Some(rest) if fits(rest, self.width) => self.append(rest),
            _ => *self = Self::of(self.iter().chain([number]).collect()),
        }
    }

    /// These numbers.
    pub fn of(numbers: Vec<u64>) -> Self {
        let base = numbers.iter().copied().min().unwrap_or(0);
        let widest = numbers.iter().copied().max().unwrap_or(0) - base;
        let width = (0..=WORD).find(|width| fits(widest, *width)).unwrap_or(WORD);
        let bytes = Vec::with_capacity(numbers.len() * width + WORD);
        let mut packed = Self { base, width, len: 0, bytes };
        for number in numbers {
            packed.append(number - base);
        }
        packed
    }

    fn append(&mut self, rest: u64) {
        self.bytes.truncate(self.len * self.width);
        self.bytes.extend_from_slice(&rest.to_le_bytes()[..self.width]);
        self.bytes.extend_from_slice(&[0; WORD]);
        self.len += 1;
    }

    /// The number at a place.
    pub fn get(&self, at: usize) -> u64 {
        let start = at * self.width;
        let word = self.bytes[start..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
        self.base + (word & mask(self.width))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        (0..self.len).map(|at| self.get(at))
    }

    /// Writes them as they lie.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.put_u64(self.base);
        out.put_u32(crate::number(self.width));
        out.extend_from_slice(&self.bytes[..self.len * self.width]);
    }

    /// Reads so many.
    pub fn read(bytes: &mut Bytes<'_>, len: usize) -> io::Result<Self> {
        let (base, width) = (bytes.u64()?, bytes.u32()? as usize);
        if width > WORD || base.checked_add(mask(width)).is_none() {
            return Err(damaged("a column of numbers is too wide"));
        }
        let rests = bytes.take(len * width)?;
        let mut bytes = Vec::with_capacity(rests.len() + WORD);
        bytes.extend_from_slice(rests);
        bytes.extend_from_slice(&[0; WORD]);
        Ok(Self { base, width, len, bytes })
    }

    /// What they take.
    pub const fn size(&self) -> usize {
        self.bytes.capacity()
    }

    /// Gives back what was held for more to come.
    pub fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
    }
}

const fn mask(width: usize) -> u64 {
    if width == WORD { u64::MAX } else { (1 << (8 * width)) - 1 }
}

const fn fits(rest: u64, width: usize) -> bool {
    rest & mask(width) == rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_numbers_take_nothing() {
        let mut packed = Packed::new();
        (0..1_000).for_each(|_| packed.push(7_776_000_000));
        assert_eq!((packed.width, packed.get(999)), (0, 7_776_000_000));
    }

    proptest! {
        #[test]
        fn what_was_put_in_comes_out(
            numbers in prop::collection::vec(prop_oneof![any::<u64>(), 0..300_u64, 1_000_000..1_100_000_u64], 1..50)
        ) {
            let mut packed = Packed::new();
            for number in &numbers {
                packed.push(*number);
            }
            packed.shrink();
            prop_assert_eq!(packed.iter().collect::<Vec<_>>(), numbers);
        }
    }
}
