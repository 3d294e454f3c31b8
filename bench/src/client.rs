//! A cheap HTTP/1.1 client: writes a request that is ready, and reads an answer whose length is announced.

use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Room for an answer: as much as the longest that is asked for, and its head.
const BUFFER: usize = 2 << 20;
/// Room that is used at first.
const BUFFER_AT_FIRST: usize = 64 << 10;
/// How long one answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// A connection that is kept open.
pub struct Connection {
    socket: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, without a copy.
pub struct Answer<'a> {
    /// Whether its status is 200.
    pub ok: bool,
    /// Its head, as text.
    pub head: &'a [u8],
    /// Its body.
    pub body: &'a [u8],
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, buffer: vec![0; BUFFER_AT_FIRST] })
    }

    /// Asks, and waits for the answer, but not for ever. Making the bound costs more than the rest: for
    /// whoever does not count the time.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        tokio::time::timeout(ANSWER_MAX, self.ask(request)).await.context("no answer")?
    }

    /// Asks, and waits for the answer.
    pub async fn ask(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.socket.write_all(request).await?;
        let mut filled = 0;
        let mut wanted = None;
        loop {
            let read = self.socket.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                bail!("the server closed the connection");
            }
            filled += read;
            if wanted.is_none() {
                wanted = head(&self.buffer[..filled])?;
            }
            if let Some((head, whole)) = wanted {
                if filled >= whole {
                    let (head, body) = self.buffer[..whole].split_at(head);
                    return Ok(Answer { ok: head.starts_with(b"HTTP/1.1 200"), head, body });
                }
                if whole > BUFFER {
                    bail!("an answer of {whole} bytes");
                }
                if whole > self.buffer.len() {
                    self.buffer.resize(whole, 0);
                }
            } else if filled == self.buffer.len() {
                bail!("a head of {filled} bytes");
            }
        }
    }
}

/// The length of a head and of the whole answer, once the head is there.
fn head(bytes: &[u8]) -> Result<Option<(usize, usize)>> {
    const LENGTH: &[u8] = b"content-length:";
    let mut line = 0;
    let mut length = None;
    loop {
        let Some(end) = bytes[line..].iter().position(|byte| *byte == b'\n') else { return Ok(None) };
        let text = &bytes[line..line + end];
        line += end + 1;
        if text == b"\r" {
            let body: usize = length.context("an answer without a length")?;
            return Ok(Some((line, line + body)));
        }
        if text.len() > LENGTH.len() && text[..LENGTH.len()].eq_ignore_ascii_case(LENGTH) {
            length =
                std::str::from_utf8(&text[LENGTH.len()..]).ok().and_then(|text| text.trim().parse().ok());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_read_once_the_head_is_whole() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nx: y\r\n\r\nbody";
        let end = answer.len() - 4;
        assert_eq!(head(answer).unwrap(), Some((end, end + 12)));
        assert_eq!(head(&answer[..end - 1]).unwrap(), None);
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
