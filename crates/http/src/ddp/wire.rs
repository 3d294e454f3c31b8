//! Frames to and from one socket. Nothing here waits for the other end to read: what is said is kept, within
//! a bound, and sent whenever the socket is asked for what comes next.

use super::Close;
use futures_util::{Sink, SinkExt, Stream};
use rollcall_model::limits;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// Bytes that a socket reads at once: most frames are short, and sockets are many.
const READ_BYTES: usize = 4 << 10;

/// One socket's frames.
pub struct Wire<S> {
    socket: WebSocketStream<S>,
    unsent: VecDeque<String>,
    unsent_bytes: usize,
}

/// What came from the other end.
#[derive(Debug)]
pub enum Frame {
    /// Text.
    Text(Utf8Bytes),
    /// A frame of the protocol below, which is answered there: the other end is alive.
    Alive,
    /// The other end cannot be gone on with: it is closed like this.
    Bad(Close),
    /// The other end closes.
    Closing,
    /// The other end is gone.
    Gone,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// A socket whose handshake below is done.
    pub async fn new(io: S) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(2 * limits::FRAMES_WAITING_BYTES)
            .max_message_size(Some(limits::FRAME_BYTES))
            .max_frame_size(Some(limits::FRAME_BYTES));
        let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        Self { socket, unsent: VecDeque::new(), unsent_bytes: 0 }
    }

    /// Says something, as soon as the other end reads.
    pub fn say(&mut self, text: String) {
        self.unsent_bytes += text.len();
        self.unsent.push_back(text);
    }

    /// Says several things.
    pub fn say_all(&mut self, texts: impl IntoIterator<Item = String>) {
        for text in texts {
            self.say(text);
        }
    }

    /// Sends what was said, and waits for the next frame; but for none while `read` is false, or while the other
    /// end does not read what was said. May be given up and asked again at any time.
    pub async fn next(&mut self, read: bool) -> Frame {
        poll_fn(|cx| {
            if let Poll::Ready(Err(_)) = self.poll_send(cx) {
                return Poll::Ready(Frame::Gone);
            }
            if !read || self.unsent_bytes > limits::FRAMES_WAITING_BYTES {
                return Poll::Pending;
            }
            Pin::new(&mut self.socket).poll_next(cx).map(frame)
        })
        .await
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.unsent.is_empty() {
            ready!(Pin::new(&mut self.socket).poll_ready(cx))?;
            let Some(text) = self.unsent.pop_front() else { break };
            self.unsent_bytes -= text.len();
            Pin::new(&mut self.socket).start_send(Message::text(text))?;
        }
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    /// Says this and closes, within a bound. What was said before and not sent is dropped when `urgent`.
    pub async fn close(&mut self, last_words: Option<String>, close: Close, urgent: bool) {
        if urgent {
            self.unsent.clear();
            self.unsent_bytes = 0;
        }
        self.say_all(last_words);
        let frame = CloseFrame { code: CloseCode::from(close.code), reason: close.reason.into() };
        let said = async {
            poll_fn(|cx| self.poll_send(cx)).await?;
            self.socket.send(Message::Close(Some(frame))).await?;
            self.socket.get_mut().shutdown().await.map_err(Error::Io)
        };
        in_time(said).await;
    }

    /// Answers the other end, which closes. What was said before and not sent is dropped.
    pub async fn answer_close(&mut self) {
        let answered = async {
            // The answer waits in the layer below since the close was read.
            self.socket.flush().await?;
            self.socket.get_mut().shutdown().await.map_err(Error::Io)
        };
        in_time(answered).await;
    }

    /// Waits until the other end has closed too: a connection that is dropped with something unread may take
    /// along what was just said to it. What still comes is not looked at.
    pub async fn linger(mut self) {
        let mut ignored = [0; 256];
        let gone =
            async { while self.socket.get_mut().read(&mut ignored).await.is_ok_and(|read| read > 0) {} };
        let _ = tokio::time::timeout(limits::LINGER_TIME, gone).await;
    }
}

/// Last words, unless the other end does not read them in time.
async fn in_time(saying: impl Future<Output = Result<(), Error>>) {
    match tokio::time::timeout(limits::LAST_WORDS_TIME, saying).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a socket ended before it was closed"),
        Err(_) => tracing::debug!("a socket does not read: it is dropped"),
    }
}

fn frame(next: Option<Result<Message, Error>>) -> Frame {
    match next {
        Some(Ok(Message::Text(text))) => Frame::Text(text),
        Some(Ok(Message::Binary(_))) => Frame::Bad(Close::BINARY),
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Frame::Alive,
        Some(Err(Error::Capacity(CapacityError::MessageTooLong { .. }))) => Frame::Bad(Close::TOO_LONG),
        Some(Err(Error::Utf8(_))) => Frame::Bad(Close::NOT_TEXT),
        Some(Err(Error::Protocol(_))) => Frame::Bad(Close::BAD_FRAME),
        Some(Ok(Message::Close(_))) => Frame::Closing,
        Some(Err(_)) | None => Frame::Gone,
    }
}
