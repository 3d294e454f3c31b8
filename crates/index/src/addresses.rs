//! From where users signed in lately, as far as those sessions are no longer live.
//!
//! Addresses of live sessions stand in their rows. What is older than the bound is dropped whenever the
//! table has doubled, so it is never more than twice what it has to hold.

use crate::checkpoint::{Bytes, Put, ms};
use rollcall_model::address::ip_from_bits;
use rollcall_model::limits::KNOWN_ADDRESS_FOR;
use rollcall_model::{AddressKey, Timestamp, UserNo};
use std::collections::HashMap;
use std::io;

/// Parts, by user, so that a checkpoint is written and the table pruned a part at a time.
const PARTS: usize = 64;

/// The last sign-in of each user from each address.
pub struct Addresses([Part; PARTS]);

#[derive(Default)]
struct Part {
    last: HashMap<(UserNo, AddressKey), Timestamp>,
    left_by_pruning: usize,
}

/// Entries of a part below which pruning is not worth it.
const NOT_WORTH_PRUNING: usize = 64;

/// Numbers are the ledger's: their last bits are as good as any.
fn part(user: UserNo) -> usize {
    usize::from(user.0.to_le_bytes()[0]) % PARTS
}

impl Addresses {
    /// None.
    pub fn new() -> Self {
        Self(std::array::from_fn(|_| Part::default()))
    }

    /// Remembers a sign-in.
    pub fn remember(&mut self, user: UserNo, from: AddressKey, opened_at: Timestamp) {
        let last = self.0[part(user)].last.entry((user, from)).or_insert(opened_at);
        *last = opened_at.max(*last);
    }

    /// Drops what is too old beside a user's, when enough came in to make that worth a pass.
    pub fn prune(&mut self, user: UserNo, now: Timestamp) {
        let Part { last, left_by_pruning } = &mut self.0[part(user)];
        if last.len() > NOT_WORTH_PRUNING.max(2 * *left_by_pruning) {
            last.retain(|_, opened_at| counts(*opened_at, now));
            *left_by_pruning = last.len();
        }
    }

    /// Whether the user signed in from there not too long ago.
    pub fn know(&self, user: UserNo, from: AddressKey, now: Timestamp) -> bool {
        self.0[part(user)].last.get(&(user, from)).is_some_and(|opened_at| counts(*opened_at, now))
    }

    /// Forgets a user's.
    pub fn forget(&mut self, user: UserNo) {
        self.0[part(user)].last.retain(|(of, _), _| *of != user);
    }

    /// What they take, about.
    pub fn size(&self) -> usize {
        let of_each = size_of::<((UserNo, AddressKey), Timestamp)>();
        self.0.iter().map(|part| part.last.capacity() * of_each).sum()
    }

    /// Writes a part; gives the next, if there is one.
    pub fn write(&self, at: u64, out: &mut Vec<u8>) -> Option<u64> {
        let at = usize::try_from(at).ok()?;
        for ((user, from), opened_at) in &self.0.get(at)?.last {
            out.put_u64(user.0);
            out.extend_from_slice(&from.bits().to_le_bytes());
            out.put_u64(opened_at.as_ms().cast_unsigned());
        }
        (at + 1 < PARTS).then_some(at as u64 + 1)
    }

    /// Reads more of them.
    pub fn read(&mut self, bytes: &mut Bytes<'_>) -> io::Result<()> {
        while !bytes.is_empty() {
            let user = UserNo(bytes.u64()?);
            let from = AddressKey::of(ip_from_bits(bytes.array().map(u128::from_le_bytes)?));
            self.remember(user, from, Timestamp::from_ms(bytes.u64().and_then(ms)?));
        }
        Ok(())
    }
}

/// Whether a sign-in then still makes an address the user's own.
pub fn counts(opened_at: Timestamp, now: Timestamp) -> bool {
    now.since(opened_at) < KNOWN_ADDRESS_FOR
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    #[test]
    fn what_no_longer_counts_is_dropped_as_time_passes() {
        let mut addresses = Addresses::new();
        let mut now = Timestamp::from_ms(0);
        let mut most = 0;
        for n in 0..100_000 {
            now = now + Duration::from_mins(10); // 4,320 of them in 30 days
            let from = AddressKey::of(IpAddr::from(Ipv4Addr::from_bits(n)));
            addresses.remember(UserNo(1), from, now);
            addresses.prune(UserNo(1), now);
            most = most.max(addresses.0[part(UserNo(1))].last.len());
            assert!(addresses.know(UserNo(1), from, now));
        }
        assert!((4_320..=8_642).contains(&most), "{most}");
    }
}
