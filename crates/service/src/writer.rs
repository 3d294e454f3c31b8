//! The one way to change anything: commands wait here, are gathered into one commit, and are answered
//! when it is durable, this node's index has applied it, and whatever was open for the sessions that the
//! command ended is closed.
//!
//! **Invariants**
//! - One batch is under way at a time; the index stands at the head when the next is decided.
//! - A full queue refuses at once. An engine's error re-runs the batch one by one, so that one command
//!   that the engine cannot take does not take its neighbours along; but only when the ledger ends where it
//!   ended before, so that nothing is done twice.
//! - A panic here ends the process: a restart is safe, a half-applied index is not.

use crate::endings::{Endings, Told};
use crate::error::NotWritten;
use crate::following::{Following, ended};
use crate::metrics::{CommittedBy, Metrics};
use rollcall_index::Standing;
use rollcall_model::{Clock, Command, Event, Happening, Receipt, Refused, SessionNo, UserNo, limits};
use rollcall_store::{ChainEnd, LiveSets, Missed, Store, StoreError};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

/// A handle on the writing task.
#[derive(Debug)]
pub struct Writer {
    queue: parking_lot::Mutex<Option<mpsc::Sender<Waiting>>>,
    task: parking_lot::Mutex<Option<JoinHandle<()>>>,
}

struct Waiting {
    command: Command,
    answer: oneshot::Sender<Result<Written, NotWritten>>,
}

/// A command that was carried out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    /// Where its events stand.
    pub receipt: Receipt,
    /// How long after the commit this node's index knew of it.
    pub lag: Duration,
}

impl Writer {
    /// Starts the task.
    pub fn start(
        store: Arc<dyn Store>,
        standing: Arc<Standing>,
        following: Arc<Following>,
        endings: Arc<Endings>,
        mail_queued: Arc<Notify>,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let (queue, inbox) = mpsc::channel(limits::WRITER_QUEUE);
        let sets = Arc::new(Sets { standing, following: following.clone() });
        let writing = Writing { store, following, endings, sets, clock, mail_queued, metrics };
        let task = tokio::spawn(writing.run(inbox));
        Self { queue: Some(queue).into(), task: Some(task).into() }
    }

    /// Carries a command out, or says why not.
    pub async fn run(&self, command: Command) -> Result<Receipt, NotWritten> {
        self.write(command).await.map(|written| written.receipt)
    }

    /// The same, and how long it took until it was known here.
    pub async fn write(&self, command: Command) -> Result<Written, NotWritten> {
        let queue = self.queue.lock().clone().ok_or(NotWritten::Unavailable)?;
        let (answer, answered) = oneshot::channel();
        queue.try_send(Waiting { command, answer }).map_err(|_| {
            tracing::warn!("the writer's queue is full or closed: a command was turned away");
            NotWritten::Unavailable
        })?;
        answered.await.unwrap_or(Err(NotWritten::Unavailable))
    }

    /// How many commands wait.
    pub fn waiting(&self) -> usize {
        self.queue.lock().as_ref().map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    /// Takes no more commands, and returns when those that were taken are answered.
    pub async fn close(&self) {
        self.queue.lock().take();
        let task = self.task.lock().take();
        if let Some(task) = task {
            // The task itself never fails: a panic has ended the process.
            let _ = task.await;
        }
    }
}

struct Sets {
    standing: Arc<Standing>,
    following: Arc<Following>,
}

impl LiveSets for Sets {
    fn sessions_of(&self, user: UserNo) -> Vec<SessionNo> {
        self.standing.sessions_of(user)
    }

    fn count_of(&self, user: UserNo) -> usize {
        self.standing.count_of(user)
    }

    fn end(&self) -> Option<ChainEnd> {
        Some(self.following.end())
    }

    fn take_in(&self, missed: Missed) {
        self.following.take_in(missed);
    }
}

struct Writing {
    store: Arc<dyn Store>,
    following: Arc<Following>,
    endings: Arc<Endings>,
    sets: Arc<Sets>,
    clock: Arc<dyn Clock>,
    /// Rung for whoever delivers mails.
    mail_queued: Arc<Notify>,
    metrics: Arc<Metrics>,
}

/// Ends the process when the thread unwinds through it.
struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("the writer panicked: the process ends, since its index may be half-applied");
            std::process::abort();
        }
    }
}

impl Writing {
    async fn run(self, mut inbox: mpsc::Receiver<Waiting>) {
        let _abort = AbortOnPanic;
        let mut waiting = Vec::new();
        while inbox.recv_many(&mut waiting, limits::BATCH_COMMANDS).await > 0 {
            gather(&mut inbox, &mut waiting).await;
            let (commands, answers): (Vec<_>, Vec<_>) =
                waiting.drain(..).map(|waiting| (waiting.command, waiting.answer)).unzip();
            let outcomes = self.commit(commands).await;
            for (answer, Outcome { result, told }) in answers.into_iter().zip(outcomes) {
                // Whoever asked may have gone; what was committed stays.
                match told {
                    None => drop(answer.send(result)),
                    // Others do not wait for what was open for these sessions.
                    Some(told) => drop(tokio::spawn(async {
                        told.heard().await;
                        let _ = answer.send(result);
                    })),
                }
            }
        }
    }

    async fn commit(&self, commands: Vec<Command>) -> Vec<Outcome> {
        let commands: Arc<[Command]> = commands.into();
        match self.try_commit(commands.clone()).await {
            Ok(outcomes) => outcomes,
            Err(error) if self.is_of_one(&error).await && commands.len() > 1 => {
                let mut outcomes = Vec::with_capacity(commands.len());
                for command in &*commands {
                    let alone = self.try_commit([command.clone()].into()).await;
                    let outcome = alone.ok().and_then(|mut outcomes| outcomes.pop());
                    outcomes.push(outcome.unwrap_or(Outcome::UNAVAILABLE));
                }
                outcomes
            }
            Err(_) => commands.iter().map(|_| Outcome::UNAVAILABLE).collect(),
        }
    }

    /// Whether a commit may have failed by one of its commands, so that the others are to be tried without it.
    async fn is_of_one(&self, error: &StoreError) -> bool {
        match self.store.shared() {
            Some(_) => matches!(error, StoreError::Rejected(_)),
            None => self.nothing_happened().await && matches!(error, StoreError::Rejected(_)),
        }
    }

    /// Whether the ledger ends where it did before a commit failed, to which nobody else commits. When it does not,
    /// the commit took place all the same, and the index does not know of it: then the process ends, and a restart
    /// reads the truth.
    async fn nothing_happened(&self) -> bool {
        match self.store.end().await {
            Ok(end) if end == self.following.end() => true,
            Ok(end) => {
                tracing::error!(
                    seq = end.seq.0,
                    "a failed commit took place: the process ends, a restart is safe"
                );
                std::process::abort();
            }
            Err(_) => false,
        }
    }

    async fn try_commit(&self, commands: Arc<[Command]>) -> Result<Vec<Outcome>, StoreError> {
        let count = commands.len();
        let committed = self.store.commit(commands, self.sets.clone(), self.clock.now()).await;
        let committed = committed.inspect_err(|error| tracing::error!(%error, "a commit failed"))?;
        let committed_at = Instant::now();
        let (committed, told_already) = self.following.apply(committed).await;
        if committed.events.iter().any(|event| matches!(event.happening, Happening::MailQueued { .. })) {
            self.mail_queued.notify_one();
        }
        if let Some(told) = told_already {
            told.heard().await;
        }
        let outcomes = self.tell(&committed.events, committed.answers, committed_at.elapsed());
        self.metrics.committed(count, &committed.events);
        let ended = ended(&committed.events).count();
        self.metrics.revoked(ended, CommittedBy::ThisNode, committed_at.elapsed());
        Ok(outcomes)
    }

    /// Tells those who wait for the sessions that were ended; each command waits for those of its own.
    fn tell(&self, events: &[Event], answers: Vec<Result<Receipt, Refused>>, lag: Duration) -> Vec<Outcome> {
        let mut rest = events;
        let each = answers.into_iter().map(|answer| {
            let Ok(receipt) = answer else {
                let result = answer.map_err(NotWritten::Refused);
                return Outcome { result: result.map(|receipt| Written { receipt, lag }), told: None };
            };
            let own;
            (own, rest) = rest.split_at(rest.partition_point(|event| event.seq <= receipt.last));
            Outcome { result: Ok(Written { receipt, lag }), told: self.endings.tell(ended(own)) }
        });
        each.collect()
    }
}

/// Lets others run for a moment, and takes what they ask: those who were just answered are among this batch and not the
/// next one, and one sync is for all of them.
async fn gather(inbox: &mut mpsc::Receiver<Waiting>, waiting: &mut Vec<Waiting>) {
    for _ in 0..limits::GATHERING_ROUNDS {
        tokio::task::yield_now().await;
        let before = waiting.len();
        while waiting.len() < limits::BATCH_COMMANDS
            && let Ok(more) = inbox.try_recv()
        {
            waiting.push(more);
        }
        if waiting.len() == before {
            return;
        }
    }
}

/// What became of a command, and who has yet to hear of the sessions that it ended.
struct Outcome {
    result: Result<Written, NotWritten>,
    told: Option<Told>,
}

impl Outcome {
    const UNAVAILABLE: Self = Self { result: Err(NotWritten::Unavailable), told: None };
}
