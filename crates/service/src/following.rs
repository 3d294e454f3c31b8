//! Where in the ledger this node's index stands, and how it follows what other nodes commit.
//!
//! **Invariants**
//! - The index takes commits in by the ledger's order: this node's out of the writer's hand, others' out of the store.
//! - What the index answers is never older than the bound: a node that has not heard of the ledger's end for so long
//!   asks before it trusts its index, and refuses when there is no answer. The time counts from when the question was
//!   sent, on a clock that nobody sets and that runs while the machine sleeps.
//! - With a store of its own, the index stands at the end always, and nothing is asked.

use crate::changes::Changes;
use crate::endings::{Endings, Told};
use crate::lags::Lags;
use crate::load;
use crate::metrics::{CommittedBy, Metrics};
use crate::{Phase, Refusal, Service};
use parking_lot::Mutex;
use rollcall_index::{Loaded, Standing};
use rollcall_model::{Clock, Event, Happening, SessionNo, UserNo, limits};
use rollcall_store::chain::BEFORE_THE_FIRST;
use rollcall_store::{ChainEnd, Committed, Loading, Missed, SharedStore, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// The index, and where it stands.
pub(crate) struct Following {
    standing: Arc<Standing>,
    endings: Arc<Endings>,
    /// How old what is answered may be.
    bound: Duration,
    /// Where the ledger ends that the index stands for. Whoever moves it holds it.
    end: Mutex<ChainEnd>,
    /// Whether the index is filled: before that, `end` moves by itself.
    is_filled: AtomicBool,
    /// When the last question was sent that was answered, in nanoseconds: who asks a moment later has to ask again.
    confirmed_at: AtomicU64,
    /// Whoever asks holds it: one question at a time.
    asking: tokio::sync::Mutex<Asked>,
    /// Who was told last of what others ended, and has perhaps not let go yet.
    told: Mutex<Option<Told>>,
    /// Users that others made, and whose passwords' hashes may be of a kind that this node has not met.
    new_users: Mutex<Vec<UserNo>>,
    /// Who follows what the index takes in.
    pub changes: Changes,
    /// How late others' endings were known here.
    pub lags: Lags,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
}

/// How the last question went.
#[derive(Default)]
struct Asked {
    /// When the last one was sent that had no answer.
    failed_at: Option<Duration>,
}

/// Why a node does not go on.
#[derive(Debug)]
pub(crate) enum Stuck {
    /// It cannot say whether it is up to date.
    Behind,
    /// The store is of a version that this program does not know.
    Outdated,
}

impl Following {
    pub fn new(
        standing: Arc<Standing>,
        endings: Arc<Endings>,
        metrics: Arc<Metrics>,
        bound: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            standing,
            endings,
            bound,
            end: Mutex::new(BEFORE_THE_FIRST),
            is_filled: AtomicBool::new(false),
            confirmed_at: AtomicU64::new(0),
            asking: tokio::sync::Mutex::default(),
            told: Mutex::default(),
            new_users: Mutex::default(),
            changes: Changes::default(),
            lags: Lags::default(),
            metrics,
            clock,
        }
    }

    /// Where the ledger ends that the index stands for.
    pub fn end(&self) -> ChainEnd {
        *self.end.lock()
    }

    /// Says where the ledger ends, before the index is filled.
    pub fn begin_at(&self, end: ChainEnd) {
        *self.end.lock() = end;
    }

    /// Says that the index is filled, and where it stands.
    pub fn is_filled_to(&self, end: ChainEnd) {
        *self.end.lock() = end;
        self.is_filled.store(true, Ordering::Release);
    }

    /// Applies what this node committed, and gives it back. With it comes who was told already of what it ended: the
    /// index had it from the store before.
    pub async fn apply(self: &Arc<Self>, committed: Committed) -> (Committed, Option<Told>) {
        let (following, much) = (self.clone(), committed.events.len() as u64 > limits::APPLIED_IN_PLACE);
        let apply = move || {
            let told = following.apply_here(&committed);
            (committed, told)
        };
        apart(much, apply).await
    }

    fn apply_here(&self, committed: &Committed) -> Option<Told> {
        if committed.events.is_empty() {
            return None;
        }
        let mut end = self.end.lock();
        if committed.end.seq <= end.seq {
            return self.told.lock().take();
        }
        self.standing.apply(&committed.events);
        *end = committed.end;
        self.changes.committed(&committed.events, end.seq);
        None
    }

    /// Takes in what others committed.
    pub fn take_in(&self, missed: Missed) {
        let mut end = self.end.lock();
        if missed.end.seq <= end.seq {
            return;
        }
        if self.is_filled.load(Ordering::Acquire) {
            let mut ended = Vec::new();
            let changes = self.changes.of_pieces(&missed.pieces, &self.standing);
            for piece in missed.pieces {
                take_in(&self.standing, piece, &mut ended);
            }
            self.changes.tell(changes, missed.end.seq);
            let count = ended.len();
            if let Some(told) = self.endings.tell(ended) {
                *self.told.lock() = Some(told);
            }
            // Nobody had ended them when the last question was sent whose answer did not tell of it.
            let lag = self.age();
            self.metrics.revoked(count, CommittedBy::AnotherNode, lag);
            if count > 0 {
                self.lags.note(self.clock.running(), lag);
            }
        }
        self.new_users.lock().extend(missed.made);
        *end = missed.end;
    }

    /// Whether what the index says is young enough to be answered.
    fn is_current(&self) -> bool {
        self.age() <= self.bound
    }

    /// How long ago the last question was sent that was answered and whose answer was taken in.
    pub fn age(&self) -> Duration {
        let confirmed_at = Duration::from_nanos(self.confirmed_at.load(Ordering::Acquire));
        self.clock.running().saturating_sub(confirmed_at)
    }

    /// Users that others made since this was asked last.
    pub fn new_users(&self) -> Vec<UserNo> {
        std::mem::take(&mut self.new_users.lock())
    }

    /// Brings the index to where the ledger ends at this moment or later. Many who wait for that cost one question. It
    /// takes as long as there is much to be taken in; a store that says nothing is not waited for longer than the
    /// bound.
    async fn catch_up(self: &Arc<Self>, shared: &dyn SharedStore) -> Result<(), Stuck> {
        let since = self.clock.running();
        let mut asked = self.asking.lock().await;
        if self.confirmed_at.load(Ordering::Acquire) > nanos(since) {
            return Ok(());
        }
        if asked.failed_at.is_some_and(|failed_at| failed_at > since) {
            return Err(Stuck::Behind);
        }
        let sent_at = self.clock.running();
        match self.ask(shared).await {
            Ok(()) => {
                self.confirmed_at.store(nanos(sent_at), Ordering::Release);
                if asked.failed_at.take().is_some() {
                    tracing::info!("the store answers again: this node is up to date");
                }
                Ok(())
            }
            Err(error) => {
                end_at_a_fork(&error);
                let is_news = asked.failed_at.replace(sent_at).is_none();
                if matches!(error, StoreError::NotOurs(_)) {
                    tracing::error!(%error, "a newer rollcall has changed the store's schema: this one ends");
                    return Err(Stuck::Outdated);
                }
                if is_news {
                    tracing::warn!(%error, "the store does not answer: this node cannot say that it is up to date");
                }
                Err(Stuck::Behind)
            }
        }
    }

    async fn ask(self: &Arc<Self>, shared: &dyn SharedStore) -> Result<(), StoreError> {
        let head = timeout(self.bound, shared.head()).await.unwrap_or_else(|_| {
            // Nobody waits for its end, so nobody else counts it.
            let error = StoreError::Unavailable(format!("no answer in {:?}", self.bound));
            self.metrics.store.called("head", self.bound, Some(&error));
            Err(error)
        })?;
        let end = self.end();
        if head != end {
            let (following, missed) = (self.clone(), shared.missed(end).await?);
            let much = missed.end.seq.0.saturating_sub(end.seq.0) > limits::APPLIED_IN_PLACE;
            apart(much, move || following.take_in(missed)).await;
        }
        Ok(())
    }

    /// The same for whoever waits for an answer: not for longer than the bound.
    async fn catch_up_in_time(self: &Arc<Self>, shared: &dyn SharedStore) -> Result<(), Stuck> {
        timeout(self.bound, self.catch_up(shared)).await.unwrap_or(Err(Stuck::Behind))
    }
}

/// Changes the index, off the async threads when it is much: lists wait for those. A panic ends the process, since the
/// index may be half-applied.
async fn apart<T: Send + 'static>(much: bool, change: impl FnOnce() -> T + Send + 'static) -> T {
    if !much {
        return change();
    }
    match spawn_blocking(change).await {
        Ok(changed) => changed,
        Err(error) if error.is_panic() => std::process::abort(),
        // The process is about to end: nothing is begun any more.
        Err(_) => std::future::pending().await,
    }
}

/// A ledger that lost events, or has others in their place, is another one than the index was made of.
fn end_at_a_fork(error: &StoreError) {
    if matches!(error, StoreError::Forked(_)) {
        tracing::error!(%error, "the store went back behind what it had committed: the process ends, and a restart reads it anew");
        std::process::abort();
    }
}

fn take_in(standing: &Standing, piece: Loading, ended: &mut Vec<SessionNo>) {
    match piece {
        Loading::Sessions(sessions) => {
            let loaded: Vec<_> =
                sessions.into_iter().map(|(session, seen_at)| Loaded { session, seen_at }).collect();
            standing.note_opened(&loaded);
        }
        Loading::Ended(sessions) => {
            standing.note_ended(&sessions);
            ended.extend(sessions);
        }
        piece => load::take_in(standing, piece),
    }
}

/// The sessions that these events ended.
pub(crate) fn ended(events: &[Event]) -> impl Iterator<Item = SessionNo> {
    events.iter().filter_map(|event| match event.happening {
        Happening::SessionEnded { .. } => event.session,
        _ => None,
    })
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Service {
    /// Whether the index is no older than the bound.
    pub fn is_current(&self) -> bool {
        self.store.shared().is_none() || self.following.is_current()
    }

    /// Returns when the index is no older than the bound.
    pub(crate) async fn be_current(&self) -> Result<(), Refusal> {
        if self.is_current() { Ok(()) } else { self.catch_up().await }
    }

    /// Returns when the index has all that is committed at this moment.
    pub async fn catch_up(&self) -> Result<(), Refusal> {
        let Some(shared) = self.store.shared() else { return Ok(()) };
        self.following.catch_up_in_time(shared).await.map_err(|_| Refusal::Unavailable)
    }

    /// The same, however much there is to be taken in: before anybody waits.
    pub(crate) async fn catch_up_at_start(&self) -> Result<(), StoreError> {
        let Some(shared) = self.store.shared() else { return Ok(()) };
        let caught_up = self.following.catch_up(shared).await;
        caught_up.map_err(|_| StoreError::Unavailable("what others committed could not be read".into()))
    }

    /// Follows what others commit, until the service stops.
    pub(crate) async fn keep_following(self: Arc<Self>) {
        let Some(shared) = self.store.shared() else { return };
        let mut ticks = self.ticks(limits::FOLLOW_PERIOD);
        while ticks.next().await {
            // What it says of a failure is in the log already.
            if let Err(Stuck::Outdated) = self.following.catch_up(shared).await {
                self.phase.send_replace(Phase::Outdated);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_index::Readers;
    use rollcall_model::Seq;
    use rollcall_model::clock::SystemClock;
    use rollcall_store::{Answer, Lease, NodeReport};
    use tokio::time::sleep;

    const BOUND: Duration = Duration::from_secs(1);

    /// A store of others, with so much to be taken in that it takes long.
    struct Busy(ChainEnd);

    impl SharedStore for Busy {
        fn head(&self) -> Answer<'_, ChainEnd> {
            Box::pin(async { Ok(self.0) })
        }

        fn clock(&self) -> Arc<dyn Clock> {
            Arc::new(SystemClock)
        }

        fn missed(&self, _after: ChainEnd) -> Answer<'_, Missed> {
            Box::pin(async {
                sleep(BOUND * 10).await;
                Ok(Missed { end: self.0, pieces: Vec::new(), made: Vec::new() })
            })
        }

        fn lease(&self, _what: Lease, _holder: u64, _time: Duration) -> Answer<'_, bool> {
            Box::pin(async { Ok(true) })
        }

        fn release(&self, _what: Lease, _holder: u64) -> Answer<'_, ()> {
            Box::pin(async { Ok(()) })
        }

        fn report(&self, _report: NodeReport) -> Answer<'_, ()> {
            Box::pin(async { Ok(()) })
        }

        fn reports(&self, _within: Duration) -> Answer<'_, Vec<NodeReport>> {
            Box::pin(async { Ok(Vec::new()) })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_missed_much_takes_it_in_while_whoever_asks_is_refused_in_time() {
        let device = |agent: &str| rollcall_user_agent::device(Some(agent));
        let readers = Readers { device, fragment: |_, _| String::new() };
        let standing = Arc::new(Standing::new(readers, None));
        let metrics = Arc::new(Metrics::new());
        let following =
            Arc::new(Following::new(standing, Arc::default(), metrics, BOUND, Arc::new(SystemClock)));
        following.is_filled_to(BEFORE_THE_FIRST);
        let store = Busy(ChainEnd { seq: Seq(9), hash: [9; 32] });
        let (followed, asked) = tokio::join!(
            biased;
            following.catch_up(&store),
            following.catch_up_in_time(&store),
        );
        assert!(followed.is_ok() && asked.is_err());
        assert_eq!(following.end(), store.0);
        // There is nothing more: a question is enough.
        assert!(following.catch_up_in_time(&store).await.is_ok());
    }
}
