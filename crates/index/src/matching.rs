//! All that a filter finds at one instant, to be gone through at leisure: for previews and exports.

use crate::list::Filter;
use crate::page::Row;
use crate::slots::cardinality;
use crate::standing::{Standing, TooCostly};
use roaring::RoaringBitmap;
use rollcall_model::{SessionNo, Timestamp};

/// The sessions that a filter found, oldest first. What has come since is not among them; what has ended since is passed
/// over.
pub struct Matching<'a> {
    standing: &'a Standing,
    found: FoundRows,
}

/// What is left of them, apart from the index.
#[derive(Clone, Debug)]
pub struct FoundRows {
    slots: RoaringBitmap,
    /// The first slot that is still to come.
    next: u32,
}

impl Standing {
    /// All that a filter finds, or everything. `stop` is asked every now and then while it is searched.
    ///
    /// # Errors
    /// When `stop` said so.
    pub fn matching(
        &self,
        filter: Option<&Filter>,
        now: Timestamp,
        stop: &dyn Fn() -> bool,
    ) -> Result<Matching<'_>, TooCostly> {
        let (index, slots) = self.find(filter, now, stop, |index, part| {
            part.map_or_else(|| index.rows.live().clone(), |part| part.rows().clone())
        })?;
        drop(index);
        Ok(self.go_on(FoundRows { slots, next: 0 }))
    }

    /// Goes on with what was found.
    pub const fn go_on(&self, found: FoundRows) -> Matching<'_> {
        Matching { standing: self, found }
    }
}

impl Matching<'_> {
    /// How many there were when they were found.
    pub fn count(&self) -> usize {
        cardinality(&self.found.slots)
    }

    /// Reads up to `most` of the next rows that are still live, and lets the index go on after that; `None` at the end.
    pub fn read<R>(&mut self, most: usize, read: impl FnOnce(&[Row<'_>]) -> R) -> Option<R> {
        let index = self.standing.index.read();
        let live = |slot: &u32| index.rows.live().contains(*slot);
        let FoundRows { slots, next } = &mut self.found;
        let slots: Vec<u32> = slots.range(*next..).filter(live).take(most).collect();
        *next = slots.last()? + 1;
        let rows: Vec<Row<'_>> = slots.into_iter().map(|slot| Row::new(&index, slot)).collect();
        Some(read(&rows))
    }

    /// What is left, to be gone on with later.
    pub fn into_found(self) -> FoundRows {
        self.found
    }

    /// The sessions' numbers, read a chunk at a time.
    pub fn sessions(mut self, at_once: usize) -> impl Iterator<Item = Vec<SessionNo>> {
        std::iter::from_fn(move || self.read(at_once, |rows| rows.iter().map(Row::no).collect()))
    }
}
