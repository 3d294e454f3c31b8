//! The values of one dictionary in the order of texts, with the rows that each has.
//!
//! Kept in chunks whose rows are summed, so that any offset is found by adding up chunks and then the
//! values of one. A value stays in its place when its last row goes, with zero rows, until the index is
//! built anew.
//!
//! **Invariant:** chunks are never empty; values ascend within and across chunks.

use crate::arena::{Arena, Texts};
use crate::collation::Collation;
use crate::list::Direction;
use crate::{number, turning_point};
use std::cmp::Ordering;
use std::ops::Range;

/// Values of a chunk; a fuller one is cut in half.
const CHUNK_VALUES: usize = turning_point(512, 4);

/// The order of a dictionary's values.
pub struct Order {
    collation: Collation,
    chunks: Vec<Chunk>,
    values: usize,
}

struct Chunk {
    values: Vec<Value>,
    rows: usize,
}

#[derive(Clone, Copy)]
struct Value {
    /// Decides most comparisons without going to the text.
    prefix: u64,
    code: u32,
    rows: u32,
}

impl Order {
    /// No values.
    pub const fn new(collation: Collation) -> Self {
        Self { collation, chunks: Vec::new(), values: 0 }
    }

    /// The order of all these texts, the nth of which has `rows(n)` rows.
    pub fn of(collation: Collation, texts: &Arena, rows: impl Fn(usize) -> usize) -> Self {
        let value = |code: usize| Value {
            prefix: collation.prefix(texts.get(code)),
            code: number(code),
            rows: number(rows(code)),
        };
        let mut values: Vec<Value> = (0..texts.count()).map(value).collect();
        values.sort_unstable_by(|a, b| compare(collation, texts, a, b));
        // Chunks start with room to grow.
        let chunks = values.chunks(CHUNK_VALUES * 3 / 4).map(|values| Chunk {
            values: values.to_vec(),
            rows: values.iter().map(|value| value.rows as usize).sum(),
        });
        Self { collation, chunks: chunks.collect(), values: values.len() }
    }

    /// How many values are in it.
    pub const fn values(&self) -> usize {
        self.values
    }

    /// Puts a value in, without rows.
    pub fn insert(&mut self, texts: &Arena, code: u32) {
        let value = self.unplaced(texts, code);
        self.values += 1;
        if self.chunks.is_empty() {
            self.chunks.push(Chunk { values: vec![value], rows: 0 });
            return;
        }
        let (at, within) = self.place(texts, &value);
        let chunk = &mut self.chunks[at];
        chunk.values.insert(within, value);
        if chunk.values.len() > CHUNK_VALUES {
            let values = chunk.values.split_off(CHUNK_VALUES / 2);
            let rows = values.iter().map(|value| value.rows as usize).sum();
            chunk.rows -= rows;
            self.chunks.insert(at + 1, Chunk { values, rows });
        }
    }

    /// Counts one more row of a value.
    pub fn add_row(&mut self, texts: &Arena, code: u32) {
        let (chunk, value) = self.find(texts, code);
        self.chunks[chunk].rows += 1;
        self.chunks[chunk].values[value].rows += 1;
    }

    /// Counts one row of a value less.
    pub fn remove_row(&mut self, texts: &Arena, code: u32) {
        let (chunk, value) = self.find(texts, code);
        self.chunks[chunk].rows -= 1;
        self.chunks[chunk].values[value].rows -= 1;
    }

    fn find(&self, texts: &Arena, code: u32) -> (usize, usize) {
        self.place(texts, &self.unplaced(texts, code))
    }

    fn unplaced(&self, texts: &Arena, code: u32) -> Value {
        Value { prefix: self.collation.prefix(texts.get(code as usize)), code, rows: 0 }
    }

    /// Where a value is, or where it would be put.
    fn place(&self, texts: &Arena, wanted: &Value) -> (usize, usize) {
        let compare = |value: &Value| compare(self.collation, texts, value, wanted);
        // In the last chunk that does not start behind it.
        let next = self.chunks.partition_point(|chunk| compare(&chunk.values[0]).is_le());
        let chunk = next.saturating_sub(1);
        (chunk, self.chunks[chunk].values.partition_point(|value| compare(value).is_lt()))
    }

    /// Visits the values that have rows within `window`, in order, each with which of its rows those are.
    pub fn window(&self, direction: Direction, window: Range<usize>, visit: impl FnMut(u32, Range<usize>)) {
        match direction {
            Direction::Ascending => {
                visit_window(self.chunks.iter(), |chunk| chunk.values.iter(), window, visit);
            }
            Direction::Descending => {
                visit_window(self.chunks.iter().rev(), |chunk| chunk.values.iter().rev(), window, visit);
            }
        }
    }
}

fn compare(collation: Collation, texts: &Arena, a: &Value, b: &Value) -> Ordering {
    a.prefix.cmp(&b.prefix).then_with(|| {
        // Different values have different texts.
        if a.code == b.code {
            Ordering::Equal
        } else {
            collation.compare(texts.get(a.code as usize), texts.get(b.code as usize))
        }
    })
}

fn visit_window<'a, V: Iterator<Item = &'a Value>>(
    chunks: impl Iterator<Item = &'a Chunk>,
    values: impl Fn(&'a Chunk) -> V,
    window: Range<usize>,
    mut visit: impl FnMut(u32, Range<usize>),
) {
    let mut before = 0;
    for chunk in chunks {
        if before >= window.end {
            return;
        }
        if before + chunk.rows <= window.start {
            before += chunk.rows;
            continue;
        }
        for value in values(chunk) {
            let rows = value.rows as usize;
            let from = window.start.saturating_sub(before);
            let to = window.end.saturating_sub(before).min(rows);
            if from < to {
                visit(value.code, from..to);
            }
            before += rows;
        }
    }
}
