//! A way to the database of tests that can be cut, slowed down, or lose what matters.

use crate::postgres::{Database, Postgres};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{Mutex, watch};
use tokio::time::sleep;

/// What becomes of what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It arrives.
    Open,
    /// Whoever is connected is cut off, and so is whoever comes.
    Cut,
    /// It arrives when the way is another one again, as what is lost is sent anew.
    Swallows,
    /// Each piece takes so long.
    Slow(Duration),
    /// The next end of a transaction arrives, and its answer does not: the connection is gone.
    LosesTheAnswer,
    /// The same, and the way is cut from then on.
    LosesAllAfterTheCommit,
    /// The next end of a transaction does not arrive: the connection is gone.
    LosesTheCommit,
}

/// How the message ends by which a transaction does, and its answer.
const COMMIT: &[u8] = b"COMMIT\0";
/// What is passed on at once: more than a commit of a test.
const PIECE: usize = 1 << 20;

/// The way.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    way: watch::Sender<Way>,
    target: Mutex<PathBuf>,
    lost: AtomicUsize,
}

impl Proxy {
    /// Opens one to the server that tests share.
    pub async fn new() -> Self {
        Self::to(Database::server()).await
    }

    /// Opens one to a server.
    pub async fn to(server: &Postgres) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let way = watch::Sender::new(Way::Open);
        let inner = Arc::new(Inner { way, target: Mutex::new(server.socket()), lost: AtomicUsize::new(0) });
        let serving = inner.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(client));
            }
        });
        Self { address, inner }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets what becomes of what is sent from now on.
    pub fn set(&self, way: Way) {
        self.inner.way.send_replace(way);
    }

    /// Leads to another server from now on; whoever is connected is cut off.
    pub async fn lead_to(&self, server: &Postgres) {
        self.set(Way::Cut);
        *self.inner.target.lock().await = server.socket();
        self.set(Way::Open);
    }

    /// How many ends of transactions or answers to them were lost.
    pub fn lost(&self) -> usize {
        self.inner.lost.load(Ordering::Relaxed)
    }
}

impl Inner {
    async fn serve(self: Arc<Self>, client: TcpStream) {
        let _ = client.set_nodelay(true);
        let target = self.target.lock().await.clone();
        if *self.way.borrow() == Way::Cut {
            return;
        }
        let Ok(server) = UnixStream::connect(target).await else { return };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let mute = AtomicBool::new(false);
        // Whichever ends first ends both.
        tokio::select! {
            () = self.ask(from_client, to_server, &mute) => {}
            () = self.answer(from_server, to_client, &mute) => {}
        }
    }

    async fn ask(
        &self,
        mut client: impl AsyncRead + Unpin,
        mut server: impl AsyncWrite + Unpin,
        mute: &AtomicBool,
    ) {
        let mut piece = vec![0; PIECE];
        while let Some((piece, way)) = self.next(&mut client, &mut piece).await {
            if holds_commit(piece) && matches!(way, Way::LosesTheAnswer | Way::LosesAllAfterTheCommit) {
                mute.store(true, Ordering::Relaxed);
            } else if holds_commit(piece) && way == Way::LosesTheCommit {
                return self.is_lost(Way::Open);
            }
            if server.write_all(piece).await.is_err() {
                return;
            }
        }
    }

    async fn answer(
        &self,
        mut server: impl AsyncRead + Unpin,
        mut client: impl AsyncWrite + Unpin,
        mute: &AtomicBool,
    ) {
        let mut piece = vec![0; PIECE];
        while let Some((piece, way)) = self.next(&mut server, &mut piece).await {
            if !mute.load(Ordering::Relaxed) {
                if client.write_all(piece).await.is_err() {
                    return;
                }
            } else if holds_commit(piece) {
                return self.is_lost(if way == Way::LosesAllAfterTheCommit { Way::Cut } else { Way::Open });
            }
        }
    }

    /// What comes next, when it may arrive; nothing more when the connection is over.
    async fn next<'a>(
        &self,
        from: &mut (impl AsyncRead + Unpin),
        piece: &'a mut [u8],
    ) -> Option<(&'a [u8], Way)> {
        let mut way = self.way.subscribe();
        let read = tokio::select! {
            read = from.read(piece) => read.ok()?,
            _ = way.wait_for(|way| *way == Way::Cut) => return None,
        };
        let now = *way.borrow_and_update();
        if let Way::Slow(time) = now {
            sleep(time).await;
        }
        let now = *way.wait_for(|way| *way != Way::Swallows).await.ok()?;
        (read > 0 && now != Way::Cut).then_some((&piece[..read], now))
    }

    /// What was to be lost is lost.
    fn is_lost(&self, then: Way) {
        self.way.send_replace(then);
        self.lost.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whether it has the end of a transaction, or the answer to it.
fn holds_commit(piece: &[u8]) -> bool {
    piece.windows(COMMIT.len()).any(|part| part == COMMIT)
}
