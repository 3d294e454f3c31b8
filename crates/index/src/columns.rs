//! The rows: one column for each thing that is known of a session.
//!
//! A row's place is its slot. Rows are put in at the end and never move; a row that was taken out leaves
//! a dead slot until the index is built anew.
//!
//! **Invariants**
//! - Slots ascend by session number, and so by time of sign-in: newest first is greatest slot first.
//! - `live` holds the slots of the rows that are in; the id and the address of a dead slot are erased.

use crate::arena::{Arena, Ids, Texts};
use crate::number;
use crate::slots::cardinality;
use hashbrown::HashTable;
use roaring::RoaringBitmap;
use rollcall_model::ids::ID_LENGTH;
use rollcall_model::{SessionId, SessionNo, Timestamp};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::ops::Range;

/// The columns.
pub struct Columns {
    no: Vec<SessionNo>,
    ids: Ids,
    cells: Vec<Cell>,
    opened_at: Vec<Timestamp>,
    due_at: Vec<Timestamp>,
    ip: Vec<IpAddr>,
    // Kept beside the numbers: writing them out for each filter costs 60 times the search.
    addresses: Arena,
    live: RoaringBitmap,
    by_id: HashTable<u32>,
    hasher: RandomState,
}

/// The dictionary codes of a row.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// Of its user.
    pub user: u32,
    /// Of its device.
    pub device: u32,
    /// Of its host, in that facet.
    pub host: u32,
}

/// What a row is put in with.
#[derive(Clone, Copy, Debug)]
pub struct NewRow<'a> {
    /// The session's number, greater than all before.
    pub no: SessionNo,
    /// Its id on the wire.
    pub id: &'a [u8; ID_LENGTH],
    /// Its codes.
    pub cell: Cell,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When to look whether its session is still live.
    pub due_at: Timestamp,
    /// The client's address.
    pub ip: IpAddr,
    /// The client's address as rows show it.
    pub address: &'a [u8],
}

impl Columns {
    /// No rows.
    pub fn new() -> Self {
        Self {
            no: Vec::new(),
            ids: Ids::new(),
            cells: Vec::new(),
            opened_at: Vec::new(),
            due_at: Vec::new(),
            ip: Vec::new(),
            addresses: Arena::new(),
            live: RoaringBitmap::new(),
            by_id: HashTable::new(),
            hasher: RandomState::new(),
        }
    }

    /// Makes room for so many more rows at once.
    pub fn reserve(&mut self, rows: usize) {
        self.no.reserve(rows);
        self.ids.reserve(rows);
        self.cells.reserve(rows);
        self.opened_at.reserve(rows);
        self.due_at.reserve(rows);
        self.ip.reserve(rows);
        let Self { ids, by_id, hasher, .. } = self;
        by_id.reserve(rows, |slot| hasher.hash_one(ids.id(*slot as usize)));
    }

    /// Puts a row in and gives its slot.
    pub fn push(&mut self, row: NewRow<'_>) -> u32 {
        let slot = number(self.no.len());
        self.no.push(row.no);
        self.ids.push(row.id);
        self.cells.push(row.cell);
        self.opened_at.push(row.opened_at);
        self.due_at.push(row.due_at);
        self.ip.push(row.ip);
        self.addresses.push(row.address);
        self.live.insert(slot);
        let Self { ids, by_id, hasher, .. } = self;
        by_id.insert_unique(hasher.hash_one(row.id), slot, |slot| hasher.hash_one(ids.id(*slot as usize)));
        slot
    }

    /// Takes a row out.
    pub fn remove(&mut self, slot: u32) {
        self.live.remove(slot);
        if let Ok(entry) = self.by_id.find_entry(self.hasher.hash_one(self.id(slot)), |held| *held == slot) {
            entry.remove();
        }
        self.ids.erase(slot);
        self.addresses.erase(slot);
    }

    /// How many slots there are, dead ones included.
    pub const fn slots(&self) -> usize {
        self.no.len()
    }

    /// How many rows are in.
    pub fn count(&self) -> usize {
        cardinality(&self.live)
    }

    /// The slots of the rows that are in.
    pub const fn live(&self) -> &RoaringBitmap {
        &self.live
    }

    /// The number of the newest row that ever was in.
    pub fn newest(&self) -> Option<SessionNo> {
        self.no.last().copied()
    }

    /// The row with this number.
    pub fn find(&self, no: SessionNo) -> Option<u32> {
        self.no.binary_search(&no).ok().map(number).filter(|slot| self.live.contains(*slot))
    }

    /// The row with this id.
    pub fn find_id(&self, id: &SessionId) -> Option<u32> {
        let id = id.as_bytes();
        self.by_id.find(self.hasher.hash_one(id), |slot| self.id(*slot) == id).copied()
    }

    /// The slots, dead ones included, that were opened at this instant.
    pub fn opened_at_once(&self, at: Timestamp) -> Range<u32> {
        let start = self.opened_at.partition_point(|opened_at| *opened_at < at);
        let end = self.opened_at.partition_point(|opened_at| *opened_at <= at);
        number(start)..number(end)
    }

    /// The ids on the wire, by slot.
    pub const fn ids(&self) -> &Ids {
        &self.ids
    }

    /// The addresses as rows show them, by slot.
    pub const fn addresses(&self) -> &Arena {
        &self.addresses
    }

    /// A row's address as rows show it.
    pub fn address(&self, slot: u32) -> &[u8] {
        self.addresses.get(slot as usize)
    }

    /// A row's id.
    pub fn id(&self, slot: u32) -> &[u8; ID_LENGTH] {
        self.ids.id(slot as usize)
    }

    /// A row's number.
    pub fn no(&self, slot: u32) -> SessionNo {
        self.no[slot as usize]
    }

    /// A row's codes.
    pub fn cell(&self, slot: u32) -> Cell {
        self.cells[slot as usize]
    }

    /// When a row's session was opened.
    pub fn opened_at(&self, slot: u32) -> Timestamp {
        self.opened_at[slot as usize]
    }

    /// When to look whether a row's session is still live: never after its end.
    pub fn due_at(&self, slot: u32) -> Timestamp {
        self.due_at[slot as usize]
    }

    /// Sets when to look again.
    pub fn set_due_at(&mut self, slot: u32, at: Timestamp) {
        self.due_at[slot as usize] = at;
    }

    /// The address a row's session was opened from.
    pub fn ip(&self, slot: u32) -> IpAddr {
        self.ip[slot as usize]
    }
}
