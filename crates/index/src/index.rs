//! The index itself: rows, their users and clients, and what goes with sessions.
//!
//! Rows come by [`Index::open`] and go by [`Index::close`]; [`crate::apply`] and [`crate::advance`] say when.
//! [`crate::list`] and [`crate::scan`] read.

use crate::addresses::{Addresses, counts};
use crate::advance::Retired;
use crate::chunk::Codes;
use crate::clients::{Clients, Readers};
use crate::facet::{FACETS, Facets, Field};
use crate::rows::Rows;
use crate::step_ups::StepUps;
use crate::users::Users;
use crate::views::Views;
use hashbrown::HashMap;
use roaring::RoaringBitmap;
use rollcall_model::factor::Factors;
use rollcall_model::{AddressKey, Owner, Session, SessionNo, Timestamp, UserNo, limits};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// A session and when its token was last shown.
pub type LastSeen = (SessionNo, Timestamp);

/// All live sessions, and what is remembered of those that are not.
pub struct Index {
    pub rows: Rows,
    pub users: Users,
    pub clients: Clients,
    pub facets: Facets,
    pub views: Views,
    /// Sessions past their end whose ending the ledger has not told yet.
    pub retired: BTreeMap<SessionNo, Retired>,
    /// Of sessions that are no row any more: what the store has still to be told.
    pub gone: Vec<LastSeen>,
    pub step_ups: StepUps,
    /// Of the users that have any, with sessions or without.
    factors: HashMap<UserNo, Factors>,
    pub addresses: Addresses,
    /// Whether rows only come for now, and are found by nothing.
    pub only_takes: bool,
}

impl Index {
    /// An index without sessions.
    pub fn new(readers: Readers, idle: Option<Duration>) -> Self {
        Self {
            rows: Rows::new(idle),
            users: Users::new(),
            clients: Clients::new(readers),
            facets: Facets::new(),
            views: Views::default(),
            retired: BTreeMap::new(),
            gone: Vec::new(),
            step_ups: StepUps::default(),
            factors: HashMap::new(),
            addresses: Addresses::new(),
            only_takes: false,
        }
    }

    /// Puts a session in. One that is there, or was, is not put in again.
    pub fn open(&mut self, session: &Session, seen_at: Timestamp) {
        if self.rows.newest().is_some_and(|newest| session.no <= newest) {
            return;
        }
        let user = self.users.intern(&session.owner);
        let client = self.clients.take(&session.agent, &session.host, &mut self.facets);
        let codes = Codes { user, client, older: self.users.newest(user) };
        let slot = self.rows.push(session, codes, seen_at);
        if self.only_takes {
            self.users.take_row(user, slot);
            return;
        }
        self.rows.enter(slot);
        self.users.add_row(user, slot, &self.rows);
        self.facets.add(self.clients.get(client).codes, slot);
        self.see_come(slot);
    }

    /// Takes in that a session has ended, whatever it is here.
    pub fn end(&mut self, no: SessionNo) {
        self.retired.remove(&no);
        self.step_ups.forget(no.into());
        if let Some(slot) = self.rows.find(no) {
            self.close(slot);
        }
    }

    /// Takes a row out. Its address stays known.
    pub fn close(&mut self, slot: u32) {
        self.see_go(slot);
        let (no, user, client) = (self.rows.no(slot), self.rows.user(slot), self.rows.client(slot));
        if let Some(seen_at) = self.rows.take_moved(slot) {
            self.is_gone((no, seen_at));
        }
        if let Some(ip) = self.ip(slot) {
            let (user, opened_at) = (self.users.no(user), self.rows.opened_at(slot));
            self.addresses.remember(user, AddressKey::of(ip), opened_at);
        }
        self.step_ups.forget(no.into());
        self.users.remove_row(user, slot, &mut self.rows);
        self.facets.remove(self.clients.get(client).codes, slot);
        self.clients.leave(client);
        self.rows.remove(slot);
        if self.users.count(user) == 0 {
            self.users.forget(user);
        }
    }

    /// Remembers what the store has still to be told of a session that is no row.
    pub fn is_gone(&mut self, seen: LastSeen) {
        if self.gone.len() < limits::SEEN_OF_ENDED {
            self.gone.push(seen);
        }
    }

    /// Lets rows be of their user as it is now, under its names.
    pub fn change_owner(&mut self, owner: &Owner) {
        if let Some(user) = self.users.find(owner.no) {
            self.users.change(user, owner, &self.rows);
            self.see_user_change(user);
        }
    }

    /// The factors of a user.
    pub fn factors(&self, user: UserNo) -> Factors {
        self.factors.get(&user).copied().unwrap_or_default()
    }

    /// Lets a user have these factors.
    pub fn set_factors(&mut self, user: UserNo, factors: Factors) {
        if factors.any() {
            self.factors.insert(user, factors);
        } else {
            self.factors.remove(&user);
        }
        if let Some(code) = self.users.find(user) {
            self.see_user_change(code);
        }
    }

    /// Leaves orders as they are until [`settle`](Self::settle): for many rows at once.
    pub fn load(&mut self) {
        self.users.load();
        self.facets.load();
    }

    /// Builds the orders after loading.
    pub fn settle(&mut self) {
        self.gather();
        self.users.settle();
        self.facets.settle();
    }

    /// The code of a row in each facet.
    pub fn facet_codes(&self, slot: u32) -> [u32; FACETS] {
        self.clients.get(self.rows.client(slot)).codes
    }

    /// The code of a row's value of a field.
    pub fn code(&self, slot: u32, field: Field) -> u32 {
        match field {
            Field::Username => self.rows.user(slot),
            Field::Name => self.users.name_code(self.rows.user(slot)),
            facet => self.facet_codes(slot)[facet as usize],
        }
    }

    /// The codes of many rows' values of a field.
    pub fn codes(&self, slots: &RoaringBitmap, field: Field) -> impl Iterator<Item = u32> {
        self.rows.codes_of(slots).map(move |codes| match field {
            Field::Username => codes.user,
            Field::Name => self.users.name_code(codes.user),
            facet => self.clients.get(codes.client).codes[facet as usize],
        })
    }

    /// The rows of a user, oldest first.
    pub fn rows_of(&self, user: UserNo) -> Vec<u32> {
        self.users.find(user).map_or_else(Vec::new, |code| self.users.rows_of(code, &self.rows))
    }

    /// The address that a row's session was opened from.
    fn ip(&self, slot: u32) -> Option<IpAddr> {
        std::str::from_utf8(self.rows.address(slot)).ok()?.parse().ok()
    }

    /// The same; none specified where it is none, which it never is.
    pub fn address(&self, slot: u32) -> IpAddr {
        self.ip(slot).unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED))
    }

    /// Whether the user signed in from there lately.
    pub fn knows_address(&self, user: UserNo, from: AddressKey, now: Timestamp) -> bool {
        let by_row = |slot: &u32| {
            self.ip(*slot).map(AddressKey::of) == Some(from) && counts(self.rows.opened_at(*slot), now)
        };
        self.addresses.know(user, from, now) || self.rows_of(user).iter().any(by_row)
    }
}
