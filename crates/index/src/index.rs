//! The index itself: rows, their dictionaries and facets, and what goes with sessions.
//!
//! Rows come by [`Index::open`] and go by [`Index::close`]; [`crate::apply`] and [`crate::advance`] say when.
//! [`crate::list`] and [`crate::eval`] read, [`crate::reclaim`] builds anew.

use crate::addresses::{Addresses, counts};
use crate::advance::Retired;
use crate::columns::{Cell, Columns, NewRow};
use crate::devices::{Devices, Readers};
use crate::facet::{FIELDS, Facets, Field};
use crate::step_ups::StepUps;
use crate::users::Users;
use rollcall_model::session::Life;
use rollcall_model::{AddressKey, Session, SessionNo, Timestamp, UserNo};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// All live sessions, and what is remembered of those that are not.
pub struct Index {
    pub rows: Columns,
    pub users: Users,
    pub devices: Devices,
    pub facets: Facets,
    /// How long a session may be idle.
    pub idle: Option<Duration>,
    /// The rows by when to look whether they are still live.
    pub expiry: BTreeSet<(Timestamp, u32)>,
    /// Sessions past their end whose ending the ledger has not told yet.
    pub retired: BTreeMap<SessionNo, Retired>,
    pub step_ups: StepUps,
    pub addresses: Addresses,
}

impl Index {
    /// An index without sessions.
    pub fn new(readers: Readers, idle: Option<Duration>) -> Self {
        Self {
            idle,
            rows: Columns::new(),
            users: Users::new(),
            devices: Devices::new(readers),
            facets: Facets::new(),
            expiry: BTreeSet::new(),
            retired: BTreeMap::new(),
            step_ups: StepUps::default(),
            addresses: Addresses::default(),
        }
    }

    /// Puts a session in. Tells whether it did: one that is there, or was, is not put in again.
    pub fn open(&mut self, session: &Session) -> bool {
        self.put(session, session.opened_at).map(|(codes, slot)| self.facets.add(codes, slot)).is_some()
    }

    /// Like [`open`](Self::open), for many at once; ends with `self.facets.settle()`.
    pub fn fill(&mut self, session: &Session, seen_at: Timestamp) -> bool {
        self.put(session, seen_at).map(|(codes, slot)| self.facets.fill(codes, slot)).is_some()
    }

    fn put(&mut self, session: &Session, seen_at: Timestamp) -> Option<([u32; FIELDS], u32)> {
        if self.rows.newest().is_some_and(|newest| session.no <= newest) {
            return None;
        }
        let cell = Cell {
            user: self.users.intern(&session.owner, &mut self.facets),
            device: self.devices.read(&session.agent, &mut self.facets),
            host: self.facets.intern(Field::Host, Some(&session.host)),
        };
        let due_at = Life { expires_at: session.expires_at, seen_at, idle: self.idle }.due().at;
        let slot = self.rows.push(NewRow {
            no: session.no,
            id: session.id.as_bytes(),
            cell,
            opened_at: session.opened_at,
            due_at,
            ip: session.ip,
            address: session.ip.to_string().as_bytes(),
        });
        self.expiry.insert((due_at, slot));
        Some((self.codes(slot), slot))
    }

    /// Takes a row out. Its address stays known.
    pub fn close(&mut self, slot: u32) {
        let user = self.users.get(self.rows.cell(slot).user).owner.no;
        self.addresses.remember(user, AddressKey::of(self.rows.ip(slot)), self.rows.opened_at(slot));
        self.step_ups.forget(self.rows.no(slot).into());
        self.expiry.remove(&(self.rows.due_at(slot), slot));
        self.facets.remove(self.codes(slot), slot);
        self.rows.remove(slot);
    }

    /// The code of a row in each facet.
    pub fn codes(&self, slot: u32) -> [u32; FIELDS] {
        let cell = self.rows.cell(slot);
        let [name, device_type, os_name, os_version] = self.devices.get(cell.device).codes;
        let user = self.users.get(cell.user);
        [name, device_type, os_name, os_version, cell.host, user.username, user.name]
    }

    /// The code of a row in one facet.
    pub fn code(&self, slot: u32, field: Field) -> u32 {
        let cell = self.rows.cell(slot);
        match field {
            Field::DeviceName | Field::DeviceType | Field::OsName | Field::OsVersion => {
                self.devices.get(cell.device).codes[field as usize]
            }
            Field::Host => cell.host,
            Field::Username => self.users.get(cell.user).username,
            Field::Name => self.users.get(cell.user).name,
        }
    }

    /// The rows of a user, oldest first.
    pub fn rows_of(&self, user: UserNo) -> Vec<u32> {
        self.users.find(user).map_or_else(Vec::new, |code| self.rows_of_code(code))
    }

    /// The rows of a user by its code. They are its username's: nobody else has that, but for a moment
    /// within a batch in which a username changes hands.
    pub fn rows_of_code(&self, code: u32) -> Vec<u32> {
        let mut slots = self.facets.get(Field::Username).rows(self.users.get(code).username).to_vec();
        slots.retain(|slot| self.rows.cell(*slot).user == code);
        slots
    }

    /// Whether the user signed in from there lately.
    pub fn knows_address(&self, user: UserNo, from: AddressKey, now: Timestamp) -> bool {
        let by_row = |slot: &u32| {
            AddressKey::of(self.rows.ip(*slot)) == from && counts(self.rows.opened_at(*slot), now)
        };
        self.addresses.know(user, from, now) || self.rows_of(user).iter().any(by_row)
    }
}
