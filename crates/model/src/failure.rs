//! Counters that guard a secret: how often it was guessed wrong, and from when on no guess is looked at.
//! Codes that are mailed are counted alike: how many, and from when on no further one is.

use crate::address::AddressKey;
use crate::clock::Timestamp;
use crate::ids::UserNo;
use std::time::Duration;

/// What a counter is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailureKey {
    /// Wrong passwords of a user from addresses that the user has not signed in from of late.
    User(UserNo),
    /// Wrong passwords of a user from one address that the user signed in from of late: a stranger
    /// elsewhere cannot lock this one out.
    UserFrom(UserNo, AddressKey),
    /// Wrong passwords for a name that nobody has, by a digest of the name.
    Name([u8; 16]),
    /// Wrong passwords from one address, whatever the name.
    Address(AddressKey),
    /// Wrong second-factor codes of a user, over all methods.
    Code(UserNo),
    /// Codes mailed to a user, since the last right one.
    MailedTo(UserNo),
    /// Codes by mail that were asked for from one address, whosever they are.
    MailedFrom(AddressKey),
}

impl FailureKey {
    /// Whose counter it is, where it is one user's.
    pub const fn user(&self) -> Option<UserNo> {
        match self {
            Self::User(user) | Self::UserFrom(user, _) | Self::Code(user) | Self::MailedTo(user) => {
                Some(*user)
            }
            Self::Name(_) | Self::Address(_) | Self::MailedFrom(_) => None,
        }
    }

    /// The key as stored: a kind and its parts, big-endian.
    pub fn to_bytes(self) -> Vec<u8> {
        let (kind, parts): (u8, Vec<u8>) = match self {
            Self::User(user) => (1, user.0.to_be_bytes().into()),
            Self::UserFrom(user, address) => {
                (2, [&user.0.to_be_bytes()[..], &address.bits().to_be_bytes()].concat())
            }
            Self::Name(digest) => (3, digest.into()),
            Self::Address(address) => (4, address.bits().to_be_bytes().into()),
            Self::Code(user) => (5, user.0.to_be_bytes().into()),
            Self::MailedTo(user) => (6, user.0.to_be_bytes().into()),
            Self::MailedFrom(address) => (7, address.bits().to_be_bytes().into()),
        };
        [vec![kind], parts].concat()
    }
}

/// How many failures within which time block for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureLimit {
    /// The failure that blocks.
    pub max: u32,
    /// The time in which they are counted together, from the first.
    pub window: Duration,
    /// How long it stays blocked.
    pub block: Duration,
}

/// A counter's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Failures since `first_at`.
    pub count: u32,
    /// When the window began.
    pub first_at: Timestamp,
    /// Until when no attempt is looked at; the past when it is not blocked.
    pub blocked_until: Timestamp,
}

impl Failure {
    /// Whether attempts are refused unseen at `now`.
    pub fn blocks(&self, now: Timestamp) -> bool {
        now < self.blocked_until
    }

    /// The counter after one more failure at `now`.
    #[must_use]
    pub fn after_one_more(before: Option<Self>, limit: FailureLimit, now: Timestamp) -> Self {
        let running = before
            .filter(|failure| now < failure.first_at + limit.window)
            .filter(|failure| failure.count < limit.max);
        let count = running.map_or(1, |failure| failure.count + 1);
        Self {
            count,
            first_at: running.map_or(now, |failure| failure.first_at),
            blocked_until: if count >= limit.max { now + limit.block } else { now },
        }
    }

    /// From when on the counter means nothing and may be forgotten.
    pub fn stale_at(&self, window: Duration) -> Timestamp {
        self.blocked_until.max(self.first_at + window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: FailureLimit =
        FailureLimit { max: 3, window: Duration::from_mins(5), block: Duration::from_mins(5) };

    fn after(times_s: &[i64]) -> Failure {
        times_s
            .iter()
            .fold(None, |before, s| {
                Some(Failure::after_one_more(before, LIMIT, Timestamp::from_ms(s * 1_000)))
            })
            .unwrap()
    }

    #[test]
    fn the_last_allowed_failure_blocks_and_the_block_ends() {
        assert!(!after(&[0, 1]).blocks(Timestamp::from_ms(1_000)));
        let blocked = after(&[0, 1, 2]);
        assert!(blocked.blocks(Timestamp::from_ms(301_999)));
        assert!(!blocked.blocks(Timestamp::from_ms(302_000)));
    }

    #[test]
    fn failures_far_apart_do_not_add_up() {
        assert_eq!(after(&[0, 1, 300]).count, 1);
        assert_eq!(after(&[0, 1, 299]).count, 3);
    }

    #[test]
    fn after_a_block_counting_begins_anew() {
        assert_eq!(after(&[0, 1, 2, 303]).count, 1);
    }

    #[test]
    fn keys_of_different_kinds_never_collide() {
        let address = AddressKey::of([10, 0, 0, 1].into());
        let keys = [
            FailureKey::User(UserNo(7)),
            FailureKey::Code(UserNo(7)),
            FailureKey::UserFrom(UserNo(7), address),
            FailureKey::Address(address),
            FailureKey::Name([0; 16]),
            FailureKey::MailedTo(UserNo(7)),
            FailureKey::MailedFrom(address),
        ];
        let stored: std::collections::HashSet<_> = keys.iter().map(|key| key.to_bytes()).collect();
        assert_eq!(stored.len(), keys.len());
    }
}
