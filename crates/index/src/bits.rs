//! A set of slots as one bit each: what a scan has found so far.

use roaring::RoaringBitmap;

/// A set of slots.
#[derive(Default)]
pub struct Bits(Vec<u64>);

const WORD: usize = 64;

impl Bits {
    /// What it takes.
    pub const fn bytes(&self) -> usize {
        size_of::<u64>() * self.0.len()
    }

    /// Puts a slot in.
    pub fn insert(&mut self, slot: u32) {
        let at = slot as usize / WORD;
        if at >= self.0.len() {
            self.0.resize(at + 1, 0);
        }
        self.0[at] |= 1 << (slot as usize % WORD);
    }

    /// The same set, as it is kept.
    pub fn to_bitmap(&self) -> RoaringBitmap {
        let bytes: Vec<u8> = self.0.iter().flat_map(|word| word.to_le_bytes()).collect();
        RoaringBitmap::from_lsb0_bytes(0, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_what_the_bitmap_holds() {
        let mut bits = Bits::default();
        let slots = [0, 1, 63, 64, 200, 255, 700, 70_000];
        slots.into_iter().rev().for_each(|slot| bits.insert(slot));
        let held: Vec<u32> = bits.to_bitmap().iter().collect();
        assert_eq!(held, slots);
    }
}
