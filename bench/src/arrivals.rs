//! An open loop: requests come at a rate, whatever became of those before them.

use crate::client::Connection;
use crate::drive::count;
use crate::figures::percentile;
use anyhow::{Context, Result, bail};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How often it is looked for what is due.
const TICK: Duration = Duration::from_millis(1);

/// Where requests come from, and where answers go.
pub trait Source: Send + 'static {
    /// What is known of a request until its answer comes.
    type About: Send + 'static;
    /// The next request, ready to be written; none when there is nothing left to ask.
    fn next(&mut self) -> Option<(Vec<u8>, Self::About)>;
    /// Takes the body of an answer.
    fn take(&mut self, about: Self::About, body: &[u8]);
}

/// Requests in turn.
pub struct InTurn {
    requests: Vec<Vec<u8>>,
    asked: usize,
}

impl InTurn {
    /// From the first one on.
    pub const fn new(requests: Vec<Vec<u8>>) -> Self {
        Self { requests, asked: 0 }
    }
}

impl Source for InTurn {
    type About = ();

    fn next(&mut self) -> Option<(Vec<u8>, ())> {
        self.asked += 1;
        let request = self.requests.get((self.asked - 1) % self.requests.len().max(1))?;
        Some((request.clone(), ()))
    }

    fn take(&mut self, (): (), _body: &[u8]) {}
}

/// A stream of requests.
pub struct Arrivals<S> {
    source: Arc<Mutex<S>>,
    /// The one used longest ago first: the server closes those that are idle for long.
    connections: Arc<Mutex<VecDeque<Connection>>>,
    free: Arc<Semaphore>,
    per_s: f64,
}

/// What came of a stream in some time.
#[derive(Default)]
pub struct Answered {
    /// Requests that were due.
    pub offered: usize,
    /// How long each answer took, from when its request was due, in nanoseconds, sorted.
    pub waits_ns: Vec<u32>,
    /// Answers with another status than 200, and the first of them.
    pub refused: usize,
    /// The first of them.
    pub refusal: Option<String>,
    /// From the first request to the last answer.
    pub took: Duration,
}

impl<S: Source> Arrivals<S> {
    /// A stream over so many connections; a request waits when none of them is free.
    pub async fn open(address: SocketAddr, source: S, per_s: f64, connections: usize) -> Result<Self> {
        let mut open = VecDeque::with_capacity(connections);
        for _ in 0..connections {
            open.push_back(Connection::open(address).await?);
        }
        let free = Arc::new(Semaphore::new(connections));
        let connections = Arc::new(Mutex::new(open));
        Ok(Self { source: Arc::new(Mutex::new(source)), connections, free, per_s })
    }

    /// Asks for a while, and waits for the last answers.
    pub async fn offer(&self, time: Duration) -> Result<Answered> {
        let (began, mut answered) = (Instant::now(), Answered::default());
        let mut asking = JoinSet::new();
        while began.elapsed() < time {
            while count(answered.offered) < began.elapsed().as_secs_f64() * self.per_s {
                let Some((request, about)) = lock(&self.source).next() else { break };
                answered.offered += 1;
                asking.spawn(self.ask(request, about, Instant::now()));
            }
            while let Some(asked) = asking.try_join_next() {
                answered.note(asked??);
            }
            tokio::time::sleep(TICK).await;
        }
        while let Some(asked) = asking.join_next().await {
            answered.note(asked??);
        }
        answered.took = began.elapsed();
        answered.waits_ns.sort_unstable();
        Ok(answered)
    }

    /// Asks one request, due at this instant.
    fn ask(
        &self,
        request: Vec<u8>,
        about: S::About,
        due: Instant,
    ) -> impl Future<Output = Result<(Duration, Option<String>)>> + use<S> {
        let (free, connections, source) = (self.free.clone(), self.connections.clone(), self.source.clone());
        async move {
            let place = free.acquire_owned().await?;
            let mut connection = lock(&connections).pop_front().context("a place without a connection")?;
            let answer = connection.exchange(&request).await?;
            let took = due.elapsed();
            let refusal = (!answer.ok).then(|| {
                let said = [answer.head, answer.body].map(String::from_utf8_lossy);
                format!("{} {}", said[0].lines().next().unwrap_or_default(), said[1])
            });
            if refusal.is_none() {
                lock(&source).take(about, answer.body);
            }
            lock(&connections).push_back(connection);
            drop(place);
            Ok((took, refusal))
        }
    }
}

impl Answered {
    fn note(&mut self, (took, refusal): (Duration, Option<String>)) {
        self.waits_ns.push(u32::try_from(took.as_nanos()).unwrap_or(u32::MAX));
        if refusal.is_some() {
            self.refused += 1;
            self.refusal = self.refusal.take().or(refusal);
        }
    }

    /// Puts what came of the stream at another time to this.
    pub fn add(&mut self, other: Self) {
        self.offered += other.offered;
        self.refused += other.refused;
        self.refusal = self.refusal.take().or(other.refusal);
        self.took += other.took;
        self.waits_ns.extend(other.waits_ns);
        self.waits_ns.sort_unstable();
    }

    /// Answers in a second.
    pub fn per_s(&self) -> f64 {
        count(self.waits_ns.len()) / self.took.as_secs_f64()
    }

    /// So many hundredths took no longer, in milliseconds.
    pub fn ms(&self, hundredths: usize) -> f64 {
        percentile(&self.waits_ns, hundredths) / 1e6
    }

    /// Fails where more than a few were refused: then it is something else that was measured.
    pub fn expect_answers(&self, what: &str) -> Result<()> {
        if self.refused * 100 > self.waits_ns.len() {
            let refusal = self.refusal.as_deref().unwrap_or_default();
            bail!("{} of {} {what} were refused: {refusal}", self.refused, self.waits_ns.len());
        }
        Ok(())
    }
}

/// A lock that nobody holds over an await.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
