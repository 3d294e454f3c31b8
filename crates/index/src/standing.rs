//! What every reader holds. The locks live here and nowhere else.
//!
//! Two locks: the index's, held for a page or a scan, and the token table's, held for a look-up. Where both
//! are held, the index's was taken first; readers of a token take only the second. What reads a page may
//! not come back here: a writer may be waiting in between.
//!
//! Every read goes through [`Standing::at`], which retires what has expired before it reads: so no query
//! has to know of expiry.

use crate::apply;
use crate::devices::Readers;
use crate::eval::TooCostly;
use crate::index::Index;
use crate::list::List;
use crate::page::{Page, Row};
use crate::personal::PersonalTokens;
use crate::tokens::{Bearer, LastSeen, Tokens};
use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use rollcall_model::factor::Factors;
use rollcall_model::step_up::{AgentDigest, Window};
use rollcall_model::{
    AddressKey, Event, Grants, Holder, Owner, Permission, PersonalToken, RoleSet, Session, SessionId,
    SessionNo, Timestamp, TokenHash, TokenNo, UserNo, limits,
};
use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

/// The live index as all of the server shares it.
pub struct Standing {
    index: RwLock<Index>,
    tokens: RwLock<Tokens>,
    /// Factors of the users that have any.
    factors: RwLock<HashMap<UserNo, Factors>>,
    /// Tokens that are no session's.
    personal: RwLock<PersonalTokens>,
    /// Which roles hold which permission.
    grants: RwLock<Grants>,
    /// Whoever applies events holds it: one at a time.
    applying: Mutex<()>,
}

/// A session as the store kept it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The session.
    pub session: Session,
    /// When its token was last shown.
    pub seen_at: Timestamp,
}

impl Standing {
    /// An index without sessions; with `idle`, one that was not seen for that long is no longer live.
    pub fn new(readers: Readers, idle: Option<Duration>) -> Self {
        Self {
            index: RwLock::new(Index::new(readers, idle)),
            tokens: RwLock::new(Tokens::new(idle)),
            factors: RwLock::default(),
            personal: RwLock::default(),
            grants: RwLock::new(Grants::none()),
            applying: Mutex::new(()),
        }
    }

    /// Takes in stored sessions that have not ended, piece by piece in the order of their numbers. Lists are
    /// right after [`loaded`](Self::loaded).
    pub fn load(&self, sessions: impl Iterator<Item = Loaded>) {
        let _applying = self.applying.lock();
        let mut index = self.index.write();
        let (expected, _) = sessions.size_hint();
        index.rows.reserve(expected);
        self.tokens.write().reserve(expected);
        for Loaded { session, seen_at } in sessions {
            if index.fill(&session, seen_at) {
                self.tokens.write().insert(&session, seen_at);
            }
        }
    }

    /// Ends the loading.
    pub fn loaded(&self) {
        self.index.write().facets.settle();
    }

    /// Remembers where a session that has ended was opened from.
    pub fn remember_address(&self, user: UserNo, from: AddressKey, opened_at: Timestamp) {
        self.index.write().addresses.remember(user, from, opened_at);
    }

    /// Remembers a stored step-up.
    pub fn remember_step_up(&self, window: Window) {
        self.index.write().step_ups.remember(window);
    }

    /// Remembers the factors of a user that has any.
    pub fn remember_factors(&self, user: UserNo, factors: Factors) {
        self.factors.write().insert(user, factors);
    }

    /// Takes in a personal access token.
    pub fn remember_personal(&self, token: &PersonalToken) {
        self.personal.write().insert(token);
    }

    /// Takes in which roles hold a permission.
    pub fn set_grant(&self, permission: Permission, roles: RoleSet) {
        self.grants.write().set(permission, roles);
    }

    /// Whether somebody with these roles holds the permission, at this instant.
    pub fn permits(&self, roles: RoleSet, permission: Permission) -> bool {
        self.grants.read().allow(roles, permission)
    }

    /// Takes in what a commit changed.
    pub fn apply(&self, events: &[Event]) {
        let _applying = self.applying.lock();
        apply::note_factors(events, &self.factors);
        apply::note_grants(events, &self.grants);
        apply::note_personal(events, &self.personal);
        apply::refuse_ended(events, &self.tokens);
        self.index.write().apply(events, &self.tokens);
        self.reclaim();
    }

    /// Builds the index anew when most of it is dead; it can be read meanwhile.
    fn reclaim(&self) {
        let index = self.index.read();
        if index.is_mostly_dead() {
            let fresh = index.rebuilt();
            drop(index);
            let old = self.index.write().go_on_as(fresh);
            // Taking the old one apart takes a while too: only now, without the lock.
            drop(old);
        }
    }

    /// Whom a token is good for, of whichever kind; `now` is remembered as the last use of a login token.
    pub fn holder(&self, token: &TokenHash, now: Timestamp) -> Option<(Arc<Owner>, Holder)> {
        let Some(Bearer { session: no, id, owner, expires_at }) = self.bearer(token, now) else {
            return self.personal.read().get(token);
        };
        Some((owner, Holder::Session { no, id, expires_at }))
    }

    /// Whom a login token is good for; `now` is remembered as its last use.
    pub fn bearer(&self, token: &TokenHash, now: Timestamp) -> Option<Bearer> {
        self.tokens.read().bearer(token, now)
    }

    /// Takes what the store has still to be told of ended sessions: when they were last seen. Empty when that
    /// was all.
    pub fn take_seen_of_ended(&self) -> Vec<LastSeen> {
        self.tokens.write().take_gone()
    }

    /// The same of live sessions, from a place in the token table on (0: the first). Gives the place to go on
    /// from, if there is one.
    pub fn take_seen(&self, from: usize) -> (Vec<LastSeen>, Option<usize>) {
        let (mut seen, mut next) = (Vec::new(), Some(from));
        while let Some(from) = next.filter(|_| seen.len() < limits::SEEN_AT_ONCE) {
            next = self.tokens.read().take_moved(from, &mut seen);
        }
        (seen, next)
    }

    /// Takes back what the store could not be told.
    pub fn put_seen_back(&self, seen: Vec<LastSeen>) {
        self.tokens.write().put_back(seen);
    }

    /// Reads a page of a list. `stop` is asked every now and then while a filter scans.
    pub fn list<R>(
        &self,
        list: &List,
        now: Timestamp,
        stop: &dyn Fn() -> bool,
        read: impl FnOnce(&Page<'_>) -> R,
    ) -> Result<R, TooCostly> {
        let index = self.at(now);
        let found = index.list(list, stop)?;
        Ok(read(&Page::new(&index, &self.tokens, found)))
    }

    /// Reads one session by its id.
    pub fn session<R>(&self, id: &SessionId, now: Timestamp, read: impl FnOnce(Option<Row<'_>>) -> R) -> R {
        let index = self.at(now);
        read(index.rows.find_id(id).map(|slot| Row::new(&index, &self.tokens, slot)))
    }

    /// All sessions of a user that have not been ended, the one not seen for longest first. Those that
    /// have expired are among them until the ledger has their endings.
    pub fn sessions_of(&self, user: UserNo) -> Vec<SessionNo> {
        let index = self.index.read();
        let tokens = self.tokens.read();
        let live = index.rows_of(user).into_iter().map(|slot| {
            let no = index.rows.no(slot);
            (tokens.seen_at(no).unwrap_or(index.rows.opened_at(slot)), no)
        });
        let retired = index.retired.iter().filter(|(_, retired)| retired.user == user);
        let mut sessions: Vec<_> = live.chain(retired.map(|(no, retired)| (retired.seen_at, *no))).collect();
        sessions.sort_unstable();
        sessions.into_iter().map(|(_, no)| no).collect()
    }

    /// Whether a call with this token from this client needs no second factor.
    pub fn step_up_remembered(&self, token: TokenNo, agent: AgentDigest, ip: IpAddr, now: Timestamp) -> bool {
        self.index.read().step_ups.cover(token, agent, ip, now)
    }

    /// Up to `limit` sessions after `after` whose time is up and whose endings may be told by now, and were not.
    pub fn due(&self, now: Timestamp, after: SessionNo, limit: usize) -> Vec<SessionNo> {
        // Also when all that is due has been used since: here it is found out, and not by every reader.
        let is_due = self.index.read().is_due(now);
        if is_due {
            self.index.write().advance(now, &self.tokens);
        }
        let index = self.index.read();
        let told = index.retired.range((Bound::Excluded(after), Bound::Unbounded));
        told.filter(|(_, retired)| retired.told_from <= now).map(|(no, _)| *no).take(limit).collect()
    }

    /// How many sessions are live.
    pub fn live(&self, now: Timestamp) -> u64 {
        self.at(now).rows.live().len()
    }

    /// Whether the user signed in from there lately.
    pub fn knows_address(&self, user: UserNo, from: AddressKey, now: Timestamp) -> bool {
        self.index.read().knows_address(user, from, now)
    }

    /// The factors that the user is asked for.
    pub fn factors(&self, user: UserNo) -> Factors {
        self.factors.read().get(&user).copied().unwrap_or_default()
    }

    /// When the newest live session of the user was opened.
    pub fn newest_opening(&self, user: UserNo, now: Timestamp) -> Option<Timestamp> {
        let index = self.at(now);
        index.rows_of(user).last().map(|slot| index.rows.opened_at(*slot))
    }

    /// The index without anything that has expired by `now`.
    fn at(&self, now: Timestamp) -> RwLockReadGuard<'_, Index> {
        let index = self.index.read();
        if !index.is_behind(now, &self.tokens) {
            return index;
        }
        drop(index);
        let mut index = self.index.write();
        index.advance(now, &self.tokens);
        RwLockWriteGuard::downgrade(index)
    }
}
