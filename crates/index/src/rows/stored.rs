//! The rows in a checkpoint, and the tables by which one is found, made for all of them at once.

use super::{NONE, Rows, chunk_of, within};
use crate::checkpoint::damaged;
use crate::chunk::{Chunk, SLOTS};
use crate::index::LastSeen;
use crate::number;
use crate::shards::Shards;
use crate::slots::cardinality;
use roaring::RoaringBitmap;
use rollcall_model::SessionNo;
use std::hash::BuildHasher;
use std::io;

/// What users have by the rows that were read.
#[derive(Default)]
pub struct OfUsers {
    /// The newest row of each.
    pub newest: Vec<u32>,
    /// How many each has.
    pub rows: Vec<u32>,
}

impl Rows {
    /// Writes the live rows of some chunks, of sessions up to one; gives the next chunk, if there is one.
    pub fn write(&self, from: u64, count: usize, up_to: SessionNo, out: &mut Vec<u8>) -> Option<u64> {
        let mut chunks =
            self.chunks(usize::try_from(from).ok()?).take_while(|(_, chunk)| chunk.first <= up_to);
        for (first, chunk) in chunks.by_ref().take(count) {
            chunk.write(|slot| self.live.contains(first + number(slot)), up_to, out);
        }
        chunks.next().map(|(first, _)| u64::from(first) / SLOTS as u64)
    }

    /// Takes in the next chunks. Rows hang together by their users; how many of each client there are is counted.
    pub fn take(&mut self, read: Vec<Chunk>, users: &mut OfUsers, of_clients: &mut [u32]) -> io::Result<()> {
        for mut chunk in read {
            if self.chunks.last().is_some_and(|last| !last.is_full() || last.last() >= chunk.first) {
                return Err(damaged("chunks do not follow each other"));
            }
            let of = number(self.chunks.len());
            let first = u32::try_from(self.chunks.len() * SLOTS).ok();
            let Some(first) = first.filter(|first| *first < NONE - number(SLOTS)) else {
                return Err(damaged("there are more rows than numbers"));
            };
            for slot in 0..chunk.given() {
                if !chunk.holds(slot) {
                    continue;
                }
                let codes = chunk.codes(slot);
                let newest = &mut users.newest[codes.user as usize];
                chunk.set_older(slot, std::mem::replace(newest, first + number(slot)));
                users.rows[codes.user as usize] += 1;
                of_clients[codes.client as usize] += 1;
                self.live.insert(first + number(slot));
            }
            let due_at = chunk.first_due(self.idle);
            self.chunks.push(chunk);
            self.look(of, due_at);
        }
        Ok(())
    }

    /// Takes no session up to this one any more.
    pub const fn close_up_to(&mut self, newest: SessionNo) {
        self.newest = Some(newest);
    }

    /// The tables of all rows: by token, and by id.
    pub fn tables(&self) -> (Shards, Shards) {
        let Self { chunks, live, hasher, .. } = self;
        let token = |slot| chunk_of(chunks, slot).token_hash(within(slot));
        let id = |slot| hasher.hash_one(chunk_of(chunks, slot).id(within(slot)));
        (table(live, token), table(live, id))
    }

    /// Takes the tables that were made for it.
    pub fn put_tables(&mut self, (by_token, by_id): (Shards, Shards)) {
        (self.by_token, self.by_id) = (by_token, by_id);
    }

    /// Takes in what the store knows of when a session was last seen.
    pub fn raise_seen(&self, (no, at): LastSeen) {
        if let Some(slot) = self.find(no) {
            self.chunk(slot).raise_seen(within(slot), at);
        }
    }
}

fn table(slots: &RoaringBitmap, hash_of: impl Fn(u32) -> u64) -> Shards {
    Shards::of(cardinality(slots), slots.iter().map(|slot| (hash_of(slot), slot)), &hash_of)
}
