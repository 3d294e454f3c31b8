//! When sessions were last seen, and service tokens used: it moves with every call, so it stays in memory and is written to the rows in
//! batches, between the commits of others.
//!
//! **Invariants:** what a row says is at most `limits::SEEN_PERIOD` and a turn of the upkeep behind, and never
//! ahead; what could not be written is kept for the next turn.

use crate::Service;
use rollcall_index::LastSeen;
use rollcall_model::{Timestamp, limits};
use rollcall_store::StoreError;

impl Service {
    /// Writes down what moved: of ended sessions now, of live ones once a period.
    pub(crate) async fn note_seen(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut written_at = self.seen_written_at.lock().await;
        self.note_seen_of_ended().await?;
        // A clock that was set back must not make it wait.
        let waits = |at: Timestamp| now >= at && now < at + limits::SEEN_PERIOD;
        if !written_at.is_some_and(waits) {
            self.note_seen_of_live().await?;
            self.note_service_use().await?;
            *written_at = Some(now);
        }
        Ok(())
    }

    /// Writes down all that moved.
    pub(crate) async fn note_all_seen(&self) -> Result<(), StoreError> {
        let _writing = self.seen_written_at.lock().await;
        self.note_seen_of_ended().await?;
        self.note_seen_of_live().await?;
        self.note_service_use().await
    }

    async fn note_seen_of_ended(&self) -> Result<(), StoreError> {
        loop {
            let seen = self.standing.take_seen_of_ended();
            if seen.is_empty() {
                return Ok(());
            }
            self.write_seen(seen).await?;
        }
    }

    async fn note_seen_of_live(&self) -> Result<(), StoreError> {
        let mut next = Some(0);
        while let Some(from) = next {
            let seen;
            (seen, next) = self.standing.take_seen(from);
            if !seen.is_empty() {
                self.write_seen(seen).await?;
            }
        }
        Ok(())
    }

    async fn write_seen(&self, mut seen: Vec<LastSeen>) -> Result<(), StoreError> {
        // In the order of the rows, so that each page of them is touched once.
        seen.sort_unstable();
        self.store.note_seen(seen.clone()).await.inspect_err(|_| self.standing.put_seen_back(seen))
    }
}
