//! From where users signed in lately, as far as those sessions are no longer live.
//!
//! Addresses of live sessions stand in their rows. What is older than the bound is dropped whenever the
//! table has doubled, so it is never more than twice what it has to hold.

use rollcall_model::limits::KNOWN_ADDRESS_FOR;
use rollcall_model::{AddressKey, Timestamp, UserNo};
use std::collections::HashMap;

/// The last sign-in of each user from each address.
#[derive(Default)]
pub struct Addresses {
    last: HashMap<(UserNo, AddressKey), Timestamp>,
    left_by_pruning: usize,
}

/// Entries below which pruning is not worth it.
const NOT_WORTH_PRUNING: usize = 1_024;

impl Addresses {
    /// Remembers a sign-in.
    pub fn remember(&mut self, user: UserNo, from: AddressKey, opened_at: Timestamp) {
        let last = self.last.entry((user, from)).or_insert(opened_at);
        *last = opened_at.max(*last);
    }

    /// Drops what is too old, when enough came in to make that worth a pass.
    pub fn prune(&mut self, now: Timestamp) {
        if self.last.len() > NOT_WORTH_PRUNING.max(2 * self.left_by_pruning) {
            self.last.retain(|_, opened_at| counts(*opened_at, now));
            self.left_by_pruning = self.last.len();
        }
    }

    /// Whether the user signed in from there not too long ago.
    pub fn know(&self, user: UserNo, from: AddressKey, now: Timestamp) -> bool {
        self.last.get(&(user, from)).is_some_and(|opened_at| counts(*opened_at, now))
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
        let mut addresses = Addresses::default();
        let mut now = Timestamp::from_ms(0);
        let mut most = 0;
        for n in 0..100_000 {
            now = now + Duration::from_mins(10); // 4,320 of them in 30 days
            let from = AddressKey::of(IpAddr::from(Ipv4Addr::from_bits(n)));
            addresses.remember(UserNo(1), from, now);
            addresses.prune(now);
            most = most.max(addresses.last.len());
            assert!(addresses.know(UserNo(1), from, now));
        }
        assert!((4_320..=8_642).contains(&most), "{most}");
    }
}
