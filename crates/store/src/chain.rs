//! The chain that shows tampering: each event's hash covers the one before it.
//!
//! `digest = SHA-256(salt ‖ detail)` and `hash = SHA-256(previous hash ‖ envelope ‖ digest)`. The detail
//! can be erased together with its salt, and the chain still holds.

use crate::{BadEvent, ChainEnd, LedgerRow};
use rollcall_model::event::Envelope;
use rollcall_model::ids::Seq;
use sha2::{Digest, Sha256};

/// A SHA-256.
pub type Hash = [u8; 32];
/// Bytes of the salt before each detail: without it, erased details could be guessed from their digests.
pub const SALT_BYTES: usize = 16;
/// What the first event's hash covers in place of a predecessor's.
pub const BEFORE_THE_FIRST: ChainEnd = ChainEnd { seq: Seq(0), hash: [0; 32] };

/// The digest of a salted detail.
pub fn digest(salted_detail: &[u8]) -> Hash {
    Sha256::digest(salted_detail).into()
}

/// The hash of an event.
pub fn link(previous: &Hash, envelope: &Envelope, digest: &Hash) -> Hash {
    Sha256::new()
        .chain_update(previous)
        .chain_update(envelope.to_bytes())
        .chain_update(digest)
        .finalize()
        .into()
}

/// Follows the chain over one more row, or says what is wrong with the row.
pub fn follow(end: ChainEnd, row: &LedgerRow) -> Result<ChainEnd, BadEvent> {
    let bad = |seq, what: &str| Err(BadEvent { seq, what: what.into() });
    let expected = end.seq.next();
    if row.envelope.seq != expected {
        return bad(expected, &format!("the ledger goes on with event {}", row.envelope.seq));
    }
    if row.detail.as_ref().is_some_and(|detail| digest(detail) != row.digest) {
        return bad(expected, "its detail is not the one that its digest covers");
    }
    if link(&end.hash, &row.envelope, &row.digest) != row.hash {
        return bad(expected, "its hash does not cover its numbers and the event before it");
    }
    Ok(ChainEnd { seq: expected, hash: row.hash })
}

/// The chain followed over events as they are read, and held against the head that the store keeps.
#[derive(Clone, Copy, Debug)]
pub struct Verification {
    end: ChainEnd,
    stored: ChainEnd,
}

impl Verification {
    /// From a place in the chain on, with the head as it was read before the events.
    pub const fn new(from: ChainEnd, stored: ChainEnd) -> Self {
        Self { end: from, stored }
    }

    /// How far it came.
    pub const fn end(&self) -> ChainEnd {
        self.end
    }

    /// Follows it over the next event, as it is or as it cannot be read.
    pub fn go_on(&mut self, row: Result<&LedgerRow, String>) -> Result<(), BadEvent> {
        self.end = match row {
            Ok(row) => follow(self.end, row)?,
            // A value that no event has is an edit too, and has its place.
            Err(why) => {
                return Err(BadEvent { seq: self.end.seq.next(), what: format!("it cannot be read: {why}") });
            }
        };
        if self.end.seq == self.stored.seq && self.end.hash != self.stored.hash {
            let what = "its hash is not the one that the head holds".into();
            return Err(BadEvent { seq: self.end.seq, what });
        }
        Ok(())
    }

    /// Where it ends, when there are no more events, with the head as it is read after them: an event and the head
    /// that reaches it are one commit.
    pub fn finish(self, reached: ChainEnd) -> Result<ChainEnd, BadEvent> {
        let Self { end, stored } = self;
        if end.seq < stored.seq {
            let what = format!("it is missing: the head stands at event {}", stored.seq);
            return Err(BadEvent { seq: end.seq.next(), what });
        }
        if reached.seq < end.seq {
            let what = format!("the head does not reach it: it stands at event {}", reached.seq);
            return Err(BadEvent { seq: reached.seq.next(), what });
        }
        Ok(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_model::{Actor, Timestamp};

    fn rows(n: u64) -> Vec<LedgerRow> {
        let mut end = BEFORE_THE_FIRST;
        (1..=n)
            .map(|seq| {
                let at = Timestamp::from_ms(i64::try_from(seq).unwrap());
                let envelope = Envelope {
                    seq: Seq(seq),
                    at,
                    kind: 4,
                    outcome: 1,
                    actor: Actor::System,
                    subject: None,
                    session: None,
                    live: seq,
                };
                let detail = format!("0123456789abcdef{{\"n\":{seq}}}").into_bytes();
                let digest = digest(&detail);
                let hash = link(&end.hash, &envelope, &digest);
                end = ChainEnd { seq: Seq(seq), hash };
                LedgerRow { envelope, digest, hash, detail: Some(detail) }
            })
            .collect()
    }

    fn first_bad(rows: &[LedgerRow]) -> Option<u64> {
        rows.iter().try_fold(BEFORE_THE_FIRST, follow).err().map(|bad| bad.seq.0)
    }

    type Edit = fn(&mut LedgerRow);

    #[test]
    fn any_edit_is_found_where_it_was_made() {
        assert_eq!(first_bad(&rows(9)), None);
        let edits: [(&str, Edit); 8] = [
            ("time", |row| row.envelope.at = Timestamp::from_ms(99)),
            ("kind", |row| row.envelope.kind = 5),
            ("outcome", |row| row.envelope.outcome = 2),
            ("actor", |row| row.envelope.actor = Actor::Operator),
            ("live", |row| row.envelope.live += 1),
            ("digest", |row| row.digest[31] ^= 1),
            ("hash", |row| row.hash[0] ^= 1),
            ("detail", |row| row.detail = Some(b"0123456789abcdef{}".to_vec())),
        ];
        for (what, edit) in edits {
            let mut rows = rows(9);
            edit(&mut rows[4]);
            assert_eq!(first_bad(&rows), Some(5), "{what}");
        }
    }

    #[test]
    fn a_missing_event_is_found_and_an_erased_detail_is_none() {
        let mut rows = rows(9);
        rows[2].detail = None;
        assert_eq!(first_bad(&rows), None);
        rows.remove(6);
        assert_eq!(first_bad(&rows), Some(7));
    }
}
