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
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    by_token: HashTable<u32>,
    by_session: HashTable<u32>,
    hasher: RandomState,
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
            entries: Vec::new(),
            free: Vec::new(),
            by_token: HashTable::new(),
            by_session: HashTable::new(),
            hasher: RandomState::new(),
        }
    }

    /// Makes room for so many more tokens at once.
    pub fn reserve(&mut self, tokens: usize) {
        let Self { entries, by_token, by_session, hasher, .. } = self;
        entries.reserve(tokens);
        by_token.reserve(tokens, |at| entries[*at as usize].as_ref().map_or(0, |entry| hash_of(&entry.token)));
        by_session.reserve(tokens, |at| {
            entries[*at as usize].as_ref().map_or(0, |entry| hasher.hash_one(entry.bearer.session))
        });
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
        let at = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            number(self.entries.len() - 1)
        });
        self.entries[at as usize] = Some(entry);
        let Self { entries, by_token, by_session, hasher, .. } = self;
        by_token.insert_unique(hash_of(&session.token), at, |at| {
            entries[*at as usize].as_ref().map_or(0, |entry| hash_of(&entry.token))
        });
        by_session.insert_unique(hasher.hash_one(session.no), at, |at| {
            entries[*at as usize].as_ref().map_or(0, |entry| hasher.hash_one(entry.bearer.session))
        });
    }

    /// Takes a session's token out and tells when it was last shown.
    pub fn remove(&mut self, session: SessionNo) -> Option<Timestamp> {
        let Self { entries, by_session, hasher, .. } = self;
        let is_it =
            |at: &u32| entries[*at as usize].as_ref().is_some_and(|entry| entry.bearer.session == session);
        let (at, _) = by_session.find_entry(hasher.hash_one(session), is_it).ok()?.remove();
        let entry = self.entries[at as usize].take()?;
        if let Ok(held) = self.by_token.find_entry(hash_of(&entry.token), |held| *held == at) {
            held.remove();
        }
        self.free.push(at);
        Some(Timestamp::from_ms(entry.seen_at.into_inner()))
    }

    /// Whom a token is good for at `now`, which is remembered as its last use.
    pub fn bearer(&self, token: &TokenHash, now: Timestamp) -> Option<Bearer> {
        let is_it = |at: &u32| self.entries[*at as usize].as_ref().is_some_and(|entry| entry.token == *token);
        let entry = self.entries[*self.by_token.find(hash_of(token), is_it)? as usize].as_ref()?;
        if !live(entry.bearer.expires_at, now) {
            return None;
        }
        let seen_at = Timestamp::from_ms(entry.seen_at.load(Ordering::Relaxed));
        if now.since(seen_at) >= SEEN_GRAIN {
            entry.seen_at.fetch_max(now.as_ms(), Ordering::Relaxed);
        }
        Some(entry.bearer.clone())
    }

    /// When a session's token was last shown.
    pub fn seen_at(&self, session: SessionNo) -> Option<Timestamp> {
        let is_it = |at: &u32| {
            self.entries[*at as usize].as_ref().is_some_and(|entry| entry.bearer.session == session)
        };
        let at = self.by_session.find(self.hasher.hash_one(session), is_it)?;
        self.entries[*at as usize]
            .as_ref()
            .map(|entry| Timestamp::from_ms(entry.seen_at.load(Ordering::Relaxed)))
    }
}

/// A digest is as good as random already: its first bytes are its hash.
fn hash_of(token: &TokenHash) -> u64 {
    token.0.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}
