//! A whole store, copied: all rows of one, as of one snapshot, into an empty other one, whichever engines they are on.
//! Taking a backup, restoring it and moving a store are this, and nothing else.
//!
//! **Invariants**
//! - [`TABLES`] is all that a store keeps; each engine's tests hold its schema against it.
//! - Rows come in the order of their keys, which is the same on every engine: equal stores have equal [`Contents`].
//! - What was written is read back: rows or a chain that are not the source's are an error, never an answer.
//! - Until [`Destination::finish`] has answered there is no store in the destination, whatever ends the process.

mod contents;
mod end_all;
mod tables;

pub use contents::{Contents, Rows, Tally, Value};
pub use end_all::{Ended, end_all};
pub use tables::{ENDED_SESSIONS, PERSONAL_TOKENS, SERVICE_TOKENS, SESSIONS, TABLES, Table};

use crate::{Answer, BadEvent, ChainEnd, Committed, StoreError, WorkspaceRow};
use futures_util::future::try_join;
use rollcall_model::facts::Head;
use rollcall_model::{Command, Seq, Timestamp};
use std::sync::Arc;

/// Rows that are read at a time: some MB at the most.
pub const ROWS_AT_ONCE: usize = 5_000;

/// Told how many events were followed.
pub type Seen<'a> = &'a mut (dyn FnMut(Seq) + Send);

/// A store as of one snapshot.
pub trait Source: Send {
    /// Where the ledger ends, with its time and how many sessions are live.
    fn head(&mut self) -> Answer<'_, (Head, ChainEnd)>;

    /// The workspace itself: `None` before its ledger has begun.
    fn workspace(&mut self) -> Answer<'_, Option<WorkspaceRow>>;

    /// How many rows a table has.
    fn count(&mut self, table: &'static Table) -> Answer<'_, u64>;

    /// The rows of a table behind a key, or its first: [`ROWS_AT_ONCE`] of them, fewer at the end, none past it.
    fn rows(&mut self, table: &'static Table, after: Option<Vec<Value>>) -> Answer<'_, Rows>;

    /// Follows the whole chain, as [`Store::verify`](crate::Store::verify).
    fn verify<'a>(&'a mut self, seen: Seen<'a>) -> Answer<'a, Result<ChainEnd, BadEvent>>;
}

/// An empty store that is being filled; what is read of it is what was written so far. Dropped before it is finished,
/// it leaves nothing.
pub trait Destination: Source {
    /// Writes rows of a table.
    fn write(&mut self, table: &'static Table, rows: Rows) -> Answer<'_, ()>;

    /// All rows are there.
    fn filled(&mut self) -> Answer<'_, ()>;

    /// Decides commands on the rows and writes what they do, as [`Store::commit`](crate::Store::commit): not durably,
    /// but as a part of the whole.
    fn commit(&mut self, commands: Arc<[Command]>, now: Timestamp) -> Answer<'_, Committed>;

    /// Makes it a store, durably.
    fn finish(self: Box<Self>) -> Answer<'static, ()>;
}

/// How far a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Rows were written.
    Written,
    /// Rows were read back.
    ReadBack,
    /// Events of the chain were followed.
    Followed,
    /// Sessions were ended.
    Ended,
}

/// Told of a step how many of how many are done.
pub type Told<'a> = &'a mut (dyn FnMut(Step, u64, u64) + Send);

/// What was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Where its ledger ends.
    pub end: ChainEnd,
    /// Its rows.
    pub contents: Contents,
}

/// Copies a store into an empty one, reads the copy back, and verifies it. To be finished still.
pub async fn copy(
    from: &mut dyn Source,
    to: &mut dyn Destination,
    told: Told<'_>,
) -> Result<Copied, StoreError> {
    let (_, end) = from.head().await?;
    if from.workspace().await?.is_none() {
        return Err(StoreError::NotOurs(
            "there is nothing in the store yet: a server has to start on it first".into(),
        ));
    }
    let mut of = 0;
    for table in TABLES {
        of += from.count(table).await?;
    }
    let written = write(from, to, of, told).await?;
    to.filled().await?;
    let read_back = contents(to, |rows| told(Step::ReadBack, rows, of)).await?;
    if read_back != written {
        return Err(StoreError::Corrupt(
            "what was copied is not read back as it was written: look at the disk".into(),
        ));
    }
    let verified = verify(to, told).await?;
    if verified != end {
        return Err(StoreError::Corrupt(format!(
            "the copy ends with event {}, its source with another",
            verified.seq
        )));
    }
    Ok(Copied { end, contents: written })
}

async fn write(
    from: &mut dyn Source,
    to: &mut dyn Destination,
    of: u64,
    told: Told<'_>,
) -> Result<Contents, StoreError> {
    let mut tally = Tally::default();
    for table in TABLES {
        tally.table(table.name);
        let mut rows = from.rows(table, None).await?;
        while let Some(last) = rows.last() {
            let after = table.key_of(last);
            // While these are written, the next are read.
            let (writing, reading) = (to.write(table, rows.clone()), from.rows(table, Some(after)));
            rows.iter().for_each(|row| tally.row(row));
            ((), rows) = try_join(writing, reading).await?;
            told(Step::Written, tally.rows(), of);
        }
    }
    Ok(tally.finish())
}

/// What a store holds; `seen` is told how many rows were read.
pub async fn contents<S: Source + ?Sized>(
    store: &mut S,
    mut seen: impl FnMut(u64) + Send,
) -> Result<Contents, StoreError> {
    let mut tally = Tally::default();
    for table in TABLES {
        tally.table(table.name);
        let mut reading = store.rows(table, None).await?;
        while let Some(last) = reading.last() {
            let next = store.rows(table, Some(table.key_of(last)));
            reading.iter().for_each(|row| tally.row(row));
            reading = next.await?;
            seen(tally.rows());
        }
    }
    Ok(tally.finish())
}

/// Whether a store is as this program wrote it: its chain, and what its head says of its sessions.
pub async fn verify<S: Source + ?Sized>(store: &mut S, told: Told<'_>) -> Result<ChainEnd, StoreError> {
    let (head, end) = store.head().await?;
    let verified = store.verify(&mut |seq| told(Step::Followed, seq.0, end.seq.0)).await?;
    let reached = verified.map_err(|BadEvent { seq, what }| {
        StoreError::Corrupt(format!(
            "event {seq} of the ledger is not as it was written: {what}; keep what is there as it is, and restore a \
             backup from before"
        ))
    })?;
    let standing = store.count(&SESSIONS).await?.saturating_sub(store.count(&ENDED_SESSIONS).await?);
    if standing != head.live {
        return Err(StoreError::Corrupt(format!(
            "{standing} sessions stand, and the ledger says {}: rows were edited; restore a backup from before",
            head.live
        )));
    }
    Ok(reached)
}
