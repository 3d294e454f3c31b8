//! Pages in the order of a number that each row has: when it was seen, its version's place among all, its address. No order
//! is kept of them, so a page looks at every row once; it holds no more rows than twice those up to its end.

use crate::index::Index;
use crate::list::{Direction, Keys, SortKey};
use crate::position::{Position, SortValue, number_of_address, number_of_time};
use crate::turning_point;
use roaring::RoaringBitmap;
use rollcall_filter::compare_versions;
use rollcall_model::Timestamp;
use std::cmp::Ordering;
use std::ops::Range;

/// Rows that are held at the least before those that are too far behind are let go.
const HELD: usize = turning_point(4_096, 4);

/// How rows get their numbers.
pub enum Numbers<'a> {
    /// By when they were seen.
    Seen,
    /// By their addresses.
    Address,
    /// By the versions of their clients.
    Version {
        /// All of them, in their order.
        sorted: Vec<&'a str>,
        /// By client: its version's place among them.
        place: Vec<usize>,
    },
}

/// A row and what it is sorted by.
#[derive(Clone, Copy)]
struct Numbered {
    number: u128,
    /// Its slot, and when it was seen.
    row: (u32, Timestamp),
}

impl Index {
    /// How rows get their numbers, if a key gives them one.
    pub fn numbers(&self, key: SortKey) -> Option<Numbers<'_>> {
        match key {
            SortKey::SeenAt => Some(Numbers::Seen),
            SortKey::Ip => Some(Numbers::Address),
            SortKey::DeviceVersion => {
                let mut clients: Vec<(&str, u32)> = self
                    .clients
                    .known(0)
                    .map(|(code, client)| (client.device.long_version.as_str(), code))
                    .collect();
                clients.sort_unstable_by(|(a, _), (b, _)| compare_versions(a, b));
                let mut place =
                    vec![0; clients.iter().map(|(_, code)| *code as usize + 1).max().unwrap_or(0)];
                let mut sorted: Vec<&str> = Vec::new();
                for (version, code) in clients {
                    if sorted.last() != Some(&version) {
                        sorted.push(version);
                    }
                    place[code as usize] = sorted.len() - 1;
                }
                Some(Numbers::Version { sorted, place })
            }
            _ => None,
        }
    }

    /// Takes the rows of a window behind a position, in the order of a number and further keys.
    pub fn take_by_number(
        &self,
        rows: &RoaringBitmap,
        numbers: &Numbers<'_>,
        keys: Keys<'_>,
        after: Option<&Position>,
        window: Range<usize>,
        page: &mut Vec<u32>,
    ) {
        let Some(((_, direction), rest)) = keys.split_first() else { return };
        let by_number = |a: u128, b: u128| match direction {
            Direction::Ascending => a.cmp(&b),
            Direction::Descending => b.cmp(&a),
        };
        let compare = |a: &Numbered, b: &Numbered| {
            by_number(a.number, b.number).then_with(|| self.compare_rows(rest, a.row, b.row))
        };
        let after = after.and_then(|after| {
            let (value, rest) = after.values.split_first()?;
            Some((numbers.of_value(value), rest, after.no))
        });
        let is_behind = |row: &Numbered| {
            after.is_none_or(|(number, values, no)| {
                let to_position = || self.compare_to(row.row.0, rest, values, no);
                by_number(row.number, number).then_with(to_position).is_gt()
            })
        };
        // When a row was seen lies by itself in memory: it is read where a key asks for it.
        let is_moving = keys.iter().any(|(key, _)| *key == SortKey::SeenAt);
        let numbered = rows.iter().map(|slot| self.numbered(numbers, slot, is_moving)).filter(is_behind);
        let mut first = first_of(numbered, window.end, compare);
        first.sort_unstable_by(compare);
        page.extend(first.into_iter().skip(window.start).map(|row| row.row.0));
    }

    fn numbered(&self, numbers: &Numbers<'_>, slot: u32, is_moving: bool) -> Numbered {
        let seen_at = if is_moving { self.rows.seen_at(slot) } else { Timestamp::default() };
        let number = match numbers {
            Numbers::Seen => number_of_time(seen_at),
            Numbers::Address => number_of_address(self.address(slot)),
            Numbers::Version { place, .. } => Numbers::of_place(place[self.rows.client(slot) as usize]),
        };
        Numbered { number, row: (slot, seen_at) }
    }
}

impl Numbers<'_> {
    /// Between the places of two versions there is a number for one that no row has any more.
    const fn of_place(place: usize) -> u128 {
        2 * place as u128 + 1
    }

    fn of_value(&self, value: &SortValue) -> u128 {
        match self {
            Self::Seen | Self::Address => value.number(),
            Self::Version { sorted, .. } => {
                match sorted.binary_search_by(|version| compare_versions(version, value.text())) {
                    Ok(place) => Self::of_place(place),
                    Err(place) => 2 * place as u128,
                }
            }
        }
    }
}

/// The first rows of an order, in any.
fn first_of(
    rows: impl Iterator<Item = Numbered>,
    count: usize,
    compare: impl Fn(&Numbered, &Numbered) -> Ordering + Copy,
) -> Vec<Numbered> {
    let mut first: Vec<Numbered> = Vec::new();
    if count == 0 {
        return first;
    }
    let held = count.saturating_mul(2).max(HELD);
    // Once there are enough, what lies behind the last of them is passed over.
    let mut last: Option<Numbered> = None;
    let cut = |first: &mut Vec<Numbered>| {
        if first.len() > count {
            let (_, beyond, _) = first.select_nth_unstable_by(count, compare);
            let beyond = *beyond;
            first.truncate(count);
            return Some(beyond);
        }
        None
    };
    for row in rows {
        if last.is_none_or(|last| compare(&row, &last).is_lt()) {
            first.push(row);
        }
        if first.len() >= held {
            last = cut(&mut first);
        }
    }
    cut(&mut first);
    first
}
