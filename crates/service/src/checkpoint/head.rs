//! The head of a checkpoint: what it is of, and whether that can be used here.

use rollcall_index::FORMAT;
use rollcall_model::Timestamp;
use rollcall_model::ids::Seq;
use rollcall_store::{ChainEnd, chain};
use std::io::{self, Read};
use std::time::Duration;

const MAGIC: &[u8; 8] = b"rollcall";
/// Another version may read user agents as other devices.
const VERSION: &str = env!("CARGO_PKG_VERSION");
const VERSION_BYTES: usize = 24;
const HASH_BYTES: usize = size_of::<chain::Hash>();
const NUMBERS: usize = 4 * size_of::<u64>() + 1;
const BYTES: usize = MAGIC.len() + size_of::<u32>() + VERSION_BYTES + HASH_BYTES + NUMBERS + HASH_BYTES;

/// What a checkpoint is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The ledger's last event that it has.
    pub end: ChainEnd,
    /// When it was begun.
    pub taken_at: Timestamp,
    /// How long sessions may be idle.
    pub idle: Option<Duration>,
    /// How many sessions were live, about.
    pub live: u64,
    /// Whether nothing has moved since.
    pub at_rest: bool,
}

/// Why a checkpoint is of no use.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It cannot be read or written, or is not as it was written.
    #[error("{0}")]
    Bytes(#[from] io::Error),
    /// It is something else, or torn.
    #[error("it is none, or its head is damaged")]
    NotOne,
    /// It is of another program.
    #[error("another version of the program wrote it")]
    OtherVersion,
    /// It is of other settings.
    #[error("sessions.idle was another when it was written")]
    OtherIdle,
    /// It is of another store, or of what this one was before it was put back.
    #[error("it is of another ledger")]
    OtherLedger,
    /// There is too much behind it.
    #[error("it is {0} events behind")]
    TooOld(u64),
    /// The store did not say.
    #[error("the store did not answer")]
    NoAnswer,
}

impl Head {
    /// As it is written.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut version = [0; VERSION_BYTES];
        version.iter_mut().zip(VERSION.bytes()).for_each(|(to, from)| *to = from);
        let idle_ms = self.idle.map_or(u64::MAX, |idle| u64::try_from(idle.as_millis()).unwrap_or(u64::MAX));
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&version);
        bytes.extend_from_slice(&self.end.hash);
        for number in [self.end.seq.0, self.taken_at.as_ms().cast_unsigned(), idle_ms, self.live] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.push(self.at_rest.into());
        let digest = chain::digest(&bytes);
        bytes.extend_from_slice(&digest);
        bytes
    }

    /// Reads one, and gives what follows.
    pub fn read<R: Read>(mut from: R) -> Result<(Self, R), Unusable> {
        let mut bytes = [0; BYTES];
        from.read_exact(&mut bytes).map_err(|_| Unusable::NotOne)?;
        Ok((Self::of_bytes(&bytes).ok_or(Unusable::NotOne)??, from))
    }

    /// `None` when it is no head; an error when it is one of another version.
    fn of_bytes(bytes: &[u8; BYTES]) -> Option<Result<Self, Unusable>> {
        let (covered, digest) = bytes.split_at(BYTES - HASH_BYTES);
        let rest = covered.strip_prefix(MAGIC)?;
        if chain::digest(covered) != digest {
            return None;
        }
        let (format, rest) = rest.split_first_chunk()?;
        let (version, rest) = rest.split_at_checked(VERSION_BYTES)?;
        let is_ours =
            version.strip_prefix(VERSION.as_bytes()).is_some_and(|rest| rest.iter().all(|b| *b == 0));
        if u32::from_le_bytes(*format) != FORMAT || !is_ours {
            return Some(Err(Unusable::OtherVersion));
        }
        let (hash, mut rest) = rest.split_first_chunk::<HASH_BYTES>()?;
        let mut number = || -> Option<u64> {
            let (number, others) = rest.split_first_chunk()?;
            rest = others;
            Some(u64::from_le_bytes(*number))
        };
        let (seq, taken_at, idle_ms, live) = (number()?, number()?, number()?, number()?);
        Some(Ok(Self {
            end: ChainEnd { seq: Seq(seq), hash: *hash },
            taken_at: Timestamp::from_ms(taken_at.cast_signed()),
            idle: (idle_ms != u64::MAX).then(|| Duration::from_millis(idle_ms)),
            live,
            at_rest: rest == [1],
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Head = Head {
        end: ChainEnd { seq: Seq(7), hash: [9; HASH_BYTES] },
        taken_at: Timestamp::from_ms(1_700_000_000_000),
        idle: Some(Duration::from_mins(5)),
        live: 3,
        at_rest: true,
    };

    #[test]
    fn a_head_is_read_as_it_was_written() {
        for head in [HEAD, Head { idle: None, at_rest: false, ..HEAD }] {
            let mut bytes = head.to_bytes();
            assert_eq!(bytes.len(), BYTES);
            bytes.extend_from_slice(b"rest");
            let (read, rest) = Head::read(&*bytes).unwrap();
            assert_eq!((read, rest.to_vec()), (head, b"rest".to_vec()));
        }
    }

    #[test]
    fn any_other_byte_makes_it_none_and_another_version_is_named() {
        let mut bytes = HEAD.to_bytes();
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            assert!(matches!(Head::read(&*bytes), Err(Unusable::NotOne)), "{at}");
            bytes[at] ^= 1;
            assert!(matches!(Head::read(&bytes[..at]), Err(Unusable::NotOne)), "{at}");
        }
        for (at, byte) in [(8, 0xEE), (12, b'9'), (13 + VERSION.len(), b'x')] {
            let mut other = bytes.clone();
            other[at] = byte;
            let covered = BYTES - HASH_BYTES;
            let digest = chain::digest(&other[..covered]);
            other[covered..].copy_from_slice(&digest);
            assert!(matches!(Head::read(&*other), Err(Unusable::OtherVersion)), "{at}");
        }
    }
}
