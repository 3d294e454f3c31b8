//! The token table: which session a token is good for, and when it was last shown.
//!
//! A structure of its own behind a lock of its own, so that neither a long filter nor a large batch delays
//! a token check. It knows nothing of rows.
//!
//! **Invariant:** the lock is held for one look-up or one change, never while another lock is waited for.

use crate::number;
use hashbrown::HashTable;
use rollcall_model::session::live;
use rollcall_model::{Owner, Session, SessionId, SessionNo, Timestamp, TokenHash};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// How exact the memory of a token's last use is; a finer one would write to shared memory on every call.
const SEEN_GRAIN: Duration = Duration::from_secs(1);

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
    /// When it was opened.
    pub opened_at: Timestamp,
}

/// The table.
pub struct Tokens {
    entries: Entries,
    free: Vec<u32>,
    by_token: HashTable<u32>,
    by_session: HashTable<u32>,
}

struct Entry {
    token: TokenHash,
    bearer: Bearer,
    seen_at: AtomicI64,
}

impl Tokens {
    /// No tokens.
    pub fn new() -> Self {
        Self {
            entries: Entries { kept: Vec::new(), hasher: RandomState::new() },
            free: Vec::new(),
            by_token: HashTable::new(),
            by_session: HashTable::new(),
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
                opened_at: session.opened_at,
            },
            seen_at: AtomicI64::new(seen_at.as_ms()),
        };
        let Self { entries, free, by_token, by_session } = self;
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
        let Self { entries, free, by_token, by_session } = self;
        let hash = entries.hasher.hash_one(session);
        let (at, _) = by_session.find_entry(hash, |at| entries.is_of(*at, session)).ok()?.remove();
        if let Ok(held) = by_token.find_entry(entries.token_hash(at), |held| *held == at) {
            held.remove();
        }
        free.push(at);
        Some(entries.kept[at as usize].take()?.seen_at())
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
        if !live(entry.bearer.expires_at, now) {
            return None;
        }
        if now.since(entry.seen_at()) >= SEEN_GRAIN {
            entry.seen_at.fetch_max(now.as_ms(), Ordering::Relaxed);
        }
        Some(entry.bearer.clone())
    }

    /// When a session's token was last shown.
    pub fn seen_at(&self, session: SessionNo) -> Option<Timestamp> {
        let hash = self.entries.hasher.hash_one(session);
        let at = self.by_session.find(hash, |at| self.entries.is_of(*at, session))?;
        self.entries.get(*at).map(Entry::seen_at)
    }
}

impl Entry {
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
