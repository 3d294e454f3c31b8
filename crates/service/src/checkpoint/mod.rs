//! Checkpoints: a picture of the index in the data directory, so that a start reads it and what the ledger has
//! behind it, and not every session's row.
//!
//! **Invariants**
//! - A checkpoint is used when it is of this ledger, this version and this idle limit, and whole. Otherwise the
//!   store is read, and one line says why.
//! - None is needed: what cannot be written or read costs the time that it would have saved.

mod head;

use crate::{Phase, Service};
use head::Head;
pub use head::Unusable;
use rollcall_index::Standing;
use rollcall_model::ids::Seq;
use rollcall_model::{SessionNo, Timestamp, limits};
use rollcall_store::ChainEnd;
use std::io::{self, Read, Write};
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use tokio::sync::{Mutex, watch};
use tokio::task::{JoinError, spawn_blocking};

/// Where the checkpoint is kept. Its calls block.
pub trait CheckpointPlace: Send + Sync {
    /// What is kept, from its beginning on; `None` when nothing is.
    fn open(&self) -> io::Result<Option<Box<dyn Read + Send>>>;

    /// Keeps what `write` writes, when all of it is there, in the place of what was kept.
    fn replace(&self, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<()>;

    /// Puts other bytes in the place of the first of what is kept.
    fn overwrite(&self, head: &[u8]) -> io::Result<()>;
}

/// Where the ledger ended when what is kept there was written; `None` when nothing is kept. Blocks.
pub fn end_of_checkpoint(place: &dyn CheckpointPlace) -> Result<Option<ChainEnd>, Unusable> {
    let opened = place.open()?.map(Head::read).transpose()?;
    Ok(opened.map(|(head, _)| head.end))
}

/// Where they are kept, if they are, and how far the last one goes. Whoever writes one holds that.
#[derive(Default)]
pub(crate) struct Checkpoints {
    place: OnceLock<Arc<dyn CheckpointPlace>>,
    written: Mutex<Seq>,
}

/// A checkpoint that can be used, as far as its head says.
pub(crate) struct Opened {
    head: Head,
    from: Box<dyn Read + Send>,
    place: Arc<dyn CheckpointPlace>,
}

impl Opened {
    /// The event that the index stands at when it is filled from this.
    pub fn after(&self) -> Seq {
        self.head.end.seq
    }

    /// From when on the store may know better when sessions were last seen.
    pub fn seen_since(&self) -> Option<Timestamp> {
        // The moment before: a request may have brought its time from there.
        (!self.head.at_rest).then(|| self.head.taken_at - limits::SEEN_PERIOD)
    }

    /// Fills the index, or leaves it as it is. Blocks.
    pub fn restore(mut self, standing: &Standing) -> Result<(), Unusable> {
        if self.head.at_rest {
            // From now on what it says of when sessions were last seen grows old.
            self.place.overwrite(&Head { at_rest: false, ..self.head }.to_bytes())?;
        }
        let up_to = SessionNo(self.after().0);
        Ok(standing.restore(&mut *self.from, up_to)?)
    }
}

impl Service {
    /// Keeps checkpoints there, from the start on. Without it none are kept.
    pub fn keep_checkpoints_in(&self, place: Arc<dyn CheckpointPlace>) {
        // The first one stays.
        let _ = self.checkpoints.place.set(place);
    }

    /// The checkpoint, if there is one that can be used.
    pub(crate) async fn open_checkpoint(&self) -> Option<Opened> {
        let place = self.checkpoints.place.get()?.clone();
        self.try_open(place).await.unwrap_or_else(|why| {
            warn_of(&why);
            None
        })
    }

    async fn try_open(&self, place: Arc<dyn CheckpointPlace>) -> Result<Option<Opened>, Unusable> {
        let opening = place.clone();
        let opened = blocking(move || opening.open()?.map(Head::read).transpose());
        let Some((head, from)) = opened.await? else { return Ok(None) };
        self.judge(&head).await?;
        Ok(Some(Opened { head, from, place }))
    }

    /// Takes note that there is a checkpoint that goes so far.
    pub(crate) async fn checkpoint_is_at(&self, seq: Seq) {
        *self.checkpoints.written.lock().await = seq;
    }

    /// Whether a checkpoint is of this ledger, and worth it.
    async fn judge(&self, head: &Head) -> Result<(), Unusable> {
        if head.idle != self.settings.session_idle {
            return Err(Unusable::OtherIdle);
        }
        let before = head.end.seq.0.checked_sub(1).ok_or(Unusable::OtherLedger)?;
        let event = self.store.ledger(Seq(before), 1).await.map_err(|_| Unusable::NoAnswer)?.pop();
        if event.is_none_or(|event| event.envelope.seq != head.end.seq || event.hash != head.end.hash) {
            return Err(Unusable::OtherLedger);
        }
        let behind = self.following.end().seq.0.saturating_sub(head.end.seq.0);
        if behind > head.live / 2 + limits::CHECKPOINT_TAIL {
            return Err(Unusable::TooOld(behind));
        }
        Ok(())
    }

    /// Writes one from time to time, until the service stops.
    pub(crate) async fn write_checkpoints(self: Arc<Self>) {
        let mut ticks = self.ticks(limits::CHECKPOINT_PERIOD);
        let mut erasures = 0;
        while ticks.next().await {
            let written = *self.checkpoints.written.lock().await;
            let much_happened = self.following.end().seq.0 - written.0 >= limits::CHECKPOINT_EVENTS;
            // What is kept must not tell longer of somebody than the store does.
            let before = std::mem::replace(&mut erasures, self.standing.erasures());
            if erasures != before || much_happened {
                self.write_checkpoint(None).await;
            }
        }
    }

    /// Writes the last one, when nothing changes any more. `at_rest` says that the store knows all that moved.
    pub(crate) async fn write_last_checkpoint(&self, at_rest: bool) {
        self.write_checkpoint(Some(at_rest)).await;
    }

    async fn write_checkpoint(&self, last: Option<bool>) {
        let Some(place) = self.checkpoints.place.get().cloned() else { return };
        if self.own_disk_is_full() {
            // It would take the room that is kept for endings.
            return;
        }
        // One at a time; the one before the last ends as soon as the service stops.
        let mut written = self.checkpoints.written.lock().await;
        let (began, now, end) = (Instant::now(), self.clock.now(), self.following.end());
        let head = Head {
            end,
            taken_at: now,
            idle: self.settings.session_idle,
            live: self.standing.live(now),
            at_rest: last == Some(true),
        };
        let (standing, phase) = (self.standing.clone(), self.phase.subscribe());
        let writing = blocking(move || {
            let written = place.replace(&mut |out| {
                out.write_all(&head.to_bytes())?;
                let mut out = UntilStop { out, phase: &phase, is_last: last.is_some() };
                standing.write_picture(SessionNo(end.seq.0), &mut out)
            });
            Ok(written?)
        });
        match writing.await {
            Ok(()) => {
                *written = end.seq;
                let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                tracing::info!(seq = end.seq.0, took_ms, "the checkpoint is written");
            }
            // Another is written in its place.
            Err(_) if last.is_none() && self.phase() == Phase::Stopping => {}
            Err(why) => tracing::warn!(%why, "the checkpoint could not be written"),
        }
    }
}

/// Says that the store is read instead.
pub(crate) fn warn_of(why: &Unusable) {
    tracing::warn!(%why, "the checkpoint is not used: sessions are read from the store");
}

/// Does what blocks.
async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, Unusable> + Send + 'static,
) -> Result<T, Unusable> {
    spawn_blocking(job).await.unwrap_or_else(|error: JoinError| Err(io::Error::other(error).into()))
}

/// What a checkpoint is written to that gives way to the last one.
struct UntilStop<'a> {
    out: &'a mut dyn Write,
    phase: &'a watch::Receiver<Phase>,
    is_last: bool,
}

impl Write for UntilStop<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_last && *self.phase.borrow() == Phase::Stopping {
            return Err(io::Error::other("the server stops"));
        }
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
