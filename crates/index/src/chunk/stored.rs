//! A chunk in a checkpoint: its live rows, column by column.

use super::{Chunk, Codes, DIGEST, SLOTS, Seen, Shown, WORD};
use crate::arena::{Arena, Growing, Texts};
use crate::checkpoint::{Bytes, Put, damaged};
use crate::packed::Packed;
use crate::rows::NONE;
use rollcall_model::ids::ID_LENGTH;
use rollcall_model::{SessionNo, Timestamp};
use std::io;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// What codes of rows there are.
#[derive(Clone, Copy)]
pub struct Known {
    /// How many codes of users.
    pub users: usize,
    /// How many codes of devices and hosts.
    pub clients: usize,
    /// The last session that there may be.
    pub up_to: SessionNo,
}

impl Chunk {
    /// Writes the live rows of sessions up to one.
    pub fn write(&self, is_live: impl Fn(usize) -> bool, up_to: SessionNo, out: &mut Vec<u8>) {
        let (mut held, mut given) = ([0_u64; SLOTS.div_ceil(WORD)], self.given);
        let mut rows = Vec::with_capacity(self.rows);
        for (row, slot) in self.slots().enumerate() {
            if self.no.get(row) > up_to.0 {
                given = slot;
                break;
            }
            if is_live(slot) {
                held[slot / WORD] |= 1 << (slot % WORD);
                rows.push(row);
            }
        }
        out.put_u64(self.first.0);
        out.put_u32(crate::number(given));
        for word in held {
            out.put_u64(word);
        }
        for column in [&self.no, &self.opened_at, &self.lifetime] {
            Packed::of(rows.iter().map(|row| column.get(*row)).collect()).write(out);
        }
        for row in &rows {
            out.extend_from_slice(self.ids.id(*row));
        }
        Arena::of(rows.iter().map(|row| self.addresses.get(*row))).write(out);
        for row in &rows {
            let (Shown { token, seen }, codes) = (&self.tokens[*row], self.codes[*row]);
            out.extend_from_slice(token);
            out.put_u64(seen.0.load(Ordering::Relaxed).cast_unsigned());
            out.put_u32(codes.user);
            out.put_u32(codes.client);
        }
    }

    /// Reads a chunk. No row has an older one yet.
    pub fn read(bytes: &mut Bytes<'_>, known: Known) -> io::Result<Self> {
        let mut chunk = Self::new(SessionNo(bytes.u64()?));
        chunk.given = bytes.u32()? as usize;
        for word in &mut chunk.held {
            *word = bytes.u64()?;
        }
        if chunk.given > SLOTS || (chunk.given..chunk.held.len() * WORD).any(|slot| chunk.holds(slot)) {
            return Err(damaged("a chunk has more rows than slots"));
        }
        chunk.rows = chunk.held.iter().map(|word| word.count_ones() as usize).sum();
        chunk.live = chunk.rows;
        let rows = chunk.rows;
        chunk.no = Packed::read(bytes, rows)?;
        chunk.opened_at = Packed::read(bytes, rows)?;
        chunk.lifetime = Packed::read(bytes, rows)?;
        for id in bytes.take(rows * ID_LENGTH)?.chunks_exact(ID_LENGTH) {
            if !id.iter().all(u8::is_ascii_alphanumeric) {
                return Err(damaged("an id is none"));
            }
            chunk.ids.push(id);
        }
        chunk.addresses = Arena::read(bytes, rows)?;
        (chunk.tokens, chunk.codes) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        for _ in 0..rows {
            let token = bytes.array::<DIGEST>()?;
            let seen = bytes.ms()?;
            let (user, client) = (bytes.u32()?, bytes.u32()?);
            if user as usize >= known.users || client as usize >= known.clients {
                return Err(damaged("a row is of nobody"));
            }
            chunk.tokens.push(Shown { token, seen: Seen(AtomicI64::new(seen)) });
            chunk.codes.push(Codes { user, client, older: NONE });
        }
        chunk.check(known.up_to)?;
        if chunk.is_full() {
            chunk.ids.close();
        }
        Ok(chunk)
    }

    /// Whether numbers rise and times are some.
    fn check(&self, up_to: SessionNo) -> io::Result<()> {
        let mut next = self.first.0;
        for row in 0..self.rows {
            let no = self.no.get(row);
            if no < next || no > up_to.0 {
                return Err(damaged("the numbers of sessions do not rise"));
            }
            next = no.saturating_add(1);
            crate::checkpoint::ms(self.opened_at.get(row))?;
            crate::checkpoint::ms(self.lifetime.get(row))?;
        }
        Ok(())
    }

    /// The greatest number that a session here has, or could have had.
    pub fn last(&self) -> SessionNo {
        self.rows.checked_sub(1).map_or(self.first, |row| SessionNo(self.no.get(row)))
    }

    /// When the first of its rows is over.
    pub fn first_due(&self, idle: Option<Duration>) -> Timestamp {
        let due = self.slots().map(|slot| self.life(slot, idle).due().at).min();
        due.unwrap_or(Timestamp::from_ms(i64::MAX))
    }

    /// Takes in that the store knows of a use of a row's token.
    pub fn raise_seen(&self, slot: usize, at: Timestamp) {
        self.shown(slot).seen.0.fetch_max(at.as_ms() << 1, Ordering::AcqRel);
    }
}
