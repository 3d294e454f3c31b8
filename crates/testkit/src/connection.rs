//! One connection, held open: for what is counted or broken by connection.

use crate::waits::in_time;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A raw connection to a server.
#[derive(Debug)]
pub struct Connection(TcpStream);

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    /// Posts JSON and gives the answer's status, leaving the connection ready for the next request.
    pub async fn post(&mut self, path: &str, body: &str) -> u16 {
        in_time("an answer", self.exchange(path, body)).await
    }

    async fn exchange(&mut self, path: &str, body: &str) -> u16 {
        let request = format!(
            "POST /api/v1/{path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut rest = vec![0; length.parse().unwrap()];
        self.0.read_exact(&mut rest).await.unwrap();
        head[9..12].parse().unwrap()
    }
}
