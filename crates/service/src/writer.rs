//! The one way to change anything: commands wait here, are gathered into one commit, and are answered
//! when it is durable, this node's index has applied it, and whatever was open for the sessions that the
//! command ended is closed.
//!
//! **Invariants**
//! - One batch is decided at a time, on the index and the one batch before it, which becomes durable and is applied
//!   and answered meanwhile. On a store that others commit to, each is applied before the next is decided.
//! - A full queue refuses at once. An engine's error re-runs the batch one by one, so that one command
//!   that the engine cannot take does not take its neighbours along; but only when the ledger ends where it
//!   ended before, so that nothing is done twice.
//! - A panic here ends the process: a restart is safe, a half-applied index is not.

use crate::endings::{Endings, Told};
use crate::error::NotWritten;
use crate::following::{Following, ended};
use crate::metrics::{CommittedBy, Metrics};
use crate::sets::Sets;
use rollcall_index::Standing;
use rollcall_model::{Clock, Command, Event, Happening, Receipt, Refused, limits};
use rollcall_store::{Committed, Store, StoreError};
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

type Answer = oneshot::Sender<Result<Written, NotWritten>>;

struct Waiting {
    command: Command,
    answer: Answer,
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
        let sets = Arc::new(Sets::new(standing, following.clone()));
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
        let mut ahead = None;
        loop {
            let others = ahead.as_ref().map_or(0, Batch::len);
            let (next, ()) = tokio::join!(self.next(&mut inbox, others), self.finish(ahead.take()));
            match next {
                None => return,
                Some(Err(failed)) => self.one_by_one(failed).await,
                // What others commit to is decided on the index alone.
                Some(Ok(batch)) if self.store.shared().is_some() => self.finish(Some(batch)).await,
                Some(Ok(batch)) => {
                    self.sets.go_ahead(&batch.committed);
                    ahead = Some(batch);
                }
            }
        }
    }

    /// Waits for commands and has them decided and written, while so many others have still to be answered; nothing
    /// when there are no more.
    async fn next(
        &self,
        inbox: &mut mpsc::Receiver<Waiting>,
        others: usize,
    ) -> Option<Result<Batch, Failed>> {
        let mut waiting = vec![inbox.recv().await?];
        gather(inbox).await;
        let all = others + waiting.len() + inbox.len();
        let most = if self.store.shared().is_some() { limits::BATCH_COMMANDS } else { fair_part(all) };
        while waiting.len() < most
            && let Ok(more) = inbox.try_recv()
        {
            waiting.push(more);
        }
        let (commands, answers): (Vec<_>, Vec<_>) =
            waiting.into_iter().map(|waiting| (waiting.command, waiting.answer)).unzip();
        let commands: Arc<[Command]> = commands.into();
        Some(match self.commit(commands.clone()).await {
            Ok(committed) => Ok(Batch { committed, answers }),
            Err(error) => Err(Failed { commands, answers, error }),
        })
    }

    async fn commit(&self, commands: Arc<[Command]>) -> Result<Committed, StoreError> {
        let committed = self.store.commit_ahead(commands, self.sets.clone(), self.clock.now()).await;
        committed.inspect_err(|error| tracing::error!(%error, "a commit failed"))
    }

    /// Waits until a batch is on the disk, applies it and answers.
    async fn finish(&self, batch: Option<Batch>) {
        if let Some(Batch { committed, answers }) = batch {
            let is_durable = self.is_durable().await;
            answer(answers, self.outcomes(committed, is_durable).await);
        }
    }

    /// Whether all that was committed is on the disk. Where others commit too, a commit is answered when it is.
    async fn is_durable(&self) -> bool {
        if self.store.shared().is_some() {
            return true;
        }
        let settled = self.store.settle().await;
        settled.inspect_err(|error| tracing::error!(%error, "a commit is not durable")).is_ok()
    }

    /// Carries out what it can of a batch whose commit failed.
    async fn one_by_one(&self, Failed { commands, answers, error }: Failed) {
        let is_of_one = self.is_of_one(&error).await && commands.len() > 1;
        for (command, one) in commands.iter().zip(answers) {
            let alone =
                if is_of_one { self.commit([command.clone()].into()).await } else { Err(error.clone()) };
            match alone {
                Ok(committed) => self.finish(Some(Batch { committed, answers: vec![one] })).await,
                Err(_) => answer(vec![one], vec![Outcome::UNAVAILABLE]),
            }
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

    /// Applies a batch, and says what came of each of its commands. One that did not become durable is applied all the
    /// same, since the store shows it: nobody is told that it was done.
    async fn outcomes(&self, committed: Committed, is_durable: bool) -> Vec<Outcome> {
        let (count, committed_at) = (committed.answers.len(), Instant::now());
        let (committed, told_already) = self.following.apply(committed).await;
        if is_durable
            && committed.events.iter().any(|event| matches!(event.happening, Happening::MailQueued { .. }))
        {
            self.mail_queued.notify_one();
        }
        if let Some(told) = told_already {
            told.heard().await;
        }
        let outcomes = self.tell(&committed.events, committed.answers, committed_at.elapsed());
        self.metrics.committed(count, &committed.events);
        let ended = ended(&committed.events).count();
        self.metrics.revoked(ended, CommittedBy::ThisNode, committed_at.elapsed());
        if is_durable { outcomes } else { outcomes.iter().map(|_| Outcome::UNAVAILABLE).collect() }
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

/// A batch that is committed.
struct Batch {
    committed: Committed,
    answers: Vec<Answer>,
}

impl Batch {
    fn len(&self) -> usize {
        self.answers.len()
    }
}

/// One whose commit failed.
struct Failed {
    commands: Arc<[Command]>,
    answers: Vec<Answer>,
    error: StoreError,
}

/// Lets others run for a moment, until nobody asks any more: those who were just answered are among this batch and not
/// the next one, and one sync is for all of them.
async fn gather(inbox: &mpsc::Receiver<Waiting>) {
    for _ in 0..limits::GATHERING_ROUNDS {
        let before = inbox.len();
        tokio::task::yield_now().await;
        if inbox.len() == before {
            return;
        }
    }
}

/// How many of the commands that are under way together a batch takes: half of them, so that two batches take turns, one
/// being decided and one on its way to the disk; few go together, since a sync takes longer than deciding them.
fn fair_part(all: usize) -> usize {
    all.div_ceil(2).clamp(limits::BATCH_AT_LEAST, limits::BATCH_COMMANDS)
}

fn answer(answers: Vec<Answer>, outcomes: Vec<Outcome>) {
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

/// What became of a command, and who has yet to hear of the sessions that it ended.
struct Outcome {
    result: Result<Written, NotWritten>,
    told: Option<Told>,
}

impl Outcome {
    const UNAVAILABLE: Self = Self { result: Err(NotWritten::Unavailable), told: None };
}
