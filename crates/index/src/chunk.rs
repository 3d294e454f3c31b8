//! Some hundred rows beside each other: one column for each thing that is known of a session.
//!
//! Rows are put in at the end, and never move while most of them are live. When many are dead, those that are
//! live move together; a row is found by how many of its chunk stand before it, so its slot stays its own.

pub mod stored;

use crate::arena::{Arena, Growing, Ids, Texts};
use crate::packed::Packed;
use crate::size::room;
use crate::turning_point;
use rollcall_model::ids::ID_LENGTH;
use rollcall_model::session::Life;
use rollcall_model::{Session, SessionNo, Timestamp, TokenHash};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Slots of a chunk.
pub const SLOTS: usize = turning_point(512, 16);
const WORD: usize = 64;

/// How much of a digest a row keeps. Nobody finds a token whose digest begins with 128 given bits.
const DIGEST: usize = 16;
type Digest = [u8; DIGEST];

/// How exact the memory of a token's last use is; a finer one would write to shared memory on every call.
const SEEN_GRAIN: Duration = Duration::from_secs(1);

/// A chunk's rows, in the order of their slots.
pub struct Chunk {
    /// Which of its slots have a row here.
    held: [u64; SLOTS.div_ceil(WORD)],
    /// How many rows are here, and how many of them are live.
    rows: usize,
    live: usize,
    /// How many slots were given.
    given: usize,
    /// The number of the first session that came here.
    pub first: SessionNo,
    /// When to look whether all are still live.
    pub look_at: Timestamp,
    no: Packed,
    opened_at: Packed,
    /// From the opening to the absolute end.
    lifetime: Packed,
    ids: Ids,
    addresses: Arena,
    tokens: Vec<Shown>,
    codes: Vec<Codes>,
}

/// A token and its last use, beside each other: checks come from anywhere, and each column costs a walk to memory.
struct Shown {
    token: Digest,
    seen: Seen,
}

/// What a row has of others.
#[derive(Clone, Copy, Debug)]
pub struct Codes {
    /// The user.
    pub user: u32,
    /// Device and host.
    pub client: u32,
    /// The user's next older row.
    pub older: u32,
}

/// When a token was last shown, and, as the lowest bit, whether the store has still to be told of it.
struct Seen(AtomicI64);

impl Chunk {
    /// Without rows; the first will be of this session or a later one.
    pub fn new(first: SessionNo) -> Self {
        Self {
            held: [0; SLOTS.div_ceil(WORD)],
            rows: 0,
            live: 0,
            given: 0,
            first,
            look_at: Timestamp::from_ms(i64::MAX),
            no: Packed::new(),
            opened_at: Packed::new(),
            lifetime: Packed::new(),
            ids: Ids::default(),
            addresses: Arena::default(),
            tokens: Vec::with_capacity(SLOTS),
            codes: Vec::with_capacity(SLOTS),
        }
    }

    /// What its columns take.
    pub fn size(&self) -> usize {
        let numbers = self.no.size() + self.opened_at.size() + self.lifetime.size();
        numbers + self.ids.size() + self.addresses.size() + room(&self.tokens) + room(&self.codes)
    }

    /// Whether all its slots are given.
    pub const fn is_full(&self) -> bool {
        self.given == SLOTS
    }

    /// How many of its slots are given.
    pub const fn given(&self) -> usize {
        self.given
    }

    /// Puts a row in and gives its slot within the chunk.
    pub fn push(&mut self, session: &Session, codes: Codes, seen_at: Timestamp) -> usize {
        let at = self.given;
        self.held[at / WORD] |= 1 << (at % WORD);
        self.given += 1;
        self.append(Fields {
            no: session.no.0,
            opened_at: session.opened_at.as_ms().cast_unsigned(),
            lifetime: session.expires_at.as_ms().wrapping_sub(session.opened_at.as_ms()).cast_unsigned(),
            id: session.id.as_bytes(),
            address: session.ip.to_string().as_bytes(),
            shown: Shown { token: digest(&session.token), seen: Seen::at_first(seen_at) },
            codes,
        });
        if self.is_full() {
            self.shrink();
        }
        at
    }

    fn append(&mut self, row: Fields<'_>) {
        self.rows += 1;
        self.live += 1;
        self.no.push(row.no);
        self.opened_at.push(row.opened_at);
        self.lifetime.push(row.lifetime);
        self.ids.push(row.id);
        self.addresses.push(row.address);
        self.tokens.push(row.shown);
        self.codes.push(row.codes);
    }

    fn shrink(&mut self) {
        self.no.shrink();
        self.opened_at.shrink();
        self.lifetime.shrink();
        self.ids.close();
        self.addresses.shrink();
        self.tokens.shrink_to_fit();
        self.codes.shrink_to_fit();
    }

    /// Takes a row out. What it said is found by nobody any more.
    pub fn remove(&mut self, slot: usize) {
        let row = self.row(slot);
        self.ids.erase(row);
        self.addresses.erase(row);
        self.live -= 1;
    }

    /// Whether so many of its rows are dead that moving the others together is worth it.
    pub const fn is_sparse(&self) -> bool {
        self.is_full() && self.rows > 0 && self.live * 4 <= self.rows * 3
    }

    /// Moves the live rows together.
    pub fn compact(&mut self, is_live: impl Fn(usize) -> bool) {
        let mut fresh = Self::new(self.first);
        (fresh.given, fresh.look_at) = (self.given, self.look_at);
        for slot in self.slots().filter(|slot| is_live(*slot)) {
            let row = self.row(slot);
            let Shown { token, seen } = &self.tokens[row];
            fresh.held[slot / WORD] |= 1 << (slot % WORD);
            fresh.append(Fields {
                no: self.no.get(row),
                opened_at: self.opened_at.get(row),
                lifetime: self.lifetime.get(row),
                id: self.ids.id(row),
                address: self.addresses.get(row),
                shown: Shown { token: *token, seen: seen.copy() },
                codes: self.codes[row],
            });
        }
        fresh.shrink();
        *self = fresh;
    }

    /// The slots that have a row here.
    pub fn slots(&self) -> impl Iterator<Item = usize> {
        (0..self.given).filter(|slot| self.holds(*slot))
    }

    /// Whether a slot has a row here.
    pub const fn holds(&self, slot: usize) -> bool {
        self.held[slot / WORD] & (1 << (slot % WORD)) != 0
    }

    /// Where the row of a slot stands.
    fn row(&self, slot: usize) -> usize {
        if self.rows == self.given {
            return slot;
        }
        let (words, below) = (slot / WORD, (1 << (slot % WORD)) - 1);
        let before: u32 = self.held[..words].iter().map(|word| word.count_ones()).sum();
        (before + (self.held[words] & below).count_ones()) as usize
    }

    /// The slot of the row that stands there.
    pub fn slot_of(&self, row: usize) -> usize {
        if self.rows == self.given { row } else { self.slots().nth(row).unwrap_or(row) }
    }

    /// The slot of the session with this number, if it has a row here.
    pub fn find(&self, no: SessionNo) -> Option<usize> {
        let (mut low, mut high) = (0, self.rows);
        while low < high {
            let middle = low.midpoint(high);
            if self.no.get(middle) < no.0 {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (low < self.rows && self.no.get(low) == no.0).then(|| self.slot_of(low))
    }

    /// The ids on the wire.
    pub const fn ids(&self) -> &Ids {
        &self.ids
    }

    /// The addresses as rows show them.
    pub const fn addresses(&self) -> &Arena {
        &self.addresses
    }

    /// A session's number.
    pub fn no(&self, slot: usize) -> SessionNo {
        SessionNo(self.no.get(self.row(slot)))
    }

    /// Its id.
    pub fn id(&self, slot: usize) -> &[u8; ID_LENGTH] {
        self.ids.id(self.row(slot))
    }

    /// The client's address at sign-in.
    pub fn address(&self, slot: usize) -> &[u8] {
        self.addresses.get(self.row(slot))
    }

    /// Its user, client, and its user's next older row.
    pub fn codes(&self, slot: usize) -> Codes {
        self.codes[self.row(slot)]
    }

    /// Sets its user's next older row.
    pub fn set_older(&mut self, slot: usize, older: u32) {
        let row = self.row(slot);
        self.codes[row].older = older;
    }

    fn shown(&self, slot: usize) -> &Shown {
        &self.tokens[self.row(slot)]
    }

    /// When it was opened.
    pub fn opened_at(&self, slot: usize) -> Timestamp {
        Timestamp::from_ms(self.opened_at.get(self.row(slot)).cast_signed())
    }

    /// Whether this is its token. Not in constant time: who can tell how much of a digest was right cannot
    /// work out a token.
    pub fn has_token(&self, slot: usize, token: &TokenHash) -> bool {
        self.shown(slot).token == digest(token)
    }

    /// The hash of its token in a table of them.
    pub fn token_hash(&self, slot: usize) -> u64 {
        hash(&self.shown(slot).token)
    }

    /// What decides when it is over.
    pub fn life(&self, slot: usize, idle: Option<Duration>) -> Life {
        let row = self.row(slot);
        let ends = self.opened_at.get(row).wrapping_add(self.lifetime.get(row));
        Life { expires_at: Timestamp::from_ms(ends.cast_signed()), seen_at: self.tokens[row].seen.at(), idle }
    }

    /// When its token was last shown.
    pub fn seen_at(&self, slot: usize) -> Timestamp {
        self.shown(slot).seen.at()
    }

    /// Remembers a use of its token.
    pub fn see(&self, slot: usize, now: Timestamp) {
        let seen = &self.shown(slot).seen;
        if now.since(seen.at()) >= SEEN_GRAIN {
            seen.0.fetch_max(now.as_ms() << 1 | 1, Ordering::AcqRel);
        }
    }

    /// When its token was last shown, if the store has still to be told; it counts as told from now on.
    pub fn take_moved(&self, slot: usize) -> Option<Timestamp> {
        let seen = &self.shown(slot).seen.0;
        let before = seen.fetch_and(!1, Ordering::AcqRel);
        (before & 1 == 1).then(|| Timestamp::from_ms(before >> 1))
    }

    /// Whether the store has still to be told; it has from now on.
    pub fn put_back(&self, slot: usize) {
        self.shown(slot).seen.0.fetch_or(1, Ordering::AcqRel);
    }
}

impl Seen {
    const fn at_first(at: Timestamp) -> Self {
        Self(AtomicI64::new(at.as_ms() << 1))
    }

    fn copy(&self) -> Self {
        Self(AtomicI64::new(self.0.load(Ordering::Relaxed)))
    }

    fn at(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::Relaxed) >> 1)
    }
}

/// A row on its way in.
struct Fields<'a> {
    no: u64,
    opened_at: u64,
    lifetime: u64,
    id: &'a [u8; ID_LENGTH],
    address: &'a [u8],
    shown: Shown,
    codes: Codes,
}

fn digest(token: &TokenHash) -> Digest {
    token.0.first_chunk().copied().unwrap_or_default()
}

/// The hash of a token in a table of them: a digest is as good as random already.
pub fn hash_of(token: &TokenHash) -> u64 {
    hash(&digest(token))
}

fn hash(digest: &Digest) -> u64 {
    digest.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}
