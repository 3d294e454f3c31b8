//! A part of the rows, and how many of them each value has: so that it is paged in an order without going through it.
//!
//! **Invariant:** counts that are kept are those of the part, whatever comes and goes; when a user changes, those by
//! what users are called are forgotten.

use crate::facet::Field;
use crate::index::Index;
use crate::order::Counts;
use crate::slots::cardinality;
use crate::turning_point;
use roaring::RoaringBitmap;

/// The rows that a filter found.
pub struct Part {
    rows: RoaringBitmap,
    /// By field, where a page was asked for in its order.
    counts: [Option<Counts>; Field::COUNT],
}

/// Rows of a value, on average, from which on comparing sets is cheaper than going through the part.
const WORTH_SETS: usize = turning_point(8_192, 2);

impl Part {
    /// The part of these rows.
    pub fn of(rows: RoaringBitmap) -> Self {
        Self { rows, counts: Default::default() }
    }

    /// Its rows.
    pub const fn rows(&self) -> &RoaringBitmap {
        &self.rows
    }

    /// What it takes, about.
    pub fn bytes(&self) -> usize {
        self.rows.serialized_size() + self.counts.iter().flatten().map(Counts::bytes).sum::<usize>()
    }

    /// Puts a row in, or takes it out.
    pub fn put(&mut self, index: &Index, slot: u32, is_in: bool) {
        let moved = if is_in { self.rows.insert(slot) } else { self.rows.remove(slot) };
        if !moved {
            return;
        }
        for (field, counts) in Field::ALL.into_iter().zip(&mut self.counts) {
            if let Some(counts) = counts {
                index.order(field).count(counts, index.code(slot, field), is_in);
            }
        }
    }

    /// A user is called otherwise: it has another place, or another name has its rows.
    pub fn forget_counts_of_users(&mut self) {
        self.counts[Field::Username as usize] = None;
        self.counts[Field::Name as usize] = None;
    }

    /// Counts the rows of each value of a field, unless they are counted.
    pub fn count(&mut self, index: &Index, field: Field) {
        let order = index.order(field);
        match &mut self.counts[field as usize] {
            Some(counts) => order.follow(counts),
            none if order.count_of_values() * WORTH_SETS < cardinality(&self.rows) => {
                let of_value = |code| (code, index.count_in_part(field, code, &self.rows));
                *none = Some(order.counts(order.values().map(of_value)));
            }
            none => *none = Some(order.counts(index.codes(&self.rows, field).map(|code| (code, 1)))),
        }
    }

    /// How many of its rows each value of a field has.
    pub fn counted(&mut self, index: &Index, field: Field) -> Option<&Counts> {
        self.count(index, field);
        self.counts[field as usize].as_ref()
    }

    /// Its rows, and how many of them each value of a field has, once they are counted.
    pub const fn rows_and_counts(&self, field: Field) -> (&RoaringBitmap, Option<&Counts>) {
        (&self.rows, self.counts[field as usize].as_ref())
    }
}
