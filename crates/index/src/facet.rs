//! One thing that rows are sorted and filtered by, of which there are few: its distinct values, their rows, and
//! their order.
//!
//! **Invariant:** a live row is in exactly one value's slots, and the order counts it there; a value without rows
//! is forgotten.

use crate::arena::{Arena, Shelf, bytes_of};
use crate::collation::Collation;
use crate::list::SortKey;
use crate::order::Order;
use crate::size::room;
use crate::slots::Slots;
use hashbrown::HashTable;
use std::cmp::Ordering;
use std::hash::{BuildHasher, RandomState};

/// What rows are sorted and filtered by, but for time, ids and addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Field {
    /// Name of the browser or app.
    DeviceName,
    /// The device's type in its wire word.
    DeviceType,
    /// Name of the operating system.
    OsName,
    /// Version of the operating system, absent when unknown.
    OsVersion,
    /// The `Host` header.
    Host,
    /// The user's username.
    Username,
    /// The user's name, absent when there is none.
    Name,
}

/// How many of them are facets: all that is not the user's.
pub const FACETS: usize = 5;

impl Field {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; Self::COUNT] = [
        Self::DeviceName,
        Self::DeviceType,
        Self::OsName,
        Self::OsVersion,
        Self::Host,
        Self::Username,
        Self::Name,
    ];
    /// How many there are.
    pub const COUNT: usize = 7;

    /// The facets that a filter's text is looked for in.
    pub const FILTERED: [Self; 4] = [Self::DeviceName, Self::DeviceType, Self::OsName, Self::Host];

    /// The field behind a sort key, if there is one.
    pub const fn of(key: SortKey) -> Option<Self> {
        match key {
            SortKey::LoginAt | SortKey::SeenAt | SortKey::DeviceVersion | SortKey::Ip => None,
            SortKey::DeviceType => Some(Self::DeviceType),
            SortKey::Host => Some(Self::Host),
            SortKey::DeviceName => Some(Self::DeviceName),
            SortKey::OsName => Some(Self::OsName),
            SortKey::OsVersion => Some(Self::OsVersion),
            SortKey::Name => Some(Self::Name),
            SortKey::Username => Some(Self::Username),
        }
    }
}

/// The facets, by [`Field`].
pub struct Facets([Facet; FACETS]);

impl Facets {
    /// Facets without values.
    pub fn new() -> Self {
        Self(std::array::from_fn(|_| Facet::new()))
    }

    /// One facet.
    pub const fn get(&self, field: Field) -> &Facet {
        &self.0[field as usize]
    }

    /// The code of a value; it gets one if it is new.
    pub fn intern(&mut self, field: Field, text: Option<&str>) -> u32 {
        self.0[field as usize].intern(bytes_of(text))
    }

    /// Puts a row in.
    pub fn add(&mut self, codes: [u32; FACETS], slot: u32) {
        for (facet, code) in self.0.iter_mut().zip(codes) {
            facet.rows[code as usize].insert(slot);
            facet.order.add_row(code);
        }
    }

    /// Gives values the rows that they have, by facet and code; these rise.
    pub fn fill(&mut self, rows: [Vec<Vec<u32>>; FACETS]) {
        for (facet, rows) in self.0.iter_mut().zip(rows) {
            facet.rows = rows.into_iter().map(Slots::of).collect();
        }
    }

    /// How many values each has.
    pub fn counts(&self) -> [usize; FACETS] {
        std::array::from_fn(|facet| self.0[facet].rows.len())
    }

    /// Takes a row out.
    pub fn remove(&mut self, codes: [u32; FACETS], slot: u32) {
        for (facet, code) in self.0.iter_mut().zip(codes) {
            facet.remove(code, slot);
        }
    }

    /// Leaves the orders as they are until [`settle`](Self::settle).
    pub fn load(&mut self) {
        self.0.iter_mut().for_each(|facet| facet.order.load());
    }

    /// What they take.
    pub fn size(&self) -> usize {
        let rows = |facet: &Facet| facet.rows.iter().map(Slots::size).sum::<usize>() + room(&facet.rows);
        let values = |facet: &Facet| facet.texts.size(Arena::size) + facet.codes.allocation_size();
        self.0.iter().map(|facet| rows(facet) + values(facet) + facet.order.size()).sum()
    }

    /// Builds the orders after loading.
    pub fn settle(&mut self) {
        self.0.iter_mut().for_each(Facet::settle);
    }
}

/// One facet.
pub struct Facet {
    texts: Shelf,
    codes: HashTable<u32>,
    // Values come from outside: the keys of the hash are drawn at random.
    hasher: RandomState,
    rows: Vec<Slots>,
    order: Order,
}

/// What devices are called is ordered as clients were written for.
const COLLATION: Collation = Collation::CodePoint;

impl Facet {
    fn new() -> Self {
        Self {
            texts: Shelf::new(),
            codes: HashTable::new(),
            hasher: RandomState::new(),
            rows: Vec::new(),
            order: Order::default(),
        }
    }

    fn intern(&mut self, text: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(text);
        if let Some(code) = self.codes.find(hash, |code| self.texts.get(*code) == text) {
            return *code;
        }
        let Self { texts, codes, hasher, rows, order } = self;
        let code = texts.put(text);
        if code as usize == rows.len() {
            rows.push(Slots::new());
        }
        codes.insert_unique(hash, code, |code| hasher.hash_one(texts.get(*code)));
        let compare = |other| COLLATION.compare(texts.get(other), text);
        order.insert(code, compare, |other| rows[other as usize].len());
        code
    }

    fn remove(&mut self, code: u32, slot: u32) {
        self.rows[code as usize].remove(slot);
        self.order.remove_row(code);
        if self.rows[code as usize].len() > 0 {
            return;
        }
        self.rows[code as usize] = Slots::new();
        self.order.remove(code);
        let hash = self.hasher.hash_one(self.texts.get(code));
        if let Ok(entry) = self.codes.find_entry(hash, |held| *held == code) {
            entry.remove();
        }
        self.texts.remove(code);
    }

    fn settle(&mut self) {
        let mut sorted: Vec<u32> = self.codes.iter().copied().collect();
        sorted.sort_unstable_by(|a, b| self.compare(*a, *b));
        self.order.settle(&sorted, |code| self.rows[code as usize].len());
    }

    /// The values, by code.
    pub const fn texts(&self) -> &Shelf {
        &self.texts
    }

    /// The rows of a value.
    pub fn rows(&self, code: u32) -> &Slots {
        &self.rows[code as usize]
    }

    /// How two values compare.
    pub fn compare(&self, a: u32, b: u32) -> Ordering {
        COLLATION.compare(self.texts.get(a), self.texts.get(b))
    }

    /// The order of the values.
    pub const fn order(&self) -> &Order {
        &self.order
    }
}
