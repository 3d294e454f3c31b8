//! A set of rows as one bit each: what a filter found.

/// A set of slots below a fixed bound.
pub struct Bits(Vec<u64>);

const WORD: usize = 64;

impl Bits {
    /// The empty set of slots below `bound`.
    pub fn new(bound: usize) -> Self {
        Self(vec![0; bound.div_ceil(WORD)])
    }

    /// Puts a slot in.
    pub fn insert(&mut self, slot: u32) {
        self.0[slot as usize / WORD] |= 1 << (slot as usize % WORD);
    }

    /// Whether a slot is in it.
    pub fn contains(&self, slot: u32) -> bool {
        self.0[slot as usize / WORD] & (1 << (slot as usize % WORD)) != 0
    }

    /// How many slots are in it.
    pub fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The slots, greatest first, after the first `skip` of them.
    pub fn newest_first(&self, mut skip: usize) -> impl Iterator<Item = u32> {
        // Words that are skipped as a whole are only counted.
        let mut words = self.0.len();
        while let Some(word) = self.0[..words].last()
            && word.count_ones() as usize <= skip
        {
            skip -= word.count_ones() as usize;
            words -= 1;
        }
        (0..words).rev().flat_map(|at| descending(at, self.0[at])).skip(skip)
    }
}

fn descending(at: usize, mut word: u64) -> impl Iterator<Item = u32> {
    let base = crate::number(at * WORD);
    std::iter::from_fn(move || {
        let bit = word.checked_ilog2()?;
        word &= !(1 << bit);
        Some(base + bit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_come_greatest_first_from_any_place() {
        let slots = [0, 1, 63, 64, 200, 201, 255, 256, 700];
        let mut bits = Bits::new(701);
        for slot in slots {
            bits.insert(slot);
        }
        assert_eq!(bits.count(), slots.len());
        for skip in 0..=slots.len() + 1 {
            let wanted: Vec<u32> = slots.iter().rev().skip(skip).copied().collect();
            assert_eq!(bits.newest_first(skip).collect::<Vec<_>>(), wanted, "after {skip}");
        }
    }
}
