//! Taking a picture of the index while it goes on: in stretches, each under a short hold of the lock.
//!
//! Rows of sessions past the place that the picture is of are left out. So whatever row is written was there
//! throughout, and its user and client had their codes throughout: that those freed meanwhile are used again
//! concerns rows that are left out. What is remembered apart from rows comes last, since rows go there.

use super::pieces::{self, Kind};
use crate::standing::Standing;
use rollcall_model::SessionNo;
use std::io::{self, Write};

/// Users, or devices and hosts, of a stretch.
const VALUES_AT_ONCE: usize = crate::turning_point(4_096, 3);
/// Chunks of a stretch.
const CHUNKS_AT_ONCE: usize = crate::turning_point(8, 1);

impl Standing {
    /// Writes what the index knows of all sessions up to one: the ledger's last event that it has applied, or an
    /// earlier one. No lock is held while `out` takes it.
    pub fn write_picture(&self, up_to: SessionNo, out: &mut dyn Write) -> io::Result<()> {
        in_stretches(out, Kind::Users, |from, out| self.index.read().users.write(from, VALUES_AT_ONCE, out))?;
        in_stretches(out, Kind::Clients, |from, out| {
            self.index.read().clients.write(from, VALUES_AT_ONCE, out)
        })?;
        in_stretches(out, Kind::Rows, |from, out| {
            self.index.read().rows.write(from, CHUNKS_AT_ONCE, up_to, out)
        })?;
        in_stretches(out, Kind::Retired, |from, out| {
            self.index.read().write_retired(SessionNo(from), VALUES_AT_ONCE, up_to, out)
        })?;
        in_stretches(out, Kind::Addresses, |from, out| self.index.read().addresses.write(from, out))?;
        pieces::write(out, Kind::End, &[])
    }
}

/// Writes pieces of what `stretch` puts together, from a place on, which gives the next place.
fn in_stretches(
    out: &mut dyn Write,
    kind: Kind,
    stretch: impl Fn(u64, &mut Vec<u8>) -> Option<u64>,
) -> io::Result<()> {
    let (mut next, mut bytes) = (Some(0), Vec::new());
    while let Some(from) = next {
        bytes.clear();
        next = stretch(from, &mut bytes);
        pieces::write(out, kind, &bytes)?;
    }
    Ok(())
}
