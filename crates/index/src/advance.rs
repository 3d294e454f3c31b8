//! Time passes without events: a session is gone at the instant of its end, not when the ledger says so.

use crate::index::Index;
use crate::tokens::Tokens;
use parking_lot::RwLock;
use rollcall_model::session::live;
use rollcall_model::{Timestamp, UserNo};

/// A session past its end: no row any more, but its ending is still to be written.
#[derive(Clone, Copy, Debug)]
pub struct Retired {
    /// Whose it was.
    pub user: UserNo,
    /// When its token was last shown.
    pub seen_at: Timestamp,
}

impl Index {
    /// Whether rows are in that are no longer live at `now`.
    pub fn is_behind(&self, now: Timestamp) -> bool {
        self.expiry.first().is_some_and(|(expires_at, _)| !live(*expires_at, now))
    }

    /// Retires the rows that are no longer live at `now`, their tokens first.
    pub fn advance(&mut self, now: Timestamp, tokens: &RwLock<Tokens>) {
        let due: Vec<u32> = self.expiry.range(..=(now, u32::MAX)).map(|(_, slot)| *slot).collect();
        for slot in due {
            let no = self.rows.no(slot);
            let seen_at = tokens.write().remove(no).unwrap_or(self.rows.opened_at(slot));
            let user = self.users.get(self.rows.cell(slot).user).owner.no;
            self.retired.insert(no, Retired { user, seen_at });
            self.close(slot);
        }
    }
}
