//! Sockets written to by hand, for what no client library would send.

use rollcall_testkit::HANGS;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// A connection.
pub struct Wire(TcpStream);

/// What came back; status 0 when the server closed without a word.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub status: u16,
    /// In lower case.
    pub head: String,
    pub body: Vec<u8>,
}

impl Wire {
    pub fn open(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(HANGS)).unwrap();
        socket.set_write_timeout(Some(HANGS)).unwrap();
        socket.set_nodelay(true).unwrap();
        Self(socket)
    }

    /// Writes; a server that has read enough answers and closes before all is written.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes);
    }

    /// Reads one answer, and leaves the connection as it is.
    pub fn read(&mut self, to_head: bool) -> Answer {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            match self.0.read(&mut byte) {
                Ok(0) => return Answer::default(),
                Ok(_) => head.push(byte[0]),
                Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock) => panic!("it hangs"),
                // A machine that was paused for a moment interrupts what waits: the connection is still there.
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return Answer::default(),
            }
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let status = head.strip_prefix("http/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status: {head}"));
        let mut answer = Answer { status, head, body: Vec::new() };
        if !to_head {
            answer.body = vec![0; answer.header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0)];
            self.0.read_exact(&mut answer.body).unwrap();
        }
        answer
    }

    pub fn ask(&mut self, bytes: &[u8]) -> Answer {
        self.send(bytes);
        self.read(bytes.starts_with(b"HEAD "))
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// Whether the connection goes on.
    pub fn goes_on(&self) -> bool {
        self.status != 0 && self.header("connection") != Some("close")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn text(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        format!("{}{}", self.head, body.chars().take(2_000).collect::<String>())
    }
}
