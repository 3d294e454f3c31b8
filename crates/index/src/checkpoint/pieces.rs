//! The pieces of a checkpoint: each with its length, what it holds, and a checksum over all three.

use super::damaged;
use std::io::{self, Read, Write};

/// What a piece holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Users, by code.
    Users = 1,
    /// Devices and hosts, by code.
    Clients = 2,
    /// Chunks of rows.
    Rows = 3,
    /// Sessions that are over and not told of.
    Retired = 4,
    /// From where users signed in whose sessions have ended.
    Addresses = 5,
    /// Nothing: that was all.
    End = 6,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Users, Self::Clients, Self::Rows, Self::Retired, Self::Addresses, Self::End];
}

/// The longest piece that is read: more than any that is written.
const LONGEST: u32 = 64 << 20;

/// Writes a piece.
pub fn write(out: &mut dyn Write, kind: Kind, bytes: &[u8]) -> io::Result<()> {
    let mut head = crate::number(bytes.len()).to_le_bytes().to_vec();
    head.push(kind as u8);
    let checksum = checksum(&head, bytes);
    head.extend_from_slice(&checksum.to_le_bytes());
    out.write_all(&head)?;
    out.write_all(bytes)
}

/// Reads the next piece.
pub fn read(from: &mut dyn Read) -> io::Result<(Kind, Vec<u8>)> {
    let (mut head, mut sum) = ([0; 5], [0; 4]);
    from.read_exact(&mut head)?;
    from.read_exact(&mut sum)?;
    let [length @ .., kind] = head;
    let length = u32::from_le_bytes(length);
    if length > LONGEST {
        return Err(damaged("a piece is too long"));
    }
    let mut bytes = vec![0; length as usize];
    from.read_exact(&mut bytes)?;
    if checksum(&head, &bytes) != u32::from_le_bytes(sum) {
        return Err(damaged("a checksum is wrong"));
    }
    let kind = Kind::ALL.into_iter().find(|known| *known as u8 == kind);
    Ok((kind.ok_or_else(|| damaged("a piece is of no kind"))?, bytes))
}

fn checksum(head: &[u8], bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head);
    hasher.update(bytes);
    hasher.finalize()
}
