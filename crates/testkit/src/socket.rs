//! Somebody on a socket, who speaks DDP.

use crate::waits::in_time;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::Read;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};

/// A socket.
#[derive(Debug)]
pub struct Socket {
    frames: WebSocketStream<TcpStream>,
    /// The same connection, to look at what has come without waiting for anything.
    below: std::net::TcpStream,
    /// What was heard while something else was waited for.
    kept: VecDeque<Value>,
    calls: u32,
}

/// What comes on a socket.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// A frame.
    Frame(Value),
    /// It was closed, with this code and reason.
    Closed(u16, String),
    /// It broke off.
    Broken,
}

impl Socket {
    /// A socket before its handshake, with these headers.
    pub async fn open(address: SocketAddr, headers: &[(&'static str, &str)]) -> Self {
        let mut request = format!("ws://{address}/websocket").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let below = TcpStream::connect(address).await.unwrap().into_std().unwrap();
        let stream = TcpStream::from_std(below.try_clone().unwrap()).unwrap();
        let (frames, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        let mut socket = Self { frames, below, kept: VecDeque::new(), calls: 0 };
        assert_eq!(socket.hear().await, Heard::Frame(json!({ "server_id": "0" })));
        socket
    }

    /// A socket after its handshake.
    pub async fn connect(address: SocketAddr) -> Self {
        Self::open(address, &[]).await.connected().await
    }

    /// Shakes hands.
    #[must_use]
    pub async fn connected(mut self) -> Self {
        self.say(&json!({ "msg": "connect", "version": "1", "support": ["1", "pre2", "pre1"] })).await;
        let connected = self.frame().await;
        assert_eq!(connected["msg"], "connected", "{connected}");
        assert_eq!(connected["session"].as_str().unwrap().len(), 17);
        self
    }

    /// Says a frame.
    pub async fn say(&mut self, frame: &Value) {
        self.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// Sends anything.
    pub async fn send(&mut self, message: Message) -> Result<(), Error> {
        self.frames.send(message).await
    }

    /// Sends many in one go; what is closed meanwhile takes no more.
    pub async fn send_at_once(&mut self, messages: Vec<Message>) {
        for message in messages {
            let _ = self.frames.feed(message).await;
        }
        let _ = self.frames.flush().await;
    }

    /// What comes next.
    pub async fn hear(&mut self) -> Heard {
        if let Some(frame) = self.kept.pop_front() {
            return Heard::Frame(frame);
        }
        loop {
            return match in_time("a frame", self.frames.next()).await {
                Some(Ok(Message::Text(text))) => Heard::Frame(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => {
                    Heard::Closed(code.into(), reason.to_string())
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => Heard::Broken,
                Some(Ok(_)) => continue,
            };
        }
    }

    /// The next frame.
    pub async fn frame(&mut self) -> Value {
        match self.hear().await {
            Heard::Frame(frame) => frame,
            other => panic!("{other:?} where a frame should be"),
        }
    }

    /// The next frame of this kind; others are kept.
    pub async fn frame_of(&mut self, msg: &str) -> Value {
        let mut others = VecDeque::new();
        let found = loop {
            let frame = self.frame().await;
            if frame["msg"] == msg {
                break frame;
            }
            others.push_back(frame);
        };
        others.append(&mut self.kept);
        self.kept = others;
        found
    }

    /// Frames up to the close, and its code.
    pub async fn until_closed(&mut self) -> (Vec<Value>, u16, String) {
        let mut frames = Vec::new();
        loop {
            match self.hear().await {
                Heard::Frame(frame) => frames.push(frame),
                Heard::Closed(code, reason) => return (frames, code, reason),
                Heard::Broken => panic!("it broke off after {frames:?}"),
            }
        }
    }

    /// What has come and was not heard, as bytes, and whether the other end has closed its side. Waits for
    /// nothing.
    pub fn unheard(&mut self) -> (String, bool) {
        let mut bytes = Vec::new();
        // Never blocks: tokio's sockets do not.
        let ended = self.below.read_to_end(&mut bytes).is_ok();
        (String::from_utf8_lossy(&bytes).into_owned(), ended)
    }

    /// Calls a method, and gives the answer's frame.
    pub async fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let id = self.calls.to_string();
        self.say(&json!({ "msg": "method", "id": id, "method": method, "params": params })).await;
        let result = self.frame_of("result").await;
        assert_eq!(result["id"], json!(id));
        assert_eq!(self.frame_of("updated").await["methods"], json!([id]));
        result
    }

    /// Signs in with a token, and gives the user's id.
    pub async fn resume(&mut self, token: &str) -> String {
        let result = self.call("login", json!([{ "resume": token }])).await;
        result["result"]["id"].as_str().unwrap_or_else(|| panic!("{result}")).into()
    }

    /// Listens for the end of its session.
    pub async fn listen(&mut self, user_id: &str) {
        let params = json!([format!("{user_id}/force_logout"), { "useCollection": false, "args": [] }]);
        self.say(&json!({ "msg": "sub", "id": "f", "name": "stream-notify-user", "params": params })).await;
        assert_eq!(self.frame_of("ready").await, json!({ "msg": "ready", "subs": ["f"] }));
    }
}
