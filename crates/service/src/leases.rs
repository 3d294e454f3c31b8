//! What one node of several does for all: it holds a lease for as long as it does it.

use crate::Service;
use rollcall_model::limits;
use rollcall_store::Lease;
use std::time::Duration;

/// A lease, as far as this node knows.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Until when no other node has it.
    until: Option<Duration>,
}

impl Service {
    /// Whether this node is the one that does it; it asks for more time when half of it is over. With a store of its
    /// own it always is.
    pub(crate) async fn holds(&self, what: Lease, held: &mut Held) -> bool {
        let Some(shared) = self.store.shared() else { return true };
        // A machine that sleeps must not take it for held still.
        let asked_at = self.clock.running();
        if held.until.is_some_and(|until| asked_at + limits::LEASE / 2 < until) {
            return true;
        }
        let leased = shared.lease(what, self.node, limits::LEASE).await;
        let is_ours = leased.unwrap_or_else(|error| {
            let what = what.as_str();
            tracing::warn!(%error, "which node has the lease of {what} cannot be read; the next turn tries again");
            false
        });
        held.until = is_ours.then(|| asked_at + limits::LEASE);
        is_ours
    }

    /// Leaves it to other nodes.
    pub(crate) async fn leave(&self, what: Lease, held: &mut Held) {
        if let (Some(shared), Some(_)) = (self.store.shared(), held.until.take()) {
            // Without an answer, it is over by itself soon.
            let _ = shared.release(what, self.node).await;
        }
    }
}
