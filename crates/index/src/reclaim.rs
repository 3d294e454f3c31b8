//! Dead slots, and values that no row has any more, are got rid of by building the index anew.
//!
//! It is built beside the old one while that is read, by whoever applies events, so the only thing that can
//! happen meanwhile is that time passes and rows are retired.

use crate::columns::{Cell, NewRow};
use crate::facet::Field;
use crate::index::Index;
use crate::turning_point;
use std::mem;

/// Slots from which on dead ones are worth the work.
const WORTH_IT_FROM: usize = turning_point(4_096, 16);

impl Index {
    /// Whether most of the slots are dead.
    pub fn is_mostly_dead(&self) -> bool {
        self.rows.slots() >= WORTH_IT_FROM && self.rows.count() * 2 < self.rows.slots()
    }

    /// The same rows in the same order without dead slots. What is remembered beside rows is not in it.
    pub fn rebuilt(&self) -> Self {
        let mut fresh = Self::new(self.devices.readers(), self.idle);
        fresh.rows.reserve(self.rows.count());
        let [mut users, mut devices, mut hosts, mut slots] = std::array::from_fn(|_| Renumbered::default());
        let host_texts = self.facets.get(Field::Host).texts();
        for old in self.rows.live() {
            let Cell { user, device, host } = self.rows.cell(old);
            let Self { users: new_users, devices: new_devices, facets, .. } = &mut fresh;
            let cell = Cell {
                user: users.of(user, || new_users.intern(&self.users.get(user).owner, facets)),
                device: devices.of(device, || new_devices.intern(&self.devices.get(device).device, facets)),
                host: hosts.of(host, || facets.intern(Field::Host, Some(host_texts.text(host)))),
            };
            let slot = fresh.rows.push(NewRow {
                no: self.rows.no(old),
                id: self.rows.id(old),
                cell,
                opened_at: self.rows.opened_at(old),
                due_at: self.rows.due_at(old),
                ip: self.rows.ip(old),
                address: self.rows.address(old),
            });
            slots.of(old, || slot);
            fresh.facets.fill(fresh.codes(slot), slot);
        }
        fresh.facets.settle();
        // Slots keep their order, so these pairs are in order already.
        let expiry = self.expiry.iter();
        fresh.expiry = expiry.filter_map(|(at, old)| Some((*at, slots.known(*old)?))).collect();
        fresh
    }

    /// Goes on as `fresh`, which was built of this one; gives back what is left of the old.
    #[must_use]
    pub fn go_on_as(&mut self, mut fresh: Self) -> Self {
        for no in self.retired.keys() {
            if let Some(slot) = fresh.rows.find(*no) {
                fresh.close(slot);
            }
        }
        // Closing wrote to the fresh index what the old one knows already.
        fresh.retired = mem::take(&mut self.retired);
        fresh.step_ups = mem::take(&mut self.step_ups);
        fresh.addresses = mem::take(&mut self.addresses);
        mem::replace(self, fresh)
    }
}

/// New numbers by old ones.
#[derive(Default)]
struct Renumbered(Vec<Option<u32>>);

impl Renumbered {
    /// The new number; it is asked for once.
    fn of(&mut self, old: u32, new: impl FnOnce() -> u32) -> u32 {
        let old = old as usize;
        if self.0.len() <= old {
            self.0.resize(old + 1, None);
        }
        *self.0[old].get_or_insert_with(new)
    }

    /// The new number, if it was asked for.
    fn known(&self, old: u32) -> Option<u32> {
        self.0.get(old as usize).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::world::{READERS, World};
    use crate::tokens::Tokens;
    use parking_lot::RwLock;
    use std::time::Duration;

    #[test]
    fn a_row_that_expires_while_the_index_is_built_anew_stays_gone() {
        let mut world = World::new();
        let tokens = RwLock::new(Tokens::new(None));
        let mut index = Index::new(READERS, None);
        let ends = [9, 5, 9, 5, 5, 9].map(Duration::from_secs);
        let sessions = ends.map(|end| world.make(0, 1, 2, 3, end));
        assert!(sessions.iter().all(|session| index.open(session)));
        let fresh = index.rebuilt();
        index.advance(sessions[1].expires_at, &tokens);
        let old = index.go_on_as(fresh);
        assert_eq!((old.rows.count(), index.rows.count(), index.rows.slots()), (3, 3, 6));
        assert_eq!(index.rebuilt().rows.slots(), 3);
        for session in &sessions {
            let gone = session.expires_at == sessions[1].expires_at;
            assert_eq!(index.rows.find(session.no).is_none(), gone);
            assert_eq!(index.retired.contains_key(&session.no), gone);
        }
        assert!(!index.is_behind(sessions[1].expires_at, &tokens));
        assert!(index.is_behind(sessions[0].expires_at, &tokens));
    }
}
