//! Time passes without events: a session is gone at the instant of its end, not when the ledger says so.
//!
//! A use moves the end of a session that may not be idle for long, and touches its row only. So each chunk of rows
//! stands in a queue by the first end among them when it was looked at last; when that comes, it is looked at
//! again, and stands there by the first end that is left.

use crate::index::Index;
use rollcall_model::{Timestamp, UserNo};

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
    /// Retires the rows that are no longer live at `now`.
    pub fn advance(&mut self, now: Timestamp) {
        for slot in self.rows.take_due(now) {
            let (no, life) = (self.rows.no(slot), self.rows.life(slot));
            let user = self.users.no(self.rows.user(slot));
            self.retired
                .insert(no, Retired { user, seen_at: life.seen_at, told_from: life.due().told_from() });
            self.close(slot);
        }
    }
}
