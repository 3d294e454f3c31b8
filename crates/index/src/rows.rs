//! The rows: chunks of them in the order of sign-in, and the tables by which one is found.
//!
//! A row's place is its slot, which is its own as long as the process lives.
//!
//! **Invariants**
//! - Slots ascend by session number, and so by time of sign-in: newest first is greatest slot first.
//! - `live` holds the slots of the rows that are in; each of them is in both tables.
//! - A chunk is looked at no later than one of its sessions is over.

pub mod stored;

use crate::chunk::{Chunk, Codes, SLOTS, hash_of};
use crate::number;
use crate::shards::Shards;
use crate::size::room;
use crate::slots::cardinality;
use hashbrown::DefaultHashBuilder;
use roaring::RoaringBitmap;
use rollcall_model::ids::ID_LENGTH;
use rollcall_model::session::live;
use rollcall_model::{Session, SessionId, SessionNo, Timestamp, TokenHash};
use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::time::Duration;

/// No row.
pub const NONE: u32 = u32::MAX;

/// The rows.
pub struct Rows {
    chunks: Vec<Chunk>,
    live: RoaringBitmap,
    by_token: Shards,
    by_id: Shards,
    /// Ids are drawn here: nobody chooses them so that they collide.
    hasher: DefaultHashBuilder,
    newest: Option<SessionNo>,
    /// The chunks by when to look at them.
    looks: BTreeSet<(Timestamp, u32)>,
    /// How long a session may be idle.
    idle: Option<Duration>,
}

const fn within(slot: u32) -> usize {
    slot as usize % SLOTS
}

impl Rows {
    /// No rows.
    pub fn new(idle: Option<Duration>) -> Self {
        Self {
            chunks: Vec::new(),
            live: RoaringBitmap::new(),
            by_token: Shards::new(),
            by_id: Shards::new(),
            hasher: DefaultHashBuilder::default(),
            newest: None,
            looks: BTreeSet::new(),
            idle,
        }
    }

    /// Puts a row in, whose session is newer than all before, and gives its slot. The tables do not know it yet.
    pub fn push(&mut self, session: &Session, codes: Codes, seen_at: Timestamp) -> u32 {
        if self.chunks.last().is_none_or(Chunk::is_full) {
            self.chunks.push(Chunk::new(session.no));
        }
        let of = number(self.chunks.len() - 1);
        let chunk = &mut self.chunks[of as usize];
        let at = chunk.push(session, codes, seen_at);
        let slot = number(of as usize * SLOTS + at);
        let due_at = chunk.life(at, self.idle).due().at;
        if due_at < chunk.look_at {
            self.look(of, due_at);
        }
        self.live.insert(slot);
        self.newest = Some(session.no);
        slot
    }

    /// Lets a row be found by the tables.
    pub fn enter(&mut self, slot: u32) {
        let Self { chunks, by_token, by_id, hasher, .. } = self;
        let token = |slot| chunk_of(chunks, slot).token_hash(within(slot));
        let id = |slot| hasher.hash_one(chunk_of(chunks, slot).id(within(slot)));
        by_token.insert(token(slot), slot, token);
        by_id.insert(id(slot), slot, id);
    }

    /// Takes a row out.
    pub fn remove(&mut self, slot: u32) {
        let chunk = self.chunk(slot);
        let (token, id) = (chunk.token_hash(within(slot)), self.hasher.hash_one(chunk.id(within(slot))));
        self.by_token.remove(token, slot);
        self.by_id.remove(id, slot);
        self.live.remove(slot);
        let of = slot as usize / SLOTS;
        let chunk = &mut self.chunks[of];
        chunk.remove(within(slot));
        if chunk.is_sparse() {
            let live = &self.live;
            chunk.compact(|at| live.contains(number(of * SLOTS + at)));
        }
    }

    /// What they take.
    pub fn size(&self) -> usize {
        let columns: usize = self.chunks.iter().map(Chunk::size).sum();
        let tables = self.by_token.size() + self.by_id.size();
        columns + room(&self.chunks) + tables + self.live.serialized_size()
    }

    fn chunk(&self, slot: u32) -> &Chunk {
        chunk_of(&self.chunks, slot)
    }

    /// The chunks, each with its first slot.
    pub fn chunks(&self, from: usize) -> impl Iterator<Item = (u32, &Chunk)> {
        self.chunks.iter().enumerate().skip(from).map(|(at, chunk)| (number(at * SLOTS), chunk))
    }

    /// How many rows are in.
    pub fn count(&self) -> usize {
        cardinality(&self.live)
    }

    /// The slots of the rows that are in.
    pub const fn live(&self) -> &RoaringBitmap {
        &self.live
    }

    /// How long a session may be idle.
    pub const fn idle(&self) -> Option<Duration> {
        self.idle
    }

    /// The number of the newest row that ever was in.
    pub const fn newest(&self) -> Option<SessionNo> {
        self.newest
    }

    /// The row with this number.
    pub fn find(&self, no: SessionNo) -> Option<u32> {
        let of = self.chunks.partition_point(|chunk| chunk.first <= no).checked_sub(1)?;
        let slot = number(of * SLOTS + self.chunks[of].find(no)?);
        self.live.contains(slot).then_some(slot)
    }

    /// The row with this id.
    pub fn find_id(&self, id: &SessionId) -> Option<u32> {
        let id = id.as_bytes();
        self.by_id.find(self.hasher.hash_one(id), |slot| self.id(slot) == id)
    }

    /// The row with this token, if it is live.
    pub fn find_live(&self, token: &TokenHash, now: Timestamp) -> Option<u32> {
        let slot =
            self.by_token.find(hash_of(token), |slot| self.chunk(slot).has_token(within(slot), token))?;
        // Before its chunk is to be looked at, none of its rows is over: what their lives lie in stays unread.
        let is_live = now < self.chunk(slot).look_at || live(self.life(slot), now);
        is_live.then_some(slot)
    }

    /// Whether a chunk has to be looked at by `now`.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.looks.first().is_some_and(|(look_at, _)| *look_at <= now)
    }

    /// The rows that are over at `now`. The chunks that they are in are looked at again when the next is.
    pub fn take_due(&mut self, now: Timestamp) -> Vec<u32> {
        let mut over = Vec::new();
        let due: Vec<u32> = self.looks.range(..=(now, u32::MAX)).map(|(_, of)| *of).collect();
        for of in due {
            let (first, chunk) = (number(of as usize * SLOTS), &self.chunks[of as usize]);
            let mut next = Timestamp::from_ms(i64::MAX);
            for slot in self.live.range(first..=first + number(SLOTS - 1)) {
                let due_at = chunk.life(within(slot), self.idle).due().at;
                if due_at <= now {
                    over.push(slot);
                } else {
                    next = next.min(due_at);
                }
            }
            self.look(of, next);
        }
        over
    }

    fn look(&mut self, of: u32, at: Timestamp) {
        let chunk = &mut self.chunks[of as usize];
        self.looks.remove(&(chunk.look_at, of));
        chunk.look_at = at;
        if at.as_ms() < i64::MAX {
            self.looks.insert((at, of));
        }
    }

    /// A row's session by its number.
    pub fn no(&self, slot: u32) -> SessionNo {
        self.chunk(slot).no(within(slot))
    }

    /// A row's id.
    pub fn id(&self, slot: u32) -> &[u8; ID_LENGTH] {
        self.chunk(slot).id(within(slot))
    }

    /// A row's address as rows show it.
    pub fn address(&self, slot: u32) -> &[u8] {
        self.chunk(slot).address(within(slot))
    }

    /// A row's user, client, and its user's next older row.
    pub fn codes(&self, slot: u32) -> Codes {
        self.chunk(slot).codes(within(slot))
    }

    /// The same of many rows, in the order of their slots.
    pub fn codes_of(&self, slots: &RoaringBitmap) -> impl Iterator<Item = Codes> {
        let (mut of, mut chunk) = (0, self.chunks.first());
        slots.iter().filter_map(move |slot| {
            if slot as usize / SLOTS != of {
                of = slot as usize / SLOTS;
                chunk = self.chunks.get(of);
            }
            chunk.map(|chunk| chunk.codes(within(slot)))
        })
    }

    /// A row's user.
    pub fn user(&self, slot: u32) -> u32 {
        self.codes(slot).user
    }

    /// A row's device and host.
    pub fn client(&self, slot: u32) -> u32 {
        self.codes(slot).client
    }

    /// The next older row of a row's user.
    pub fn older(&self, slot: u32) -> u32 {
        self.codes(slot).older
    }

    /// Sets the next older row of a row's user.
    pub fn set_older(&mut self, slot: u32, older: u32) {
        self.chunks[slot as usize / SLOTS].set_older(within(slot), older);
    }

    /// When a row's session was opened.
    pub fn opened_at(&self, slot: u32) -> Timestamp {
        self.chunk(slot).opened_at(within(slot))
    }

    /// When a row's token was last shown.
    pub fn seen_at(&self, slot: u32) -> Timestamp {
        self.chunk(slot).seen_at(within(slot))
    }

    /// What decides when a row's session is over.
    pub fn life(&self, slot: u32) -> rollcall_model::session::Life {
        self.chunk(slot).life(within(slot), self.idle)
    }

    /// Remembers a use of a row's token.
    pub fn see(&self, slot: u32, now: Timestamp) {
        self.chunk(slot).see(within(slot), now);
    }

    /// When a row's token was last shown, if the store has still to be told; it counts as told from now on.
    pub fn take_moved(&self, slot: u32) -> Option<Timestamp> {
        self.chunk(slot).take_moved(within(slot))
    }

    /// Lets the store be told again.
    pub fn put_back(&self, slot: u32) {
        self.chunk(slot).put_back(within(slot));
    }
}

fn chunk_of(chunks: &[Chunk], slot: u32) -> &Chunk {
    &chunks[slot as usize / SLOTS]
}
