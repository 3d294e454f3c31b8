//! The load: a closed loop over a few connections, in one thread of this process, for a while.

use crate::client::Connection;
use crate::process;
use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Requests, ready to be written, asked in turn by all connections of all loads: one that must not have been asked
/// lately comes again when all others have been.
pub struct Requests {
    all: Vec<Vec<u8>>,
    asked: AtomicUsize,
}

impl FromIterator<Vec<u8>> for Requests {
    fn from_iter<I: IntoIterator<Item = Vec<u8>>>(requests: I) -> Self {
        Self { all: requests.into_iter().collect(), asked: AtomicUsize::new(0) }
    }
}

impl Requests {
    /// How many there are.
    pub const fn count(&self) -> usize {
        self.all.len()
    }

    /// The next one.
    pub fn next(&self) -> &[u8] {
        &self.all[self.asked.fetch_add(1, Ordering::Relaxed) % self.all.len()]
    }
}

/// What is asked of whom, how.
pub struct Load {
    /// The requests.
    pub requests: Arc<Requests>,
    /// Connections, each of which asks when it has its answer.
    pub connections: usize,
    /// For how long.
    pub time: Duration,
    /// Whether this thread never sleeps: for a driver that has a core of its own.
    pub awake: bool,
}

/// What came of it.
pub struct Measured {
    /// Answers in a second.
    pub per_s: f64,
    /// How long each answer took, in nanoseconds, sorted.
    pub waits_ns: Vec<u32>,
    /// Processor time of the server for each answer, in microseconds.
    pub server_us: f64,
    /// The part of the time in which the server ran, of one core.
    pub server_busy: f64,
}

/// Beyond the time itself; a load that takes longer has failed.
const GRACE: Duration = Duration::from_secs(30);

/// Puts a load on the server and measures it.
pub async fn drive(address: SocketAddr, server: u32, load: &Load) -> Result<Measured> {
    let mut connections = Vec::with_capacity(load.connections);
    for _ in 0..load.connections {
        let mut connection = Connection::open(address).await?;
        // The first request of a connection is not counted.
        connection.exchange(load.requests.next()).await?;
        connections.push(connection);
    }
    let before = process::cpu(server)?;
    let began = Instant::now();
    let end = began + load.time;
    let ask = |connection| tokio::spawn(ask_until(connection, load.requests.clone(), end));
    let asking: Vec<_> = connections.into_iter().map(ask).collect();
    let awake = load.awake.then(|| tokio::spawn(stay_awake()));
    let mut waits_ns = Vec::new();
    for asking in asking {
        let asked = tokio::time::timeout(load.time + GRACE, asking).await.context("the load does not end")?;
        waits_ns.extend(asked??);
    }
    let took = began.elapsed().as_secs_f64();
    if let Some(awake) = awake {
        awake.abort();
    }
    let after = process::cpu(server)?;
    if waits_ns.is_empty() {
        bail!("nothing was answered");
    }
    waits_ns.sort_unstable();
    let answers = count(waits_ns.len());
    let server_s = after.saturating_sub(before).as_secs_f64();
    Ok(Measured {
        per_s: answers / took,
        waits_ns,
        server_us: server_s * 1e6 / answers,
        server_busy: server_s / took,
    })
}

/// Keeps this thread from sleeping. Waking it would be the server's work, in its `write`, and more of it the
/// longer an answer takes: the slower of two cases would be charged for what the load does.
async fn stay_awake() {
    loop {
        tokio::task::yield_now().await;
    }
}

async fn ask_until(mut connection: Connection, requests: Arc<Requests>, end: Instant) -> Result<Vec<u32>> {
    let mut waits = Vec::with_capacity(1 << 14);
    let mut asked_at = Instant::now();
    loop {
        let answer = connection.ask(requests.next()).await?;
        if !answer.ok {
            bail!("refused: {}", String::from_utf8_lossy(answer.body));
        }
        let now = Instant::now();
        waits.push(u32::try_from((now - asked_at).as_nanos()).unwrap_or(u32::MAX));
        if now >= end {
            return Ok(waits);
        }
        asked_at = now;
    }
}

/// A count as a number to calculate with.
#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
pub const fn count(n: usize) -> f64 {
    n as f64
}
