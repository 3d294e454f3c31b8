//! What a reader sees: a page and its rows, without a copy.

use crate::arena::Texts;
use crate::facet::Field;
use crate::index::Index;
use crate::list::Found;
use crate::tokens::Tokens;
use crate::users;
use parking_lot::RwLock;
use rollcall_model::ids::ID_LENGTH;
use rollcall_model::{Device, Owner, SessionNo, Timestamp};
use std::sync::Arc;

/// A page of a list.
pub struct Page<'a> {
    index: &'a Index,
    tokens: &'a RwLock<Tokens>,
    found: Found,
}

impl<'a> Page<'a> {
    pub(crate) const fn new(index: &'a Index, tokens: &'a RwLock<Tokens>, found: Found) -> Self {
        Self { index, tokens, found }
    }

    /// How many rows the list has, on all pages.
    pub const fn total(&self) -> usize {
        self.found.total
    }

    /// The rows of this page, in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'a>> {
        self.found.slots.iter().map(|slot| Row::new(self.index, self.tokens, *slot))
    }
}

/// A live session as lists show it.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    index: &'a Index,
    tokens: &'a RwLock<Tokens>,
    slot: u32,
}

impl<'a> Row<'a> {
    pub(crate) const fn new(index: &'a Index, tokens: &'a RwLock<Tokens>, slot: u32) -> Self {
        Self { index, tokens, slot }
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
    pub fn owner(&self) -> &'a Arc<Owner> {
        let user: &'a users::Known = self.index.users.get(self.index.rows.cell(self.slot).user);
        &user.owner
    }

    /// The device it was opened on.
    pub fn device(&self) -> &'a Device {
        &self.index.devices.get(self.index.rows.cell(self.slot).device).device
    }

    /// The device's ready text.
    pub fn fragment(&self) -> &'a str {
        &self.index.devices.get(self.index.rows.cell(self.slot).device).fragment
    }

    /// The `Host` header at sign-in: UTF-8.
    pub fn host(&self) -> &'a [u8] {
        self.index.facets.get(Field::Host).texts().get(self.index.rows.cell(self.slot).host as usize)
    }

    /// The client's address at sign-in, as text: ASCII.
    pub fn address(&self) -> &'a [u8] {
        self.index.rows.address(self.slot)
    }

    /// When it was opened.
    pub fn opened_at(&self) -> Timestamp {
        self.index.rows.opened_at(self.slot)
    }

    /// When its token was last shown.
    pub fn seen_at(&self) -> Timestamp {
        self.tokens.read().seen_at(self.no()).unwrap_or_else(|| self.opened_at())
    }
}
