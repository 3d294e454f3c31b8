//! One thing that rows are sorted and filtered by: its distinct values, their rows, and their order.
//!
//! **Invariant:** a live row is in exactly one value's slots, and the order counts it there.

use crate::arena::{Arena, Texts, bytes_of};
use crate::collation::Collation;
use crate::list::SortKey;
use crate::order::Order;
use crate::slots::Slots;
use hashbrown::HashTable;
use std::cmp::Ordering;
use std::hash::{BuildHasher, RandomState};

/// What there is a facet of.
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

/// How many facets there are.
pub const FIELDS: usize = 7;

impl Field {
    /// The facets that a filter's text is looked for in; it is also looked for in ids and addresses.
    pub const FILTERED: [Self; 6] =
        [Self::DeviceName, Self::DeviceType, Self::OsName, Self::Host, Self::Username, Self::Name];

    /// Every facet, in order.
    const ALL: [Self; FIELDS] = [
        Self::DeviceName,
        Self::DeviceType,
        Self::OsName,
        Self::OsVersion,
        Self::Host,
        Self::Username,
        Self::Name,
    ];

    /// How the facet's values compare.
    const fn collation(self) -> Collation {
        match self {
            Self::Username | Self::Name => Collation::IgnoringCase,
            _ => Collation::CodePoint,
        }
    }

    /// The facet behind a sort key; sign-in order needs none.
    pub const fn of(key: SortKey) -> Option<Self> {
        match key {
            SortKey::LoginAt => None,
            SortKey::DeviceName => Some(Self::DeviceName),
            SortKey::OsName => Some(Self::OsName),
            SortKey::OsVersion => Some(Self::OsVersion),
            SortKey::Name => Some(Self::Name),
            SortKey::Username => Some(Self::Username),
        }
    }
}

/// The facets, by [`Field`].
pub struct Facets([Facet; FIELDS]);

impl Facets {
    /// Facets without values.
    pub fn new() -> Self {
        Self(Field::ALL.map(|field| Facet::new(field.collation())))
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
    pub fn add(&mut self, codes: [u32; FIELDS], slot: u32) {
        for (facet, code) in self.0.iter_mut().zip(codes) {
            facet.add(code, slot);
        }
    }

    /// Like [`add`](Self::add), but leaves the orders as they are until [`settle`](Self::settle):
    /// sorting once costs a tenth of finding the place for each row.
    pub fn fill(&mut self, codes: [u32; FIELDS], slot: u32) {
        for (facet, code) in self.0.iter_mut().zip(codes) {
            facet.rows[code as usize].insert(slot);
        }
    }

    /// Builds the orders after filling.
    pub fn settle(&mut self) {
        for facet in &mut self.0 {
            facet.order = Order::of(facet.collation, &facet.texts, |code| facet.rows[code].len());
        }
    }

    /// Takes a row out.
    pub fn remove(&mut self, codes: [u32; FIELDS], slot: u32) {
        for (facet, code) in self.0.iter_mut().zip(codes) {
            facet.remove(code, slot);
        }
    }

    /// Puts a row from one value of a facet to another.
    pub fn refile(&mut self, field: Field, from: u32, to: u32, slot: u32) {
        if from != to {
            let facet = &mut self.0[field as usize];
            facet.remove(from, slot);
            facet.add(to, slot);
        }
    }
}

/// One facet.
pub struct Facet {
    collation: Collation,
    texts: Arena,
    codes: HashTable<u32>,
    // Values come from outside: the keys of the hash are drawn at random.
    hasher: RandomState,
    rows: Vec<Slots>,
    order: Order,
}

impl Facet {
    fn new(collation: Collation) -> Self {
        Self {
            collation,
            texts: Arena::new(),
            codes: HashTable::new(),
            hasher: RandomState::new(),
            rows: Vec::new(),
            order: Order::new(collation),
        }
    }

    fn intern(&mut self, text: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(text);
        if let Some(code) = self.codes.find(hash, |code| self.texts.get(*code as usize) == text) {
            return *code;
        }
        let code = self.texts.push(text);
        self.rows.push(Slots::new());
        self.codes.insert_unique(hash, code, |code| self.hasher.hash_one(self.texts.get(*code as usize)));
        code
    }

    fn add(&mut self, code: u32, slot: u32) {
        self.rows[code as usize].insert(slot);
        while self.order.values() < self.texts.count() {
            self.order.insert(&self.texts, crate::number(self.order.values()));
        }
        self.order.add_row(&self.texts, code);
    }

    fn remove(&mut self, code: u32, slot: u32) {
        self.rows[code as usize].remove(slot);
        self.order.remove_row(&self.texts, code);
    }

    /// The values, by code.
    pub const fn texts(&self) -> &Arena {
        &self.texts
    }

    /// The rows of a value.
    pub fn rows(&self, code: u32) -> &Slots {
        &self.rows[code as usize]
    }

    /// How two values compare.
    pub fn compare(&self, a: u32, b: u32) -> Ordering {
        self.collation.compare(self.texts.get(a as usize), self.texts.get(b as usize))
    }

    /// The order of the values.
    pub const fn order(&self) -> &Order {
        &self.order
    }
}
