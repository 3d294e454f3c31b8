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
        Ok(Matching { standing: self, slots, next: 0 })
    }
}

impl Matching<'_> {
    /// How many there were when they were found.
    pub fn count(&self) -> usize {
        cardinality(&self.slots)
    }

    /// Reads up to `most` of the next rows that are still live, and lets the index go on after that; `None` at the end.
    pub fn read<R>(&mut self, most: usize, read: impl FnOnce(&[Row<'_>]) -> R) -> Option<R> {
        let index = self.standing.index.read();
        let live = |slot: &u32| index.rows.live().contains(*slot);
        let slots: Vec<u32> = self.slots.range(self.next..).filter(live).take(most).collect();
        self.next = slots.last()? + 1;
        let rows: Vec<Row<'_>> = slots.into_iter().map(|slot| Row::new(&index, slot)).collect();
        Some(read(&rows))
    }

    /// The sessions' numbers, read a chunk at a time.
    pub fn sessions(mut self, at_once: usize) -> impl Iterator<Item = Vec<SessionNo>> {
        std::iter::from_fn(move || self.read(at_once, |rows| rows.iter().map(Row::no).collect()))
    }
}
