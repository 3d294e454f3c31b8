//! Revocations: sets of sessions that are frozen in a preview and ended in steps, and how far that has come.

use crate::clock::Timestamp;
use crate::event::Actor;
use crate::ids::{RevocationId, Seq, SessionNo};
use std::time::Duration;

/// The SHA-256 of a frozen set: of its sessions' numbers in order, eight bytes each, big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SetDigest(pub [u8; 32]);

/// What was found, and is ended once. The sessions stand beside it, since they may be many: [`FrozenSet`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Its id on the wire; that of the revocation, too.
    pub id: RevocationId,
    /// Who made it, and nobody else carries it out.
    pub maker: Actor,
    /// The session that it was made with.
    pub caller: Option<SessionNo>,
    /// When it was made.
    pub made_at: Timestamp,
    /// From when on it can no longer be carried out.
    pub expires_at: Timestamp,
    /// Where the ledger ended when the sessions were looked for: what was opened behind it is newer.
    pub after: Seq,
    /// The filter, in its one text; empty for everything.
    pub filter: String,
    /// The digest of the sessions.
    pub digest: SetDigest,
    /// How many they are.
    pub count: u64,
}

/// A preview, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// What was found.
    pub preview: Preview,
    /// That it was begun.
    pub begun: Option<Begun>,
    /// How far it is.
    pub progress: Progress,
    /// That it is finished.
    pub finished: Option<Finished>,
}

/// That a revocation was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// By this event.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
    /// Why, in its maker's words.
    pub reason: String,
}

/// How far a revocation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Sessions that were gone through, in the order of the set.
    pub gone_through: u64,
    /// Those of them that it ended; the others were gone already.
    pub ended: u64,
}

/// That a revocation is finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// By this event.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
    /// What was measured.
    pub closing: Closing,
}

/// What is known of a revocation at its end by whoever finished it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Sessions that the filter finds now and that were opened since the preview; `None` when that took too long.
    pub newer: Option<u64>,
    /// Of each node that was heard of, the one that finished it first.
    pub lags: Vec<NodeLag>,
}

/// How late a node knew of endings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeLag {
    /// The node.
    pub node: String,
    /// The longest time there from a commit until no token that it ended was good any more.
    pub lag: Duration,
}

impl NodeLag {
    /// Several as one text, as stores keep them: `node:microseconds` with spaces between.
    pub fn all_to_text(lags: &[Self]) -> String {
        let each = lags.iter().map(|Self { node, lag }| format!("{node}:{}", lag.as_micros()));
        each.collect::<Vec<_>>().join(" ")
    }

    /// The same back; `None` where it is none.
    pub fn all_of_text(text: &str) -> Option<Vec<Self>> {
        let one = |part: &str| {
            let (node, lag) = part.rsplit_once(':')?;
            Some(Self { node: node.to_owned(), lag: Duration::from_micros(lag.parse().ok()?) })
        };
        text.split_ascii_whitespace().map(one).collect()
    }
}

impl Revocation {
    /// One that was not begun.
    pub const fn of(preview: Preview) -> Self {
        Self { preview, begun: None, progress: Progress { gone_through: 0, ended: 0 }, finished: None }
    }
}

/// The sessions of a preview, as bytes: the distance of each number from the one before, seven bits a byte, the lowest
/// first. They lie close together, so most take a byte or two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrozenSet(Vec<u8>);

impl FrozenSet {
    /// Of numbers that rise.
    pub fn of(sessions: impl IntoIterator<Item = SessionNo>) -> Self {
        let (mut bytes, mut before) = (Vec::new(), 0);
        for SessionNo(no) in sessions {
            let mut distance = no - before;
            while distance >= 0x80 {
                bytes.push(distance.to_le_bytes()[0] | 0x80);
                distance >>= 7;
            }
            bytes.push(distance.to_le_bytes()[0]);
            before = no;
        }
        Self(bytes)
    }

    /// Out of bytes that [`as_bytes`](Self::as_bytes) gave.
    pub const fn of_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// As bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The numbers, rising.
    pub fn iter(&self) -> impl Iterator<Item = SessionNo> {
        let (mut rest, mut before) = (self.0.iter(), 0_u64);
        std::iter::from_fn(move || {
            let (mut distance, mut shift) = (0_u64, 0);
            loop {
                let byte = rest.next()?;
                distance |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
                if byte & 0x80 == 0 {
                    break;
                }
                shift += 7;
            }
            before = before.wrapping_add(distance);
            Some(SessionNo(before))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_set_gives_back_what_it_is_of_and_takes_a_byte_for_neighbours() {
        for numbers in [vec![], vec![1], vec![1, 2, 130, 131, 40_000, u64::MAX], (5..1_000).collect()] {
            let set = FrozenSet::of(numbers.iter().copied().map(SessionNo));
            let kept = FrozenSet::of_bytes(set.as_bytes().to_vec());
            assert_eq!(kept.iter().map(|no| no.0).collect::<Vec<_>>(), numbers);
        }
        assert_eq!(FrozenSet::of((5..1_000).map(SessionNo)).as_bytes().len(), 995);
    }

    #[test]
    fn bytes_that_are_no_set_end_it() {
        assert_eq!(FrozenSet::of_bytes(vec![0xff; 40]).iter().count(), 0);
    }
}
