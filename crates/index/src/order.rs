//! Values in the order of their texts, with the rows that each has.
//!
//! Kept in blocks whose rows are summed, so that any offset is found by adding up blocks and then the values of
//! one. What a value's text is and how many rows it has is known elsewhere; this knows its place.
//!
//! **Invariant:** blocks in the sequence are never empty; values ascend within and across them.

use crate::list::Direction;
use crate::size::room;
use crate::{number, turning_point};
use std::cmp::Ordering;
use std::ops::Range;

/// Values of a block; a fuller one is cut in half.
const BLOCK_VALUES: usize = turning_point(512, 4);

/// No block.
const NONE: u32 = u32::MAX;

/// An order of values.
#[derive(Default)]
pub struct Order {
    blocks: Vec<Block>,
    /// The blocks in order.
    sequence: Vec<u32>,
    free: Vec<u32>,
    /// By value: its block.
    block_of: Vec<u32>,
    /// Another whenever values went from one block to another.
    shape: u64,
    /// Whether values are put in in any order for now.
    loading: bool,
}

#[derive(Default)]
struct Block {
    values: Vec<u32>,
    rows: usize,
}

/// How many rows of a part each value has, and each block.
pub struct Counts {
    of_value: Vec<u32>,
    of_block: Vec<u32>,
    /// The order's, when the blocks were counted.
    shape: u64,
}

impl Counts {
    /// How many rows a value has.
    pub fn of_value(&self, value: u32) -> usize {
        self.of_value.get(value as usize).map_or(0, |count| *count as usize)
    }

    /// What they take.
    pub const fn bytes(&self) -> usize {
        size_of::<u32>() * (self.of_value.len() + self.of_block.len())
    }
}

impl Order {
    /// What it takes.
    pub fn size(&self) -> usize {
        let values: usize = self.blocks.iter().map(|block| room(&block.values)).sum();
        values + room(&self.blocks) + room(&self.sequence) + room(&self.free) + room(&self.block_of)
    }

    /// Leaves the order as it is until [`settle`](Self::settle): sorting once costs a tenth of finding the
    /// place for each value.
    pub const fn load(&mut self) {
        self.loading = true;
    }

    /// The order of these values, sorted, the rows of each known.
    pub fn settle(&mut self, sorted: &[u32], rows: impl Fn(u32) -> usize) {
        *self = Self { shape: self.shape, ..Self::default() };
        // Blocks start with room to grow.
        for values in sorted.chunks(BLOCK_VALUES * 3 / 4) {
            let rows = values.iter().map(|value| rows(*value)).sum();
            self.add_block(self.sequence.len(), Block { values: values.to_vec(), rows });
        }
    }

    /// Puts a value in, without rows. `compare` says how another value compares to it, `rows` how many rows
    /// another has.
    pub fn insert(&mut self, value: u32, compare: impl Fn(u32) -> Ordering, rows: impl Fn(u32) -> usize) {
        if self.loading {
            return;
        }
        if self.sequence.is_empty() {
            self.add_block(0, Block { values: vec![value], rows: 0 });
            return;
        }
        let first = |block: &u32| self.blocks[*block as usize].values[0];
        // The last block that does not start behind it.
        let next = self.sequence.partition_point(|block| compare(first(block)).is_le());
        let block = self.sequence[next.saturating_sub(1)];
        let values = &mut self.blocks[block as usize].values;
        values.insert(values.partition_point(|held| compare(*held).is_lt()), value);
        if values.len() > BLOCK_VALUES {
            let values = values.split_off(BLOCK_VALUES / 2);
            let rows = values.iter().map(|value| rows(*value)).sum();
            self.blocks[block as usize].rows -= rows;
            self.note(value, block);
            self.add_block(self.place(block) + 1, Block { values, rows });
        } else {
            self.note(value, block);
        }
    }

    /// Takes a value out that has no rows.
    pub fn remove(&mut self, value: u32) {
        if self.loading {
            return;
        }
        let from = std::mem::replace(&mut self.block_of[value as usize], NONE);
        let values = &mut self.blocks[from as usize].values;
        values.retain(|held| *held != value);
        let place = self.place(from);
        if self.blocks[from as usize].values.is_empty() {
            self.drop_block(place);
        } else if let Some(next) = self.sequence.get(place + 1).copied()
            && self.blocks[from as usize].values.len() + self.blocks[next as usize].values.len()
                <= BLOCK_VALUES / 2
        {
            let Block { values, rows } = std::mem::take(&mut self.blocks[next as usize]);
            for value in &values {
                self.note(*value, from);
            }
            self.blocks[from as usize].values.extend(values);
            self.blocks[from as usize].rows += rows;
            self.drop_block(place + 1);
        }
    }

    /// Counts one more row of a value.
    pub fn add_row(&mut self, value: u32) {
        if !self.loading {
            self.blocks[self.block_of[value as usize] as usize].rows += 1;
        }
    }

    /// Counts one row of a value less.
    pub fn remove_row(&mut self, value: u32) {
        if self.loading {
            return;
        }
        self.blocks[self.block_of[value as usize] as usize].rows -= 1;
    }

    fn add_block(&mut self, place: usize, block: Block) {
        let at = self.free.pop().unwrap_or_else(|| {
            self.blocks.push(Block::default());
            number(self.blocks.len() - 1)
        });
        for value in &block.values {
            self.note(*value, at);
        }
        self.blocks[at as usize] = block;
        self.sequence.insert(place, at);
        self.shape += 1;
    }

    fn drop_block(&mut self, place: usize) {
        let block = self.sequence.remove(place);
        self.blocks[block as usize] = Block::default();
        self.free.push(block);
        self.shape += 1;
    }

    fn note(&mut self, value: u32, block: u32) {
        let value = value as usize;
        if value >= self.block_of.len() {
            self.block_of.resize(value + 1, NONE);
        }
        self.block_of[value] = block;
    }

    /// Where a block is in the sequence.
    fn place(&self, block: u32) -> usize {
        self.sequence.iter().position(|there| *there == block).unwrap_or(0)
    }

    /// Visits the values that have rows within `window`, in order, each with which of its rows those are.
    pub fn window(
        &self,
        direction: Direction,
        window: Range<usize>,
        rows: impl Fn(u32) -> usize,
        visit: impl FnMut(u32, Range<usize>),
    ) {
        self.counted_window(direction, window, |block| self.blocks[block as usize].rows, rows, visit);
    }

    /// The same for a part of the rows, of which these are the counts.
    pub fn window_of(
        &self,
        direction: Direction,
        window: Range<usize>,
        counts: &Counts,
        visit: impl FnMut(u32, Range<usize>),
    ) {
        let of_block = |block: u32| counts.of_block[block as usize] as usize;
        self.counted_window(direction, window, of_block, |value| counts.of_value(value), visit);
    }

    /// How many values there are.
    pub fn count_of_values(&self) -> usize {
        self.sequence.iter().map(|block| self.blocks[*block as usize].values.len()).sum()
    }

    /// All values, in order.
    pub fn values(&self) -> impl Iterator<Item = u32> {
        self.sequence.iter().flat_map(|block| self.blocks[*block as usize].values.iter().copied())
    }

    /// The values that lie at a place, which are neighbours; `compare` says how a value lies to it.
    pub fn values_at(&self, compare: impl Fn(u32) -> Ordering) -> impl Iterator<Item = u32> {
        let first = |block: &u32| self.blocks[*block as usize].values[0];
        let start = self.sequence.partition_point(|block| compare(first(block)).is_lt()).saturating_sub(1);
        let end = self.sequence.partition_point(|block| compare(first(block)).is_le());
        let blocks = self.sequence.get(start..end).unwrap_or_default();
        blocks.iter().flat_map(move |block| {
            let values = &self.blocks[*block as usize].values;
            let from = values.partition_point(|value| compare(*value).is_lt());
            let to = values.partition_point(|value| compare(*value).is_le());
            values[from..to].iter().copied()
        })
    }

    /// Counts of a part of the rows, out of values and how many rows each has there.
    pub fn counts(&self, of: impl Iterator<Item = (u32, usize)>) -> Counts {
        let mut of_value = vec![0; self.block_of.len()];
        of.for_each(|(value, rows)| of_value[value as usize] += number(rows));
        let of_block = self.of_blocks(&of_value);
        Counts { of_value, of_block, shape: self.shape }
    }

    fn of_blocks(&self, of_value: &[u32]) -> Vec<u32> {
        let mut of_block = vec![0; self.blocks.len()];
        for (count, block) in of_value.iter().zip(&self.block_of) {
            if *count > 0 {
                of_block[*block as usize] += count;
            }
        }
        of_block
    }

    /// Counts one more or one less of a value.
    pub fn count(&self, counts: &mut Counts, value: u32, more: bool) {
        if counts.of_value.len() < self.block_of.len() {
            counts.of_value.resize(self.block_of.len(), 0);
        }
        let step = |count: &mut u32| *count = if more { *count + 1 } else { *count - 1 };
        step(&mut counts.of_value[value as usize]);
        // Else the blocks are counted anew when somebody asks.
        if counts.shape == self.shape {
            step(&mut counts.of_block[self.block_of[value as usize] as usize]);
        }
    }

    /// Lets counts be by the blocks as they are now.
    pub fn follow(&self, counts: &mut Counts) {
        if counts.shape != self.shape {
            (counts.shape, counts.of_block) = (self.shape, self.of_blocks(&counts.of_value));
        }
    }

    /// How many rows the values before a place have, and the value at it, if there is one. `compare` says how a value
    /// lies to the place, `rows` how many rows one has; the rows are those of a part where its counts are given.
    pub fn before(
        &self,
        direction: Direction,
        compare: impl Fn(u32) -> Ordering,
        rows: impl Fn(u32) -> usize,
        counts: Option<&Counts>,
    ) -> (usize, Option<u32>) {
        let of_block = |block: u32| match counts {
            Some(counts) => counts.of_block[block as usize] as usize,
            None => self.blocks[block as usize].rows,
        };
        let of_value = |value: u32| match counts {
            Some(counts) => counts.of_value(value),
            None => rows(value),
        };
        let first = |block: &u32| self.blocks[*block as usize].values[0];
        let blocks = self.sequence.partition_point(|block| compare(first(block)).is_le()).saturating_sub(1);
        let values = self.sequence.get(blocks).map_or(&[][..], |block| &self.blocks[*block as usize].values);
        let place = values.partition_point(|value| compare(*value).is_lt());
        let equal = values.get(place).copied().filter(|value| compare(*value).is_eq());
        let lower = self.sequence[..blocks].iter().map(|block| of_block(*block)).sum::<usize>()
            + values[..place].iter().map(|value| of_value(*value)).sum::<usize>();
        let before = match direction {
            Direction::Ascending => lower,
            Direction::Descending => {
                let all: usize = self.sequence.iter().map(|block| of_block(*block)).sum();
                all - lower - equal.map_or(0, of_value)
            }
        };
        (before, equal)
    }

    fn counted_window(
        &self,
        direction: Direction,
        window: Range<usize>,
        of_block: impl Fn(u32) -> usize,
        rows: impl Fn(u32) -> usize,
        mut visit: impl FnMut(u32, Range<usize>),
    ) {
        let mut before = 0;
        let mut take = |block: u32| {
            let count = of_block(block);
            if before >= window.end || before + count <= window.start {
                before += count;
                return before < window.end;
            }
            let mut take = |value: &u32| {
                let rows = if before < window.end { rows(*value) } else { 0 };
                let from = window.start.saturating_sub(before);
                let to = window.end.saturating_sub(before).min(rows);
                if from < to {
                    visit(*value, from..to);
                }
                before += rows;
            };
            let values = &self.blocks[block as usize].values;
            match direction {
                Direction::Ascending => values.iter().for_each(&mut take),
                Direction::Descending => values.iter().rev().for_each(&mut take),
            }
            before < window.end
        };
        match direction {
            Direction::Ascending => self.sequence.iter().all(|block| take(*block)),
            Direction::Descending => self.sequence.iter().rev().all(|block| take(*block)),
        };
    }
}
