//! Ending what previews froze, step by step: each is one command, and everybody else's come in between. Whatever is begun
//! is finished: after a start, and by another node when the one that did it is gone.

use crate::lags::LagsOfOthers;
use crate::leases::Held;
use crate::writer::Written;
use crate::{Refusal, Service};
use rollcall_index::Row;
use rollcall_index::filter::Tree;
use rollcall_model::command::RevocationStep;
use rollcall_model::revocation::{Closing, Preview};
use rollcall_model::{Command, RevocationId, SessionNo, limits};
use rollcall_store::Lease;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Notify, watch};

/// Who waits for what.
#[derive(Debug, Default)]
pub(crate) struct Revoking {
    /// Rung when one was begun.
    pub begun: Notify,
    /// Told when one is finished.
    pub finished: watch::Sender<()>,
    /// Whoever ends sessions holds it: one revocation at a time.
    turn: Mutex<Held>,
}

impl Service {
    /// Goes on with what is begun, over and over, until the service stops.
    pub(crate) async fn keep_revoking(self: Arc<Self>) {
        let mut ticks = self.ticks(limits::SWEEP_PERIOD);
        loop {
            tokio::select! {
                goes_on = ticks.next() => if !goes_on { return },
                () = self.revoking.begun.notified() => {}
            }
            tokio::select! {
                // A step that is under way is committed; the next start goes on behind it.
                () = ticks.stopped() => return,
                () = self.revoke_what_is_begun() => {}
            }
        }
    }

    /// Finishes all that is begun.
    async fn revoke_what_is_begun(self: &Arc<Self>) {
        let mut held = self.revoking.turn.lock().await;
        if let Err(error) = self.finish_all(&mut held).await {
            tracing::warn!(?error, "a revocation is interrupted; the next turn goes on with it");
        }
        // Whoever begins the next one need not wait for this node.
        self.leave(Lease::Revocations, &mut held).await;
    }

    async fn finish_all(self: &Arc<Self>, held: &mut Held) -> Result<(), Refusal> {
        for id in self.store.revocations_under_way().await? {
            self.finish(id, held).await?;
        }
        Ok(())
    }

    /// Finishes one, unless another node does.
    async fn finish(self: &Arc<Self>, id: RevocationId, held: &mut Held) -> Result<(), Refusal> {
        if !self.holds(Lease::Revocations, held).await {
            return Ok(());
        }
        // Read after the lease was had: nobody else moves it.
        let Some(kept) = self.store.revocation(id).await? else { return Ok(()) };
        let Some(set) = self.store.frozen_set(id).await? else { return Ok(()) };
        let mut from = kept.revocation.progress.gone_through;
        let skipped = usize::try_from(from).unwrap_or(usize::MAX);
        let left: Vec<SessionNo> = set.iter().skip(skipped).collect();
        let (mut lag, mut others) = (Duration::ZERO, LagsOfOthers::default());
        for sessions in left.chunks(limits::REVOKED_AT_ONCE) {
            if !self.holds(Lease::Revocations, held).await {
                return Ok(());
            }
            let step = RevocationStep { id, from, sessions: sessions.to_vec() };
            from += sessions.len() as u64;
            let written = self.writer.write(Command::StepRevocation(step)).await;
            let Written { lag: of_step, .. } = written.map_err(crate::NotWritten::unforeseen)?;
            lag = lag.max(of_step);
            self.hear_lags(&mut others).await;
        }
        let newer = self.newer(&kept.revocation.preview).await;
        let closing = Closing { newer, lags: self.lags_of_all(lag, others).await };
        let finished = self.writer.run(Command::FinishRevocation { id, closing }).await;
        finished.map_err(crate::NotWritten::unforeseen)?;
        self.revoking.finished.send_replace(());
        Ok(())
    }

    /// How many sessions the filter finds that were opened since the preview; `None` when that cannot be said.
    async fn newer(self: &Arc<Self>, preview: &Preview) -> Option<u64> {
        let filter =
            self.bind(&self.live(), &Tree::parse(&preview.filter).ok()?, preview.caller).await.ok()?;
        let (standing, now, after) = (self.standing.clone(), self.clock.now(), SessionNo(preview.after.0));
        let count = move |stop: &dyn Fn() -> bool| {
            let mut matching = standing.matching(filter.as_ref(), now, stop)?;
            let is_newer = |row: &&Row<'_>| row.no() > after;
            let mut newer = 0;
            while let Some(some) =
                matching.read(limits::FROZEN_AT_ONCE, |rows| rows.iter().filter(is_newer).count() as u64)
            {
                newer += some;
            }
            Ok(newer)
        };
        self.scan(false, count).await.ok()
    }
}
