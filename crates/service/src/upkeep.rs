//! What has to be done from time to time: when sessions were last seen, endings of those whose time is up, and
//! reads and refusals to be written, ended sessions to history, what is old to be forgotten, the ledger's head to the log.

use crate::{Service, Settings};
use data_encoding::HEXLOWER;
use rollcall_model::{Command, SessionNo, Timestamp, limits};
use rollcall_store::{ChainEnd, Hindrance, Keeping, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

impl Service {
    /// Does what is due, over and over, until the service stops.
    pub(crate) async fn keep_up(self: Arc<Self>) {
        let mut ticks = self.ticks(limits::SWEEP_PERIOD);
        let (mut logged, mut logged_at) = (self.following.end(), Instant::now());
        log_head(logged);
        while ticks.next().await {
            self.do_what_is_due().await;
            self.hashing.rest();
            if logged_at.elapsed() >= limits::HEAD_LOG_PERIOD && self.following.end() != logged {
                (logged, logged_at) = (self.following.end(), Instant::now());
                log_head(logged);
            }
        }
    }

    /// One turn of it. Tests call it when their clock has moved.
    pub async fn do_what_is_due(&self) {
        let now = self.clock.now();
        self.pasts.trim(now, self.standing.erasures());
        if self.own_disk_is_full() {
            // All of this can wait, and none of it must take what is kept for others. The sweep looks for room.
            return self.sweep(now).await;
        }
        if self.store.hindrance() == Some(Hindrance::SyncFailed) {
            return;
        }
        match self.note_seen(now).await {
            Ok(()) => self.tell_endings(now).await,
            // No ending is told on rows that do not know what this node saw.
            Err(error) => warn(&error, "when sessions were last seen could not be written"),
        }
        let observations = self.observations.due(now);
        if !observations.is_empty() {
            let _ = self.writer.run(Command::Observe(observations)).await;
        }
        self.sweep(now).await;
        self.forget(now).await;
        self.learn_hashes_of_new_users().await;
    }

    /// Whether the disk is full on which room is kept for endings. A database's is not this node's to save.
    pub(crate) fn own_disk_is_full(&self) -> bool {
        self.store.shared().is_none() && self.store.hindrance() == Some(Hindrance::DiskFull)
    }

    async fn sweep(&self, now: Timestamp) {
        let settings = &self.settings;
        let limits = [
            settings.user_failures,
            settings.address_failures,
            settings.code_failures,
            limits::CODES_MAILED_TO_USER,
            limits::CODES_MAILED_FROM_ADDRESS,
        ];
        let counters_since = limits.iter().map(|limit| now - limit.window).min().unwrap_or(now);
        if let Err(error) = self.store.sweep(now, counters_since, limits::SWEPT_AT_ONCE).await {
            warn(&error, "the sweep failed");
        }
    }

    /// Forgets what is older than it is to be kept, a step at each turn.
    async fn forget(&self, now: Timestamp) {
        let since = |kept: Option<Duration>| kept.map_or(Timestamp::from_ms(i64::MIN), |kept| now - kept);
        let Settings { keep_details, keep_ended, .. } = self.settings;
        let mut after = self.forgotten_after.lock().await;
        let keeping = Keeping {
            details_since: since(keep_details),
            ended_since: since(keep_ended),
            after: *after,
            limit: limits::FORGOTTEN_AT_ONCE,
        };
        match self.store.forget(keeping).await {
            Ok(forgotten) => *after = forgotten.after,
            Err(error) => warn(&error, "what is old was not forgotten"),
        }
    }

    /// Proposes the endings of sessions whose time is up; the commit decides, on what their rows know.
    async fn tell_endings(&self, now: Timestamp) {
        let (mut after, idle) = (SessionNo(0), self.settings.session_idle);
        loop {
            let sessions = self.standing.due(now, after, limits::EXPIRED_AT_ONCE);
            let Some(last) = sessions.last() else { return };
            after = *last;
            if self.writer.run(Command::ExpireSessions { sessions, idle }).await.is_err() {
                return; // The log says why; the next turn tries again.
            }
        }
    }
}

/// Says that the next turn tries again. Of a disk that is full, the store has said it already, and once.
fn warn(error: &StoreError, what: &str) {
    if !matches!(error, StoreError::DiskFull) {
        tracing::warn!(%error, "{what}; the next turn tries again");
    }
}

/// Writes the ledger's head to the process log: whoever rewrites the store does not rewrite that.
pub(crate) fn log_head(end: ChainEnd) {
    tracing::info!(seq = end.seq.0, hash = HEXLOWER.encode(&end.hash), "ledger head");
}
