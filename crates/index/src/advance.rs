//! Time passes without events: a session is gone at the instant of its end, not when the ledger says so.
//!
//! A use moves the end of a session that may not be idle for long, and touches its row only. So each chunk of rows
//! stands in a queue by the first end among them when it was looked at last; when that comes, it is looked at
//! again, and stands there by the first end that is left.

use crate::checkpoint::{Bytes, Put};
use crate::index::Index;
use rollcall_model::{SessionNo, Timestamp, UserNo};
use std::io;

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

    /// Writes retired sessions from a number on, up to one; gives the next number, if there is one.
    pub fn write_retired(
        &self,
        from: SessionNo,
        count: usize,
        up_to: SessionNo,
        out: &mut Vec<u8>,
    ) -> Option<u64> {
        let mut retired = self.retired.range(from..=up_to);
        for (no, Retired { user, seen_at, told_from }) in retired.by_ref().take(count) {
            out.put_u64(no.0);
            out.put_u64(user.0);
            out.put_u64(seen_at.as_ms().cast_unsigned());
            out.put_u64(told_from.as_ms().cast_unsigned());
        }
        retired.next().map(|(no, _)| no.0)
    }

    /// Reads more of them. One that has a row was retired after that was written, and will be again.
    pub fn read_retired(&mut self, bytes: &mut Bytes<'_>) -> io::Result<()> {
        while !bytes.is_empty() {
            let (no, user) = (SessionNo(bytes.u64()?), UserNo(bytes.u64()?));
            let [seen_at, told_from] = [bytes.ms()?, bytes.ms()?].map(Timestamp::from_ms);
            if self.rows.find(no).is_none() {
                self.retired.insert(no, Retired { user, seen_at, told_from });
            }
        }
        Ok(())
    }
}
