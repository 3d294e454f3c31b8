//! The rows of one dictionary value: mostly one or two, sometimes nearly all.

use crate::size::room;
use crate::turning_point;
use roaring::RoaringBitmap;

/// Slots up to which a sorted list is smaller and quicker than a bitmap.
const FEW: usize = turning_point(64, 3);

/// How many are sooner counted off than looked up.
const NEAR: usize = turning_point(64, 3);

/// A set of slots.
pub enum Slots {
    /// In ascending order.
    Few(Vec<u32>),
    /// Once many, always a bitmap.
    Many(RoaringBitmap),
}

impl Slots {
    /// No slots.
    pub const fn new() -> Self {
        Self::Few(Vec::new())
    }

    /// These slots, which rise.
    pub fn of(slots: Vec<u32>) -> Self {
        if slots.len() <= FEW {
            return Self::Few(slots);
        }
        Self::Many(RoaringBitmap::from_sorted_iter(slots).unwrap_or_default())
    }

    /// Puts a slot in that is not there.
    pub fn insert(&mut self, slot: u32) {
        match self {
            Self::Few(few) if few.len() < FEW => {
                // Mostly it is the greatest: a new row's.
                let at = few.partition_point(|held| *held < slot);
                few.insert(at, slot);
            }
            Self::Few(few) => {
                let mut many: RoaringBitmap = few.iter().copied().collect();
                many.insert(slot);
                *self = Self::Many(many);
            }
            Self::Many(many) => {
                many.insert(slot);
            }
        }
    }

    /// Takes a slot out.
    pub fn remove(&mut self, slot: u32) {
        match self {
            Self::Few(few) => {
                if let Ok(at) = few.binary_search(&slot) {
                    few.remove(at);
                }
            }
            Self::Many(many) => {
                many.remove(slot);
            }
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Few(few) => few.len(),
            Self::Many(many) => cardinality(many),
        }
    }

    /// What they take beside themselves.
    pub fn size(&self) -> usize {
        match self {
            Self::Few(few) => room(few),
            Self::Many(many) => many.serialized_size(),
        }
    }

    /// Visits every slot, smallest first.
    pub fn each(&self, mut visit: impl FnMut(u32)) {
        match self {
            Self::Few(few) => few.iter().copied().for_each(visit),
            Self::Many(many) => {
                let mut slots = many.iter();
                let mut buffer = [0; 256];
                loop {
                    let some = slots.next_many(&mut buffer);
                    if some.is_empty() {
                        return;
                    }
                    some.iter().copied().for_each(&mut visit);
                }
            }
        }
    }

    /// Every slot, smallest first.
    pub fn to_vec(&self) -> Vec<u32> {
        let mut slots = Vec::with_capacity(self.len());
        self.each(|slot| slots.push(slot));
        slots
    }
}

/// How many slots a bitmap holds.
pub fn cardinality(bitmap: &RoaringBitmap) -> usize {
    usize::try_from(bitmap.len()).unwrap_or(usize::MAX)
}

/// Appends to `out` up to `take` slots of a bitmap, greatest first, after the first `skip`.
pub fn newest(bitmap: &RoaringBitmap, skip: usize, take: usize, out: &mut Vec<u32>) {
    if skip < NEAR {
        out.extend(bitmap.iter().rev().skip(skip).take(take));
        return;
    }
    let from_smallest = cardinality(bitmap)
        .checked_sub(skip)
        .and_then(|n| n.checked_sub(1))
        .and_then(|n| u32::try_from(n).ok());
    if let Some(first) = from_smallest.and_then(|n| bitmap.select(n)) {
        out.extend(bitmap.range(..=first).rev().take(take));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_answer_alike() {
        for count in [0, 1, 3, 4, 100] {
            let mut slots = Slots::new();
            // Out of order, as rows come to a name that a user takes.
            for slot in (0..count).step_by(2).chain((0..count).skip(1).step_by(2)) {
                slots.insert(slot * 1_000);
                slots.insert(slot * 1_000 + 1);
                slots.remove(slot * 1_000);
            }
            let mut wanted: Vec<u32> = (0..count).map(|slot| slot * 1_000 + 1).collect();
            assert_eq!(slots.to_vec(), wanted);
            assert_eq!(slots.len(), wanted.len());
            wanted.reverse();
            let bitmap: RoaringBitmap = wanted.iter().copied().collect();
            for skip in [0, 1, 2, 99, 100, 101] {
                let mut page = Vec::new();
                newest(&bitmap, skip, 7, &mut page);
                assert_eq!(page, wanted.iter().skip(skip).take(7).copied().collect::<Vec<_>>());
            }
        }
    }
}
