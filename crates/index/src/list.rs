//! Lists: which rows, in which order, and which page of them.
//!
//! Three ways to a page, by what is asked:
//! - rows in order of sign-in, all or those a filter found: counted off from the newest;
//! - all rows by another key: whole values are skipped by their counts, only those that reach into the page
//!   are looked at;
//! - a part of the rows by another key: if it is large, each value's rows are picked out of it in turn; if
//!   it is small, it is partitioned around the page, and only the page is sorted.
//!
//! Ties on all keys break newest sign-in first, then greater number first, whatever the direction of the
//! keys. As slots ascend by both, that is: greatest slot first.

use crate::bits::Bits;
use crate::eval::TooCostly;
use crate::facet::Field;
use crate::index::Index;
use crate::pattern::TextFilter;
use crate::slots::newest;
use crate::turning_point;
use rollcall_model::UserNo;
use std::cmp::Ordering;
use std::ops::Range;

/// What is asked.
#[derive(Clone, Debug)]
pub struct List {
    /// Whose sessions.
    pub scope: Scope,
    /// Which of them; all when absent.
    pub filter: Option<TextFilter>,
    /// In which order, the first key first; newest first when empty.
    pub sort: Vec<(SortKey, Direction)>,
    /// How many rows are skipped.
    pub offset: usize,
    /// How many rows are given at the most.
    pub count: usize,
}

/// Whose sessions a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Of every user.
    Everyone,
    /// Of one.
    Of(UserNo),
}

/// What a list can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// The time of sign-in.
    LoginAt,
    /// The name of browser or app.
    DeviceName,
    /// The name of the operating system.
    OsName,
    /// The version of the operating system; an unknown one is lowest.
    OsVersion,
    /// The user's name; a missing one is lowest.
    Name,
    /// The username.
    Username,
}

/// Which way a key sorts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The lowest first.
    Ascending,
    /// The greatest first.
    Descending,
}

type Keys<'a> = &'a [(SortKey, Direction)];

/// A page's rows and the count of all that the list has.
pub struct Found {
    pub total: usize,
    pub slots: Vec<u32>,
}

/// From one in so many of all rows on, going through a key's values is cheaper than comparing texts.
const LARGE_PART: usize = turning_point(32, 3);

impl Index {
    /// Answers a list.
    pub fn list(&self, list: &List, stop: &dyn Fn() -> bool) -> Result<Found, TooCostly> {
        let window = list.offset..list.offset.saturating_add(list.count);
        let keys = match list.sort.as_slice() {
            [(SortKey::LoginAt, Direction::Descending)] => &[],
            keys => keys,
        };
        let filter = list.filter.as_ref().filter(|filter| !filter.matches_everything());
        Ok(match (list.scope, filter) {
            (Scope::Of(user), filter) => {
                let mut slots = self.rows_of(user);
                if let Some(filter) = filter {
                    slots.retain(|slot| self.row_matches(*slot, filter));
                }
                Found { total: slots.len(), slots: self.cut(slots, keys, window) }
            }
            (Scope::Everyone, None) => Found { total: self.rows.count(), slots: self.walk(keys, window) },
            (Scope::Everyone, Some(filter)) => {
                let found = self.matching(filter, stop)?;
                let total = found.count();
                let slots = if keys.is_empty() {
                    found.newest_first(window.start).take(window.len()).collect()
                } else {
                    self.cut(found.newest_first(0).collect(), keys, window)
                };
                Found { total, slots }
            }
        })
    }

    /// A page of all rows.
    fn walk(&self, keys: Keys<'_>, window: Range<usize>) -> Vec<u32> {
        let mut page = Vec::with_capacity(window.len().min(self.rows.count()));
        let Some(((key, direction), rest)) = keys.split_first() else {
            newest(self.rows.live(), window.start, window.len(), &mut page);
            return page;
        };
        let Some(field) = Field::of(*key) else {
            self.walk_in_time(*direction, rest, window, &mut page);
            return page;
        };
        let facet = self.facets.get(field);
        facet.order().window(*direction, window, |code, part| {
            let rows = facet.rows(code);
            if rest.is_empty() {
                rows.newest(part.start, part.len(), &mut page);
            } else {
                page.extend(self.cut(rows.to_vec(), rest, part));
            }
        });
        page
    }

    /// A page of all rows by time of sign-in, where rows of the same instant are still to be ordered.
    fn walk_in_time(&self, direction: Direction, rest: Keys<'_>, window: Range<usize>, page: &mut Vec<u32>) {
        let live = self.rows.live();
        let count = self.rows.count();
        if window.start >= count {
            return;
        }
        let place = match direction {
            Direction::Ascending => window.start,
            Direction::Descending => count - 1 - window.start,
        };
        let Some(slot) = live.select(crate::number(place)) else { return };
        let instant = self.rows.opened_at_once(self.rows.opened_at(slot));
        // From the edge of the instant that the page begins in: what it skips of it lies in front of `slot`.
        match direction {
            Direction::Ascending => {
                let skip = live.range_cardinality(instant.start..slot);
                self.take_instants(live.range(instant.start..), skip, rest, window.len(), page);
            }
            Direction::Descending => {
                let skip = live.range_cardinality(slot + 1..instant.end);
                self.take_instants(live.range(..instant.end).rev(), skip, rest, window.len(), page);
            }
        }
    }

    /// Orders rows within each instant and takes `count` of them after `skip`.
    fn take_instants(
        &self,
        slots: impl Iterator<Item = u32>,
        skip: u64,
        rest: Keys<'_>,
        count: usize,
        page: &mut Vec<u32>,
    ) {
        let mut skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let mut slots = slots.peekable();
        while page.len() < count
            && let Some(first) = slots.next()
        {
            let at = self.rows.opened_at(first);
            let mut instant = vec![first];
            while let Some(slot) = slots.next_if(|slot| self.rows.opened_at(*slot) == at) {
                instant.push(slot);
            }
            let part = skip..skip.saturating_add(count - page.len());
            skip = 0;
            page.extend(self.cut(instant, rest, part));
        }
    }

    /// A page of these rows.
    fn cut(&self, slots: Vec<u32>, keys: Keys<'_>, window: Range<usize>) -> Vec<u32> {
        let window = window.start.min(slots.len())..window.end.min(slots.len());
        if window.is_empty() {
            return Vec::new();
        }
        match keys.split_first() {
            Some(((key, direction), rest))
                if let Some(field) = Field::of(*key)
                    && slots.len() * LARGE_PART >= self.rows.count() =>
            {
                self.walk_part(&slots, field, *direction, rest, window)
            }
            _ => self.sort(slots, keys, window),
        }
    }

    /// A page of a large part of all rows: goes through the values of the first key in order, and picks each
    /// one's rows out of the part.
    fn walk_part(
        &self,
        slots: &[u32],
        field: Field,
        direction: Direction,
        rest: Keys<'_>,
        window: Range<usize>,
    ) -> Vec<u32> {
        let mut part = Bits::new(self.rows.slots());
        for slot in slots {
            part.insert(*slot);
        }
        let facet = self.facets.get(field);
        let mut page = Vec::with_capacity(window.len());
        let mut before = 0;
        facet.order().window(direction, 0..usize::MAX, |code, _| {
            if before >= window.end {
                return;
            }
            let mut of_value = Vec::new();
            facet.rows(code).each(|slot| {
                if part.contains(slot) {
                    of_value.push(slot);
                }
            });
            let count = of_value.len();
            let from = window.start.saturating_sub(before);
            page.extend(self.cut(of_value, rest, from..window.end - before));
            before += count;
        });
        page
    }

    /// Sorts rows as far as a page needs it, and gives the page.
    fn sort(&self, mut slots: Vec<u32>, keys: Keys<'_>, window: Range<usize>) -> Vec<u32> {
        let compare = |a: &u32, b: &u32| {
            let by_keys = keys.iter().map(|(key, direction)| self.compare(*key, *direction, *a, *b));
            by_keys.into_iter().find(|order| order.is_ne()).unwrap_or_else(|| b.cmp(a))
        };
        if window.end < slots.len() {
            slots.select_nth_unstable_by(window.end, compare);
            slots.truncate(window.end);
        }
        if window.start > 0 {
            slots.select_nth_unstable_by(window.start, compare);
            slots.drain(..window.start);
        }
        slots.sort_unstable_by(compare);
        slots
    }

    /// How two rows compare by one key.
    fn compare(&self, key: SortKey, direction: Direction, a: u32, b: u32) -> Ordering {
        let ascending = match Field::of(key) {
            None => self.rows.opened_at(a).cmp(&self.rows.opened_at(b)),
            Some(field) => {
                let (a, b) = (self.code(a, field), self.code(b, field));
                if a == b { Ordering::Equal } else { self.facets.get(field).compare(a, b) }
            }
        };
        match direction {
            Direction::Ascending => ascending,
            Direction::Descending => ascending.reverse(),
        }
    }
}
