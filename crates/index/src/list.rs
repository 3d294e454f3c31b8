//! Lists: which rows, in which order, and which page of them.
//!
//! Four ways to a page, by what is asked:
//! - rows in order of sign-in, all or those a filter found: counted off from the newest;
//! - rows by another key, all or many: whole blocks of values are skipped by their counts, only the values that
//!   reach into the page are looked at; what a filter found is counted once, and the counts kept with it;
//! - few rows by another key: they are partitioned around the page, and only the page is sorted;
//! - rows by a key without an order of values (last seen, version, address): all are looked at, each once
//!   ([`crate::by_number`]).
//!
//! Further keys order the rows of one value in the same ways.
//!
//! Ties on all keys break newest sign-in first, then greater number first, whatever the direction of the
//! keys. As slots ascend by both, that is: greatest slot first.

use crate::facet::Field;
use crate::index::Index;
use crate::order::Order;
use crate::part::Part;
use crate::position::{Position, number_of_address};
use crate::slots::{Slots, cardinality, newest};
use crate::turning_point;
use roaring::RoaringBitmap;
use rollcall_filter::{Bound, compare_versions};
use rollcall_model::{Timestamp, UserNo};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

/// What is asked.
#[derive(Clone, Debug)]
pub struct List {
    /// Whose sessions.
    pub scope: Scope,
    /// Which of them. All when absent.
    pub filter: Option<Filter>,
    /// In which order, the first key first; newest first when empty.
    pub sort: Vec<(SortKey, Direction)>,
    /// The place behind which it begins: that of a row of a list that is sorted alike.
    pub after: Option<Position>,
    /// How many rows are skipped.
    pub offset: usize,
    /// How many rows are given at the most.
    pub count: usize,
}

/// Which sessions.
#[derive(Clone, Debug)]
pub enum Filter {
    /// v1's filter of this text: see [`TextFilter`](crate::TextFilter).
    Text(Box<str>),
    /// One of the filter language, bound to a time and a caller.
    Tree(Arc<Bound>),
}

impl Filter {
    /// Whether the two always find the same, as far as their texts tell.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Tree(a), Self::Tree(b)) => a.key() == b.key(),
            _ => false,
        }
    }

    /// Whether what it finds changes by events alone and for all callers alike.
    pub fn is_kept(&self) -> bool {
        match self {
            Self::Text(_) => true,
            Self::Tree(bound) => bound.is_kept(),
        }
    }
}

impl<T: Into<Box<str>>> From<T> for Filter {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
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
    /// When the token was last shown.
    SeenAt,
    /// The name of browser or app.
    DeviceName,
    /// What kind of client it is.
    DeviceType,
    /// The version of browser or app, by its numbers.
    DeviceVersion,
    /// The `Host` header at sign-in.
    Host,
    /// The client's address; IPv4 among IPv6 as it is mapped there.
    Ip,
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

pub type Keys<'a> = &'a [(SortKey, Direction)];

/// A page's rows and the count of all that the list has.
pub struct Found {
    pub total: usize,
    pub slots: Vec<u32>,
}

/// Rows up to which comparing texts is cheaper than counting a key's values.
const FEW: usize = turning_point(256, 3);

impl List {
    fn window(&self) -> Range<usize> {
        self.offset..self.offset.saturating_add(self.count)
    }

    /// The window, when so many rows lie before the place where the list begins.
    fn window_behind(&self, passed: usize) -> Range<usize> {
        let Range { start, end } = self.window();
        start.saturating_add(passed)..end.saturating_add(passed)
    }

    fn keys(&self) -> Keys<'_> {
        match self.sort.as_slice() {
            [(SortKey::LoginAt, Direction::Descending)] => &[],
            keys => keys,
        }
    }
}

impl Index {
    /// A page of these rows of a user.
    pub fn page_of_user(&self, list: &List, slots: Vec<u32>) -> Found {
        let passed = list
            .after
            .as_ref()
            .map_or(0, |after| self.passed_of(slots.iter().copied(), list.keys(), &after.values, after.no));
        Found { total: slots.len(), slots: self.cut(slots, list.keys(), list.window_behind(passed)) }
    }

    /// A page of everybody's rows: of all, or of those that a filter found.
    pub fn page(&self, list: &List, mut part: Option<&mut Part>) -> Found {
        let rows = part.as_ref().map_or_else(|| self.rows.live(), |part| part.rows());
        let (total, keys) = (cardinality(rows), list.keys());
        let mut page = Vec::with_capacity(list.window().len().min(total));
        if let Some(numbers) = keys.first().and_then(|(key, _)| self.numbers(*key)) {
            self.take_by_number(rows, &numbers, keys, list.after.as_ref(), list.window(), &mut page);
            return Found { total, slots: page };
        }
        let passed = list
            .after
            .as_ref()
            .map_or(0, |after| self.passed(part.as_deref_mut(), keys, &after.values, after.no));
        self.take(part, keys, list.window_behind(passed), &mut page);
        Found { total, slots: page }
    }

    /// Takes the rows of a window of all rows, or of a part of them.
    fn take(&self, mut part: Option<&mut Part>, keys: Keys<'_>, window: Range<usize>, page: &mut Vec<u32>) {
        let rows = part.as_ref().map_or_else(|| self.rows.live(), |part| part.rows());
        let total = cardinality(rows);
        if window.start >= total {
            return;
        }
        match keys.split_first() {
            None => newest(rows, window.start, window.len(), page),
            Some(((key, direction), rest)) => match Field::of(*key) {
                None if *key == SortKey::LoginAt => {
                    self.walk_in_time(rows, *direction, rest, window, page);
                }
                None => {
                    if let Some(numbers) = self.numbers(*key) {
                        self.take_by_number(rows, &numbers, keys, None, window, page);
                    }
                }
                Some(_) if total <= FEW => page.extend(self.cut(rows.iter().collect(), keys, window)),
                Some(field) => self.walk(field, part.take(), *direction, rest, window, page),
            },
        }
    }

    /// The same of these rows: few are compared, and many are taken as all of them are, by the values of the key.
    fn take_of(&self, slots: Vec<u32>, keys: Keys<'_>, window: Range<usize>, page: &mut Vec<u32>) {
        if slots.len() <= FEW {
            page.extend(self.cut(slots, keys, window));
        } else {
            self.take(Some(&mut Part::of(slots.into_iter().collect())), keys, window, page);
        }
    }

    /// A page by the values of a field.
    fn walk(
        &self,
        field: Field,
        part: Option<&mut Part>,
        direction: Direction,
        rest: Keys<'_>,
        window: Range<usize>,
        page: &mut Vec<u32>,
    ) {
        let order = self.order(field);
        let mut visit = |rows: RowsOfValue<'_>, window: Range<usize>| match rows {
            RowsOfValue::Set(set) if rest.is_empty() => newest(&set, window.start, window.len(), page),
            RowsOfValue::Set(set) => self.take(Some(&mut Part::of(set.into_owned())), rest, window, page),
            RowsOfValue::Slots(slots) => self.take_of(slots, rest, window, page),
        };
        match part {
            None => {
                let rows = |code| self.count_of_value(field, code);
                order.window(direction, window, rows, |code, window| {
                    visit(self.rows_of_value(field, code, None), window);
                });
            }
            Some(part) => {
                part.count(self, field);
                let (rows, Some(counts)) = part.rows_and_counts(field) else { return };
                order.window_of(direction, window, counts, |code, window| {
                    visit(self.rows_of_value(field, code, Some(rows)), window);
                });
            }
        }
    }

    /// The order of a field's values.
    pub const fn order(&self, field: Field) -> &Order {
        match field {
            Field::Username => self.users.order(),
            Field::Name => self.users.order_of_names(),
            facet => self.facets.get(facet).order(),
        }
    }

    /// How many rows a value has.
    pub fn count_of_value(&self, field: Field, code: u32) -> usize {
        match field {
            Field::Username => self.users.count(code),
            Field::Name => self.users.count_of_name(code),
            facet => self.facets.get(facet).rows(code).len(),
        }
    }

    /// How many rows of a part a value has.
    pub fn count_in_part(&self, field: Field, code: u32, part: &RoaringBitmap) -> usize {
        match self.set_of_value(field, code) {
            Some(set) => usize::try_from(part.intersection_len(set)).unwrap_or(usize::MAX),
            None => self.rows_of_value(field, code, Some(part)).len(),
        }
    }

    /// The rows of a value that has many.
    fn set_of_value(&self, field: Field, code: u32) -> Option<&RoaringBitmap> {
        match field {
            Field::Username => None,
            Field::Name => self.users.crowd(code),
            facet => match self.facets.get(facet).rows(code) {
                Slots::Few(_) => None,
                Slots::Many(many) => Some(many),
            },
        }
    }

    /// The rows of a value, all or those of a part.
    pub fn rows_of_value(&self, field: Field, code: u32, part: Option<&RoaringBitmap>) -> RowsOfValue<'_> {
        if let Some(set) = self.set_of_value(field, code) {
            return RowsOfValue::Set(part.map_or(Cow::Borrowed(set), |part| Cow::Owned(part & set)));
        }
        let mut slots = match field {
            Field::Username => self.users.rows_of(code, &self.rows),
            Field::Name => self.users.rows_of_name(code, &self.rows),
            facet => self.facets.get(facet).rows(code).to_vec(),
        };
        if let Some(part) = part {
            slots.retain(|slot| part.contains(*slot));
        }
        RowsOfValue::Slots(slots)
    }

    /// A page by time of sign-in, where rows of the same instant are still to be ordered.
    fn walk_in_time(
        &self,
        part: &RoaringBitmap,
        direction: Direction,
        rest: Keys<'_>,
        window: Range<usize>,
        page: &mut Vec<u32>,
    ) {
        let place = match direction {
            Direction::Ascending => window.start,
            Direction::Descending => cardinality(part) - 1 - window.start,
        };
        let Some(slot) = part.select(crate::number(place)) else { return };
        let at = self.rows.opened_at(slot);
        let is_at_once = |other: &u32| self.rows.opened_at(*other) == at;
        // From the edge of the instant that the page begins in: what it skips of it lies in front of `slot`.
        match direction {
            Direction::Ascending => {
                let before: Vec<u32> = part.range(..slot).rev().take_while(is_at_once).collect();
                let from = before.last().copied().unwrap_or(slot);
                self.take_instants(part.range(from..), before.len(), rest, window.len(), page);
            }
            Direction::Descending => {
                let behind: Vec<u32> = part.range(slot + 1..).take_while(is_at_once).collect();
                let from = behind.last().copied().unwrap_or(slot);
                self.take_instants(part.range(..=from).rev(), behind.len(), rest, window.len(), page);
            }
        }
    }

    /// Orders rows within each instant and takes `count` of them after `skip`.
    fn take_instants(
        &self,
        slots: impl Iterator<Item = u32>,
        mut skip: usize,
        rest: Keys<'_>,
        count: usize,
        page: &mut Vec<u32>,
    ) {
        let mut slots = slots.peekable();
        let full = page.len().saturating_add(count);
        while page.len() < full
            && let Some(first) = slots.next()
        {
            let at = self.rows.opened_at(first);
            let mut instant = vec![first];
            while let Some(slot) = slots.next_if(|slot| self.rows.opened_at(*slot) == at) {
                instant.push(slot);
            }
            let part = skip..skip.saturating_add(full - page.len());
            skip = 0;
            self.take_of(instant, rest, part, page);
        }
    }

    /// A page of these rows.
    fn cut(&self, slots: Vec<u32>, keys: Keys<'_>, window: Range<usize>) -> Vec<u32> {
        let window = window.start.min(slots.len())..window.end.min(slots.len());
        if window.is_empty() { Vec::new() } else { self.sort(slots, keys, window) }
    }

    /// Sorts rows as far as a page needs it, and gives the page.
    fn sort(&self, slots: Vec<u32>, keys: Keys<'_>, window: Range<usize>) -> Vec<u32> {
        // What moves without events is read once: sorting by what changes meanwhile would have no order.
        let is_moving = keys.iter().any(|(key, _)| *key == SortKey::SeenAt);
        let mut rows: Vec<(u32, Timestamp)> = slots
            .into_iter()
            .map(|slot| (slot, if is_moving { self.rows.seen_at(slot) } else { Timestamp::default() }))
            .collect();
        let compare = |a: &(u32, Timestamp), b: &(u32, Timestamp)| self.compare_rows(keys, *a, *b);
        if window.end < rows.len() {
            rows.select_nth_unstable_by(window.end, compare);
            rows.truncate(window.end);
        }
        if window.start > 0 {
            rows.select_nth_unstable_by(window.start, compare);
            rows.drain(..window.start);
        }
        rows.sort_unstable_by(compare);
        rows.into_iter().map(|(slot, _)| slot).collect()
    }

    /// How two rows compare, each with when it was seen if a key asks that.
    pub fn compare_rows(&self, keys: Keys<'_>, a: (u32, Timestamp), b: (u32, Timestamp)) -> Ordering {
        let by_keys = keys.iter().map(|(key, direction)| {
            let ascending = match key {
                SortKey::SeenAt => a.1.cmp(&b.1),
                key => self.compare(*key, a.0, b.0),
            };
            if *direction == Direction::Ascending { ascending } else { ascending.reverse() }
        });
        by_keys.into_iter().find(|order| order.is_ne()).unwrap_or_else(|| b.0.cmp(&a.0))
    }

    /// How two rows compare by one key that does not move.
    fn compare(&self, key: SortKey, a: u32, b: u32) -> Ordering {
        let Some(field) = Field::of(key) else {
            return match key {
                SortKey::DeviceVersion => {
                    let version = |slot| &self.clients.get(self.rows.client(slot)).device.long_version;
                    compare_versions(version(a), version(b))
                }
                SortKey::Ip => number_of_address(self.address(a)).cmp(&number_of_address(self.address(b))),
                _ => self.rows.opened_at(a).cmp(&self.rows.opened_at(b)),
            };
        };
        let (a, b) = (self.code(a, field), self.code(b, field));
        match field {
            _ if a == b => Ordering::Equal,
            Field::Username => self.users.compare(a, b),
            Field::Name => self.users.compare_names(a, b),
            facet => self.facets.get(facet).compare(a, b),
        }
    }
}

/// Some rows.
pub enum RowsOfValue<'a> {
    /// In ascending order.
    Slots(Vec<u32>),
    /// As a set.
    Set(Cow<'a, RoaringBitmap>),
}

impl RowsOfValue<'_> {
    /// As a set.
    pub fn into_set(self) -> RoaringBitmap {
        match self {
            Self::Slots(slots) => slots.into_iter().collect(),
            Self::Set(set) => set.into_owned(),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Slots(slots) => slots.len(),
            Self::Set(set) => cardinality(set),
        }
    }
}
