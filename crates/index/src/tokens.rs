//! The token table: which session a token is good for, and when it was last shown.
//!
//! A structure of its own behind a lock of its own, so that neither a long filter nor a large batch delays
//! a token check. It knows nothing of rows.
//!
//! **Invariant:** the lock is held for one look-up or one change, never while another lock is waited for.

use crate::number;
use hashbrown::HashTable;
use rollcall_model::session::{Life, live};
use rollcall_model::{Owner, Session, SessionId, SessionNo, Timestamp, TokenHash, limits};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

/// How exact the memory of a token's last use is; a finer one would write to shared memory on every call.
const SEEN_GRAIN: Duration = Duration::from_secs(1);
/// Entries that are looked through at a time for what moved, so that the lock is soon free again.
const LOOKED_AT_ONCE: usize = 1_024;

/// A session and when its token was last shown.
pub type LastSeen = (SessionNo, Timestamp);

/// Whom a token is good for.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// The session that holds the token.
    pub session: SessionNo,
    /// The session's id on the wire.
    pub id: SessionId,
    /// Whose session it is.
    pub owner: Arc<Owner>,
    /// The session's absolute end.
    pub expires_at: Timestamp,
}

/// The table.
pub struct Tokens {
    entries: Entries,
    free: Vec<u32>,
    by_token: HashTable<u32>,
    by_session: HashTable<u32>,
    /// How long a session may be idle.
    idle: Option<Duration>,
    /// Of tokens that were taken out: what the store has still to be told.
    gone: Vec<LastSeen>,
}

struct Entry {
    token: TokenHash,
    bearer: Bearer,
    seen_at: AtomicI64,
    /// Whether the store has still to be told of that.
    moved: AtomicBool,
}

impl Tokens {
    /// No tokens.
    pub fn new(idle: Option<Duration>) -> Self {
        Self {
            idle,
            entries: Entries { kept: Vec::new(), hasher: RandomState::new() },
            free: Vec::new(),
            by_token: HashTable::new(),
            by_session: HashTable::new(),
            gone: Vec::new(),
        }
    }

    /// Makes room for so many more tokens at once.
    pub fn reserve(&mut self, tokens: usize) {
        let Self { entries, by_token, by_session, .. } = self;
        entries.kept.reserve(tokens);
        by_token.reserve(tokens, |at| entries.token_hash(*at));
        by_session.reserve(tokens, |at| entries.session_hash(*at));
    }

    /// Puts a session's token in.
    pub fn insert(&mut self, session: &Session, seen_at: Timestamp) {
        let entry = Entry {
            token: session.token,
            bearer: Bearer {
                session: session.no,
                id: session.id,
                owner: Arc::clone(&session.owner),
                expires_at: session.expires_at,
            },
            seen_at: AtomicI64::new(seen_at.as_ms()),
            moved: AtomicBool::new(false),
        };
        let Self { entries, free, by_token, by_session, .. } = self;
        let at = free.pop().unwrap_or_else(|| {
            entries.kept.push(None);
            number(entries.kept.len() - 1)
        });
        entries.kept[at as usize] = Some(entry);
        by_token.insert_unique(entries.token_hash(at), at, |at| entries.token_hash(*at));
        by_session.insert_unique(entries.session_hash(at), at, |at| entries.session_hash(*at));
    }

    /// Takes a session's token out and tells when it was last shown.
    pub fn remove(&mut self, session: SessionNo) -> Option<Timestamp> {
        let Self { entries, free, by_token, by_session, .. } = self;
        let hash = entries.hasher.hash_one(session);
        let (at, _) = by_session.find_entry(hash, |at| entries.is_of(*at, session)).ok()?.remove();
        if let Ok(held) = by_token.find_entry(entries.token_hash(at), |held| *held == at) {
            held.remove();
        }
        free.push(at);
        let entry = entries.kept[at as usize].take()?;
        if entry.moved.load(Ordering::Acquire) {
            self.is_gone((session, entry.seen_at()));
        }
        Some(entry.seen_at())
    }

    fn is_gone(&mut self, seen: LastSeen) {
        if self.gone.len() < limits::SEEN_OF_ENDED {
            self.gone.push(seen);
        }
    }

    /// Takes what the store has to be told of tokens that are gone, some of it.
    pub fn take_gone(&mut self) -> Vec<LastSeen> {
        self.gone.split_off(self.gone.len().saturating_sub(limits::SEEN_AT_ONCE))
    }

    /// Takes what the store has to be told of the tokens in a stretch of the table, and gives the place where
    /// the next one begins.
    pub fn take_moved(&self, from: usize, moved: &mut Vec<LastSeen>) -> Option<usize> {
        let to = from + LOOKED_AT_ONCE;
        for entry in self.entries.kept.iter().take(to).skip(from).flatten() {
            // Before the time is read: whoever moves it afterwards says so again.
            if entry.moved.swap(false, Ordering::AcqRel) {
                moved.push((entry.bearer.session, entry.seen_at()));
            }
        }
        (to < self.entries.kept.len()).then_some(to)
    }

    /// Takes back what the store could not be told.
    pub fn put_back(&mut self, untold: Vec<LastSeen>) {
        for seen in untold {
            match self.entry(seen.0) {
                Some(entry) => entry.moved.store(true, Ordering::Release),
                None => self.is_gone(seen),
            }
        }
    }

    /// Lets the tokens of these sessions be of the user as it is now.
    pub fn replace_owner(&mut self, owner: &Arc<Owner>, sessions: impl Iterator<Item = SessionNo>) {
        for session in sessions {
            let hash = self.entries.hasher.hash_one(session);
            let Some(at) = self.by_session.find(hash, |at| self.entries.is_of(*at, session)) else {
                continue;
            };
            if let Some(entry) = &mut self.entries.kept[*at as usize] {
                entry.bearer.owner = Arc::clone(owner);
            }
        }
    }

    /// Whom a token is good for at `now`, which is remembered as its last use.
    pub fn bearer(&self, token: &TokenHash, now: Timestamp) -> Option<Bearer> {
        let is_it = |at: &u32| self.entries.get(*at).is_some_and(|entry| entry.token == *token);
        let entry = self.entries.get(*self.by_token.find(hash_of(token), is_it)?)?;
        if !live(entry.life(self.idle), now) {
            return None;
        }
        if now.since(entry.seen_at()) >= SEEN_GRAIN {
            entry.seen_at.fetch_max(now.as_ms(), Ordering::Relaxed);
            entry.moved.store(true, Ordering::Release);
        }
        Some(entry.bearer.clone())
    }

    /// When a session's token was last shown.
    pub fn seen_at(&self, session: SessionNo) -> Option<Timestamp> {
        self.entry(session).map(Entry::seen_at)
    }

    /// What decides when a session is over whose token is there.
    pub fn life(&self, session: SessionNo) -> Option<Life> {
        self.entry(session).map(|entry| entry.life(self.idle))
    }

    fn entry(&self, session: SessionNo) -> Option<&Entry> {
        let hash = self.entries.hasher.hash_one(session);
        let at = self.by_session.find(hash, |at| self.entries.is_of(*at, session))?;
        self.entries.get(*at)
    }
}

impl Entry {
    fn life(&self, idle: Option<Duration>) -> Life {
        Life { expires_at: self.bearer.expires_at, seen_at: self.seen_at(), idle }
    }

    fn seen_at(&self) -> Timestamp {
        Timestamp::from_ms(self.seen_at.load(Ordering::Relaxed))
    }
}

/// The entries by their place, and how the two tables of places hash them.
struct Entries {
    kept: Vec<Option<Entry>>,
    hasher: RandomState,
}

impl Entries {
    fn get(&self, at: u32) -> Option<&Entry> {
        self.kept[at as usize].as_ref()
    }

    fn is_of(&self, at: u32, session: SessionNo) -> bool {
        self.get(at).is_some_and(|entry| entry.bearer.session == session)
    }

    fn token_hash(&self, at: u32) -> u64 {
        self.get(at).map_or(0, |entry| hash_of(&entry.token))
    }

    fn session_hash(&self, at: u32) -> u64 {
        self.get(at).map_or(0, |entry| self.hasher.hash_one(entry.bearer.session))
    }
}

/// A digest is as good as random already: its first bytes are its hash.
fn hash_of(token: &TokenHash) -> u64 {
    token.0.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}
