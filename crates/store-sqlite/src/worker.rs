//! A thread that owns one connection and does what it is sent, in order. SQLite blocks; it never does so
//! on an async thread.

use rollcall_store::{Answer, StoreError};
use rusqlite::Connection;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A connection's thread. Its queue is bounded: when it is full, a call is refused as unavailable.
pub struct Worker {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts the thread. `before_closing` is what it does last.
    pub fn start(
        name: &str,
        queue: usize,
        connection: Connection,
        before_closing: impl FnOnce(&Connection) + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (jobs, inbox) = sync_channel(queue);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || work(connection, &inbox, before_closing))
            .map_err(|error| StoreError::Unavailable(format!("cannot start a thread: {error}")))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Does `job` on the thread and answers what it returns.
    pub fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<'static, T> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Nobody waits any more when the caller has gone; the job is done all the same.
            let _ = answer.send(job(connection));
        });
        let sent = match &self.jobs {
            Some(jobs) => jobs.try_send(job).map_err(|error| match error {
                TrySendError::Full(_) => "too many calls are waiting",
                TrySendError::Disconnected(_) => "it is closed",
            }),
            None => Err("it is closed"),
        };
        Box::pin(async move {
            sent.map_err(|why| StoreError::Unavailable(why.into()))?;
            answered.await.unwrap_or_else(|_| Err(StoreError::Unavailable("it was closed".into())))
        })
    }
}

/// Lets the thread finish what was sent, then closes its connection.
impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(mut connection: Connection, inbox: &Receiver<Job>, before_closing: impl FnOnce(&Connection)) {
    /// A panic here leaves the store's state unknown: a restart is safe, going on is not.
    struct Abort;
    impl Drop for Abort {
        fn drop(&mut self) {
            if std::thread::panicking() {
                std::process::abort();
            }
        }
    }
    let _abort = Abort;
    while let Ok(job) = inbox.recv() {
        job(&mut connection);
    }
    before_closing(&connection);
    if let Err((_, error)) = connection.close() {
        tracing::error!(%error, "the store did not close cleanly");
    }
}
