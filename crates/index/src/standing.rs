//! What every reader holds. The locks live here and nowhere else.
//!
//! The index's lock is held for a page, a few events, a look-up, or a stretch of a scan, so nobody waits for a whole
//! scan or a large commit. What reads a page may not come back here: a writer may be waiting in between.
//!
//! Every read goes through [`Standing::at`], which retires what has expired before it reads: so no query
//! has to know of expiry.

use crate::apply;
use crate::clients::Readers;
use crate::finder::Finder;
use crate::index::{Index, LastSeen};
use crate::list::{Filter, List, Scope};
use crate::page::{Page, Row};
use crate::part::Part;
use crate::personal::PersonalTokens;
use crate::services::ServiceTokens;
use crate::slots::cardinality;
use crate::tally::{Tally, TallyBy};
use crate::views::View;
use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use rollcall_filter::TextField;
use rollcall_model::factor::Factors;
use rollcall_model::step_up::{AgentDigest, Window};
use rollcall_model::{
    AddressKey, Event, Grants, Happening, Holder, Owner, Permission, PersonalToken, RoleSet, ServiceNo,
    ServiceToken, Session, SessionId, SessionNo, Timestamp, TokenHash, TokenNo, UserId, UserNo, limits,
};
use std::net::IpAddr;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Changes between which those who wait for the lock have their turn, so that nobody waits for a large commit.
const CHANGES_AT_ONCE: usize = 32;
/// Rows that are looked through at a time for what moved, for the same reason.
const LOOKED_AT_ONCE: usize = 1_024;

/// The filter was not answered within the time that the caller gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooCostly;

/// The live index as all of the server shares it.
pub struct Standing {
    pub(crate) index: RwLock<Index>,
    /// Tokens that are no session's.
    personal: RwLock<PersonalTokens>,
    /// Tokens that are no user's.
    services: RwLock<ServiceTokens>,
    /// Which roles hold which permission.
    grants: RwLock<Grants>,
    /// Whoever applies events holds it: one at a time.
    applying: Mutex<()>,
    /// How many users were erased: what was taken down before the last of them tells too much.
    erasures: AtomicU64,
}

/// A session as the store kept it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The session.
    pub session: Session,
    /// When its token was last shown.
    pub seen_at: Timestamp,
}

/// Whom a token is good for: what every call asks, and nothing more. It is asked for each time.
#[derive(Clone, Copy, Debug)]
pub struct Bearer {
    /// The user.
    pub user: UserNo,
    /// The user's id on the wire.
    pub user_id: UserId,
    /// What the user may do.
    pub roles: RoleSet,
    /// What the token stands for.
    pub holder: Holder,
}

impl Standing {
    /// An index without sessions; with `idle`, one that was not seen for that long is no longer live.
    pub fn new(readers: Readers, idle: Option<Duration>) -> Self {
        Self {
            index: RwLock::new(Index::new(readers, idle)),
            personal: RwLock::default(),
            services: RwLock::default(),
            grants: RwLock::new(Grants::none()),
            applying: Mutex::new(()),
            erasures: AtomicU64::new(0),
        }
    }

    /// Takes in stored sessions that have not ended, piece by piece in the order of their numbers. Lists are
    /// right after [`loaded`](Self::loaded).
    pub fn load(&self, sessions: impl Iterator<Item = Loaded>) {
        let _applying = self.applying.lock();
        let mut index = self.index.write();
        index.load();
        if index.rows.newest().is_none() {
            index.only_take();
        }
        for Loaded { session, seen_at } in sessions {
            index.open(&session, seen_at);
        }
    }

    /// Takes in sessions that were opened since what was loaded before, in the order of their numbers.
    pub fn note_opened(&self, sessions: &[Loaded]) {
        let _applying = self.applying.lock();
        self.change(sessions, |index, Loaded { session, seen_at }| index.open(session, *seen_at));
    }

    /// Takes in that stored sessions have ended since what was loaded before.
    pub fn note_ended(&self, sessions: &[SessionNo]) {
        let _applying = self.applying.lock();
        self.index.write().gather();
        self.change(sessions, |index, no| index.end(*no));
    }

    /// Takes in that a stored user has changed since what was loaded before.
    pub fn note_owner(&self, owner: &Owner) {
        let _applying = self.applying.lock();
        self.personal.write().replace_owner(&Arc::new(owner.clone()));
        let mut index = self.index.write();
        index.gather();
        index.change_owner(owner);
    }

    /// Takes in that a user was erased.
    pub fn note_erased(&self, user: UserNo) {
        self.index.write().addresses.forget(user);
        self.erasures.fetch_add(1, Ordering::AcqRel);
    }

    /// How many users were erased since the process began: what was taken down before the last tells too much.
    pub fn erasures(&self) -> u64 {
        self.erasures.load(Ordering::Acquire)
    }

    /// Takes in when sessions were last seen, as the store knows it.
    pub fn note_seen(&self, seen: &[LastSeen]) {
        let index = self.index.read();
        for seen in seen {
            index.rows.raise_seen(*seen);
        }
    }

    /// Ends the loading.
    pub fn loaded(&self) {
        self.index.write().settle();
    }

    /// Remembers where a session that has ended was opened from.
    pub fn remember_address(&self, user: UserNo, from: AddressKey, opened_at: Timestamp) {
        self.index.write().addresses.remember(user, from, opened_at);
    }

    /// Remembers a stored step-up.
    pub fn remember_step_up(&self, window: Window) {
        self.index.write().step_ups.remember(window);
    }

    /// Remembers the factors of a user.
    pub fn remember_factors(&self, user: UserNo, factors: Factors) {
        self.index.write().set_factors(user, factors);
    }

    /// Takes in a personal access token.
    pub fn remember_personal(&self, token: &PersonalToken) {
        self.personal.write().insert(token);
    }

    /// Takes in all personal access tokens of a user, in the place of those that it had.
    pub fn replace_personal(&self, user: UserNo, tokens: &[PersonalToken]) {
        let gone = self.personal.write().replace(user, tokens);
        let mut index = self.index.write();
        for token in gone {
            index.step_ups.forget(token);
        }
    }

    /// Takes in all service tokens, in the place of those that there were.
    pub fn replace_services(&self, tokens: Vec<ServiceToken>) {
        self.services.write().replace(tokens);
    }

    /// The service token of a secret that is good.
    pub fn service(&self, secret: &TokenHash, now: Timestamp) -> Option<Arc<ServiceToken>> {
        self.services.read().get(secret, now)
    }

    /// Takes note that a service token was used.
    pub fn see_service(&self, no: ServiceNo, now: Timestamp) {
        self.services.read().see(no, now);
    }

    /// When a service token was last used, as far as the store has still to be told.
    pub fn service_used(&self, no: ServiceNo) -> Option<Timestamp> {
        self.services.read().used(no)
    }

    /// Takes what the store has still to be told: when service tokens were last used.
    pub fn take_used_services(&self) -> Vec<(ServiceNo, Timestamp)> {
        self.services.read().take_used()
    }

    /// A live session's id on the wire.
    pub fn session_id(&self, session: SessionNo) -> Option<SessionId> {
        let index = self.index.read();
        let slot = index.rows.find(session)?;
        std::str::from_utf8(index.rows.id(slot)).ok()?.parse().ok()
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
        apply::note_grants(events, &self.grants);
        apply::note_personal(events, &self.personal);
        apply::note_services(events, &self.services);
        self.change(events, Index::apply);
        let erased = events.iter().filter(|event| matches!(event.happening, Happening::UserErased)).count();
        self.erasures.fetch_add(erased as u64, Ordering::AcqRel);
    }

    fn change<T>(&self, items: &[T], change: impl Fn(&mut Index, &T)) {
        let mut index = self.index.write();
        for items in items.chunks(CHANGES_AT_ONCE) {
            for item in items {
                change(&mut index, item);
            }
            // Handed to who waits: given up and taken again, it would be had again before they are awake.
            RwLockWriteGuard::bump(&mut index);
        }
    }

    /// Whom a token is good for, of whichever kind; `now` is remembered as the last use of a login token.
    pub fn bearer(&self, token: &TokenHash, now: Timestamp) -> Option<Bearer> {
        let index = self.index.read();
        let Some(slot) = index.rows.find_live(token, now) else {
            drop(index);
            return self.personal.read().get(token);
        };
        index.rows.see(slot, now);
        let user = index.rows.user(slot);
        Some(Bearer {
            user: index.users.no(user),
            user_id: index.users.id(user),
            roles: index.users.roles(user),
            holder: Holder::Session(index.rows.no(slot)),
        })
    }

    /// The user of a token that is live, as it is known outside.
    pub fn owner(&self, user: UserNo) -> Option<Arc<Owner>> {
        let index = self.index.read();
        let code = index.users.find(user);
        code.map(|code| Arc::new(index.users.owner(code))).or_else(|| self.personal.read().owner(user))
    }

    /// When a live session ends at the latest.
    pub fn expires_at(&self, session: SessionNo) -> Option<Timestamp> {
        let index = self.index.read();
        index.rows.find(session).map(|slot| index.rows.life(slot).expires_at)
    }

    /// Takes what the store has still to be told of ended sessions: when they were last seen. Empty when that
    /// was all.
    pub fn take_seen_of_ended(&self) -> Vec<LastSeen> {
        let gone = &mut self.index.write().gone;
        gone.split_off(gone.len().saturating_sub(limits::SEEN_AT_ONCE))
    }

    /// The same of live sessions, from a place on (0: the first). Gives the place to go on from, if there is one.
    pub fn take_seen(&self, from: u32) -> (Vec<LastSeen>, Option<u32>) {
        let (mut seen, mut next) = (Vec::new(), Some(from));
        while let Some(from) = next.filter(|_| seen.len() < limits::SEEN_AT_ONCE) {
            let index = self.index.read();
            let mut slots = index.rows.live().range(from..);
            let moved = |slot| Some((index.rows.no(slot), index.rows.take_moved(slot)?));
            seen.extend(slots.by_ref().take(LOOKED_AT_ONCE).filter_map(moved));
            next = slots.next();
        }
        (seen, next)
    }

    /// Takes back what the store could not be told.
    pub fn put_seen_back(&self, seen: Vec<LastSeen>) {
        let mut index = self.index.write();
        for seen in seen {
            match index.rows.find(seen.0) {
                Some(slot) => index.rows.put_back(slot),
                None => index.is_gone(seen),
            }
        }
    }

    /// Whether a list takes no scan.
    pub fn is_at_hand(&self, list: &List) -> bool {
        list.filter.as_ref().is_none_or(|filter| {
            let view = || self.index.read().views.find(filter);
            list.scope == Scope::Everyone && view().is_some_and(|view| view.is_at_hand())
        })
    }

    /// Reads a page of a list. `stop` is asked every now and then while a filter scans.
    pub fn list<R>(
        &self,
        list: &List,
        now: Timestamp,
        stop: &dyn Fn() -> bool,
        read: impl FnOnce(&Page<'_>) -> R,
    ) -> Result<R, TooCostly> {
        match list.scope {
            Scope::Of(user) => {
                let finder = list.filter.as_ref().map(Finder::of);
                let index = self.at(now);
                let mut slots = index.rows_of(user);
                slots.retain(|slot| finder.as_ref().is_none_or(|finder| index.row_matches(*slot, finder)));
                Ok(read(&Page::new(&index, index.page_of_user(list, slots))))
            }
            Scope::Everyone => {
                let found = |index: &Index, part: Option<&mut Part>| index.page(list, part);
                let (index, found) = self.find(list.filter.as_ref(), now, stop, found)?;
                Ok(read(&Page::new(&index, found)))
            }
        }
    }

    /// Counts what a filter finds, or everything, by each of these: up to `most` values of each. Gives how many rows there
    /// are too, of the same state. `stop` is asked every now and then while the filter is searched.
    ///
    /// # Errors
    /// When `stop` said so.
    pub fn tally(
        &self,
        filter: Option<&Filter>,
        by: &[TallyBy],
        most: usize,
        now: Timestamp,
        stop: &dyn Fn() -> bool,
    ) -> Result<(usize, Vec<Tally>), TooCostly> {
        let (_, tallied) = self.find(filter, now, stop, |index, mut part| {
            let total = part.as_ref().map_or_else(|| index.rows.count(), |part| cardinality(part.rows()));
            let tally = |by: &TallyBy| index.tally(part.as_deref_mut(), *by, most);
            (total, by.iter().map(tally).collect())
        })?;
        Ok(tallied)
    }

    /// The values of a field that begin so, whatever the case, with how many sessions have each.
    pub fn values(&self, field: TextField, prefix: &str, most: usize, now: Timestamp) -> Tally {
        self.at(now).values(field, prefix, most)
    }

    /// Whether a filter finds a session; `None` when it is not live. For whoever follows changes and holds a finder.
    pub fn matches(&self, finder: &Finder, session: SessionNo, now: Timestamp) -> Option<bool> {
        let index = self.at(now);
        index.rows.find(session).map(|slot| index.row_matches(slot, finder))
    }

    /// Searches what a filter finds, or goes through everything without one; gives the index as it was when `read` saw
    /// what is found. `stop` is asked every now and then.
    pub(crate) fn find<R>(
        &self,
        filter: Option<&Filter>,
        now: Timestamp,
        stop: &dyn Fn() -> bool,
        read: impl Fn(&Index, Option<&mut Part>) -> R,
    ) -> Result<(RwLockReadGuard<'_, Index>, R), TooCostly> {
        let Some(view) = filter.and_then(|filter| self.view(filter)) else {
            let index = self.at(now);
            let found = read(&index, None);
            return Ok((index, found));
        };
        loop {
            let index = self.at(now);
            if let Some(found) = view.read(&index, |part| read(&index, Some(part))) {
                drop(view);
                index.views.trim();
                return Ok((index, found));
            }
            drop(index);
            if stop() {
                return Err(TooCostly);
            }
        }
    }

    /// The view of a filter; none for what every row matches.
    fn view(&self, filter: &Filter) -> Option<Arc<View>> {
        if let Some(view) = self.index.read().views.find(filter) {
            return Some(view);
        }
        let finder = Finder::of(filter);
        (!finder.matches_everything()).then(|| self.index.read().views.find_or_begin(filter, finder))
    }

    /// Reads one session by its id.
    pub fn session<R>(&self, id: &SessionId, now: Timestamp, read: impl FnOnce(Option<Row<'_>>) -> R) -> R {
        let index = self.at(now);
        read(index.rows.find_id(id).map(|slot| Row::new(&index, slot)))
    }

    /// All sessions of a user that have not been ended, the one not seen for longest first. Those that
    /// have expired are among them until the ledger has their endings.
    pub fn sessions_of(&self, user: UserNo) -> Vec<SessionNo> {
        let index = self.index.read();
        let live =
            index.rows_of(user).into_iter().map(|slot| (index.rows.seen_at(slot), index.rows.no(slot)));
        let retired = index.retired.iter().filter(|(_, retired)| retired.user == user);
        let mut sessions: Vec<_> = live.chain(retired.map(|(no, retired)| (retired.seen_at, *no))).collect();
        sessions.sort_unstable();
        sessions.into_iter().map(|(_, no)| no).collect()
    }

    /// How many they are.
    pub fn count_of(&self, user: UserNo) -> usize {
        let index = self.index.read();
        let live = index.users.find(user).map_or(0, |code| index.users.count(code));
        live + index.retired.values().filter(|retired| retired.user == user).count()
    }

    /// How many live sessions a user has.
    pub fn live_of(&self, user: UserNo, now: Timestamp) -> usize {
        let index = self.at(now);
        index.users.find(user).map_or(0, |code| index.users.count(code))
    }

    /// Whose a personal access token is.
    pub fn user_of_personal(&self, token: TokenNo) -> Option<UserNo> {
        self.personal.read().user_of(token)
    }

    /// Whether a call with this token from this client needs no second factor.
    pub fn step_up_remembered(&self, token: TokenNo, agent: AgentDigest, ip: IpAddr, now: Timestamp) -> bool {
        self.index.read().step_ups.cover(token, agent, ip, now)
    }

    /// Until when they need none; `None` when they need one.
    pub fn step_up_remembered_until(
        &self,
        token: TokenNo,
        agent: AgentDigest,
        ip: IpAddr,
        now: Timestamp,
    ) -> Option<Timestamp> {
        self.index.read().step_ups.until(token, agent, ip, now)
    }

    /// Up to `limit` sessions after `after` whose time is up and whose endings may be told by now, and were not.
    pub fn due(&self, now: Timestamp, after: SessionNo, limit: usize) -> Vec<SessionNo> {
        let index = self.at(now);
        let told = index.retired.range((Bound::Excluded(after), Bound::Unbounded));
        told.filter(|(_, retired)| retired.told_from <= now).map(|(no, _)| *no).take(limit).collect()
    }

    /// The sessions that had been idle for too long at an instant, as far as the ledger has not told their endings yet.
    pub fn idle_by(&self, at: Timestamp, now: Timestamp) -> Vec<SessionNo> {
        let index = self.at(now);
        let Some(idle) = index.rows.idle() else { return Vec::new() };
        let were = index.retired.iter().filter(|(_, retired)| retired.seen_at + idle <= at);
        were.map(|(no, _)| *no).collect()
    }

    /// How many sessions are live.
    pub fn live(&self, now: Timestamp) -> u64 {
        self.at(now).rows.live().len()
    }

    /// What the index takes, about, in bytes.
    pub fn size(&self) -> usize {
        self.index.read().size()
    }

    /// Whether the user signed in from there lately.
    pub fn knows_address(&self, user: UserNo, from: AddressKey, now: Timestamp) -> bool {
        self.index.read().knows_address(user, from, now)
    }

    /// The factors that the user is asked for.
    pub fn factors(&self, user: UserNo) -> Factors {
        self.index.read().factors(user)
    }

    /// When the newest live session of the user was opened.
    pub fn newest_opening(&self, user: UserNo, now: Timestamp) -> Option<Timestamp> {
        let index = self.at(now);
        index.rows_of(user).last().map(|slot| index.rows.opened_at(*slot))
    }

    /// The index without anything that has expired by `now`.
    fn at(&self, now: Timestamp) -> RwLockReadGuard<'_, Index> {
        let index = self.index.read();
        if !index.rows.is_due(now) {
            return index;
        }
        drop(index);
        let mut index = self.index.write();
        index.advance(now);
        RwLockWriteGuard::downgrade(index)
    }
}
