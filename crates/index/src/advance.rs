//! Time passes without events: a session is gone at the instant of its end, not when the ledger says so.
//!
//! A use moves the end of a session that may not be idle for long, and touches the token table only. So each
//! row stands in a queue by the end that it had when it was looked at last; when that comes, it is looked at
//! again, and stands there by its new end if it has one.

use crate::index::Index;
use crate::tokens::Tokens;
use parking_lot::RwLock;
use rollcall_model::session::live;
use rollcall_model::{SessionNo, Timestamp, UserNo};

/// A session past its end: no row any more, but its ending is still to be written.
#[derive(Clone, Copy, Debug)]
pub struct Retired {
    /// Whose it was.
    pub user: UserNo,
    /// When its token was last shown.
    pub seen_at: Timestamp,
    /// From when on its ending may be written.
    pub told_from: Timestamp,
}

impl Index {
    /// Whether rows have to be looked at by `now`.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.expiry.first().is_some_and(|(due_at, _)| *due_at <= now)
    }

    /// Whether rows are in that are no longer live at `now`.
    pub fn is_behind(&self, now: Timestamp, tokens: &RwLock<Tokens>) -> bool {
        self.is_due(now) && self.due(now).any(|slot| !is_live(self.rows.no(slot), now, tokens))
    }

    /// Retires the rows that are no longer live at `now`, their tokens first.
    pub fn advance(&mut self, now: Timestamp, tokens: &RwLock<Tokens>) {
        let due: Vec<u32> = self.due(now).collect();
        for slot in due {
            let no = self.rows.no(slot);
            // One hold for both: no use comes between the look and the end.
            let mut held = tokens.write();
            let life = held.life(no);
            if let Some(life) = life.filter(|life| live(*life, now)) {
                drop(held);
                self.put_off(slot, life.due().at);
                continue;
            }
            held.remove(no);
            drop(held);
            let user = self.users.get(self.rows.cell(slot).user).owner.no;
            // Without its token it has been ended: the row goes a moment later anyway.
            let (seen_at, told_from) =
                life.map_or((self.rows.opened_at(slot), now), |life| (life.seen_at, life.due().told_from()));
            self.retired.insert(no, Retired { user, seen_at, told_from });
            self.close(slot);
        }
    }

    fn due(&self, now: Timestamp) -> impl Iterator<Item = u32> {
        self.expiry.range(..=(now, u32::MAX)).map(|(_, slot)| *slot)
    }

    fn put_off(&mut self, slot: u32, due_at: Timestamp) {
        self.expiry.remove(&(self.rows.due_at(slot), slot));
        self.rows.set_due_at(slot, due_at);
        self.expiry.insert((due_at, slot));
    }
}

fn is_live(session: SessionNo, now: Timestamp, tokens: &RwLock<Tokens>) -> bool {
    tokens.read().life(session).is_some_and(|life| live(life, now))
}
