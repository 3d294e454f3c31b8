//! Numbers and texts as bytes, both ways.

use std::io;

/// What is wrong with bytes that nobody wrote so.
pub fn damaged(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The length of a text that is not there.
const ABSENT: u32 = u32::MAX;

/// Writes.
pub trait Put {
    /// A number.
    fn put_u32(&mut self, number: u32);

    /// A long number.
    fn put_u64(&mut self, number: u64);

    /// Bytes with their length.
    fn put_bytes(&mut self, bytes: &[u8]);

    /// A text that may not be there.
    fn put_text(&mut self, text: Option<&str>);
}

impl Put for Vec<u8> {
    fn put_u32(&mut self, number: u32) {
        self.extend_from_slice(&number.to_le_bytes());
    }

    fn put_u64(&mut self, number: u64) {
        self.extend_from_slice(&number.to_le_bytes());
    }

    fn put_bytes(&mut self, bytes: &[u8]) {
        self.put_u32(crate::number(bytes.len()));
        self.extend_from_slice(bytes);
    }

    fn put_text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.put_bytes(text.as_bytes()),
            None => self.put_u32(ABSENT),
        }
    }
}

/// What is still to be read.
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// Whether all is read.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// So many bytes.
    pub fn take(&mut self, count: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(|| damaged("a piece is too short"))?;
        self.0 = rest;
        Ok(taken)
    }

    /// As many bytes as an array has.
    pub fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(|| damaged("a piece is too short"))?;
        self.0 = rest;
        Ok(*taken)
    }

    /// A byte.
    pub fn u8(&mut self) -> io::Result<u8> {
        self.array().map(u8::from_le_bytes)
    }

    /// A short number.
    pub fn u16(&mut self) -> io::Result<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// A number.
    pub fn u32(&mut self) -> io::Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A long number.
    pub fn u64(&mut self) -> io::Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// Milliseconds, as far from the epoch as an instant or a lifetime can be that is meant.
    pub fn ms(&mut self) -> io::Result<i64> {
        self.u64().and_then(ms)
    }

    /// Bytes with their length.
    pub fn bytes(&mut self) -> io::Result<&'a [u8]> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    /// A text that may not be there.
    pub fn text(&mut self) -> io::Result<Option<&'a str>> {
        match self.u32()? {
            ABSENT => Ok(None),
            length => {
                let text = std::str::from_utf8(self.take(length as usize)?);
                text.map(Some).map_err(|_| damaged("a text is no text"))
            }
        }
    }

    /// A text that is there.
    pub fn some_text(&mut self) -> io::Result<&'a str> {
        self.text()?.ok_or_else(|| damaged("a text is missing"))
    }
}

/// Milliseconds past which nothing that is meant lies: sums of a few of them are numbers still.
const MS: u64 = 1 << 50;

/// A number as milliseconds.
pub fn ms(number: u64) -> io::Result<i64> {
    if number < MS { Ok(number.cast_signed()) } else { Err(damaged("a time is none")) }
}
