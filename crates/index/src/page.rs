//! What a reader sees: a page and its rows, without a copy.

use crate::arena::is_absent;
use crate::chunk::Codes;
use crate::clients;
use crate::index::Index;
use crate::list::Found;
use rollcall_model::factor::Factors;
use rollcall_model::ids::ID_LENGTH;
use rollcall_model::{Device, RoleSet, SessionNo, Timestamp, UserId, UserNo};
use std::net::IpAddr;

/// A page of a list.
pub struct Page<'a> {
    index: &'a Index,
    found: Found,
}

impl<'a> Page<'a> {
    pub(crate) const fn new(index: &'a Index, found: Found) -> Self {
        Self { index, found }
    }

    /// How many rows the list has, on all pages.
    pub const fn total(&self) -> usize {
        self.found.total
    }

    /// The rows of this page, in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'a>> {
        self.found.slots.iter().map(|slot| Row::new(self.index, *slot))
    }
}

/// A live session as lists show it.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    index: &'a Index,
    slot: u32,
    user: u32,
    client: &'a clients::Known,
}

impl<'a> Row<'a> {
    pub(crate) fn new(index: &'a Index, slot: u32) -> Self {
        let Codes { user, client, .. } = index.rows.codes(slot);
        Self { index, slot, user, client: index.clients.get(client) }
    }

    /// The session's number.
    pub fn no(&self) -> SessionNo {
        self.index.rows.no(self.slot)
    }

    /// The session's id on the wire: ASCII.
    pub fn id(&self) -> &'a [u8; ID_LENGTH] {
        self.index.rows.id(self.slot)
    }

    /// Whose session it is.
    pub fn user(&self) -> UserNo {
        self.index.users.no(self.user)
    }

    /// The user's id on the wire.
    pub fn user_id(&self) -> UserId {
        self.index.users.id(self.user)
    }

    /// The username.
    pub fn username(&self) -> &'a str {
        self.index.users.username(self.user)
    }

    /// The user's name, if there is one.
    pub fn name(&self) -> Option<&'a str> {
        self.index.users.name(self.user)
    }

    /// The username's bytes, which are UTF-8: whoever writes out many need not hear so of each.
    pub fn username_utf8(&self) -> &'a [u8] {
        self.index.users.usernames().get(self.user)
    }

    /// The same of the user's name, if there is one.
    pub fn name_utf8(&self) -> Option<&'a [u8]> {
        let name = self.index.users.names().get(self.index.users.name_code(self.user));
        (!is_absent(name)).then_some(name)
    }

    /// The user's roles.
    pub fn roles(&self) -> RoleSet {
        self.index.users.roles(self.user)
    }

    /// The user's second factors.
    pub fn factors(&self) -> Factors {
        self.index.factors(self.user())
    }

    /// The device it was opened on.
    pub fn device(&self) -> &'a Device {
        &self.client.device
    }

    /// The ready text of device and host.
    pub fn fragment(&self) -> &'a str {
        &self.client.fragment
    }

    /// The `Host` header at sign-in.
    pub fn host(&self) -> &'a str {
        &self.client.host
    }

    /// The client's address at sign-in, as text: ASCII.
    pub fn address(&self) -> &'a [u8] {
        self.index.rows.address(self.slot)
    }

    /// The same, as an address.
    pub fn ip(&self) -> IpAddr {
        self.index.address(self.slot)
    }

    /// When it was opened.
    pub fn opened_at(&self) -> Timestamp {
        self.index.rows.opened_at(self.slot)
    }

    /// When it ends by itself.
    pub fn expires_at(&self) -> Timestamp {
        self.index.rows.life(self.slot).expires_at
    }

    /// When its token was last shown.
    pub fn seen_at(&self) -> Timestamp {
        self.index.rows.seen_at(self.slot)
    }
}
