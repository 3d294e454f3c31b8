//! What several nodes have of one store beside its rows: its clock, what others committed, and what they say to each other.

use crate::{Answer, ChainEnd, Missed};
use rollcall_model::{Clock, Seq};
use std::sync::Arc;
use std::time::Duration;

/// A store that other nodes commit to.
pub trait SharedStore: Send + Sync {
    /// The clock that all nodes go by: the store's, as far as it was heard of.
    fn clock(&self) -> Arc<dyn Clock>;

    /// Where the ledger ends: a small question, which waits behind no other read. Its answer sets the clock.
    fn head(&self) -> Answer<'_, ChainEnd>;

    /// What an index has to take in that stood at an end of the ledger before. It takes as long as there is much of it.
    fn missed(&self, after: ChainEnd) -> Answer<'_, Missed>;

    /// Whether `holder` is the one node, for so long from now, that does what only one does; by the store's clock.
    fn lease(&self, what: Lease, holder: u64, time: Duration) -> Answer<'_, bool>;

    /// Lets others do it, if `holder` does.
    fn release(&self, what: Lease, holder: u64) -> Answer<'_, ()>;

    /// Takes down what a node says of itself, in the place of what it said before.
    fn report(&self, report: NodeReport) -> Answer<'_, ()>;

    /// What nodes said of themselves that were heard of within so long; by the store's clock.
    fn reports(&self, within: Duration) -> Answer<'_, Vec<NodeReport>>;
}

/// What a node says of itself, for receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeReport {
    /// The number that it drew.
    pub node: u64,
    /// Up to which event its index stands.
    pub followed: Seq,
    /// The longest time of late from a commit of another node until what it ended was refused here.
    pub lag: Duration,
}

/// What one node does for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// Delivering mails.
    Mails,
    /// Ending what previews froze.
    Revocations,
}

impl Lease {
    /// Its name in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mails => "mails",
            Self::Revocations => "revocations",
        }
    }
}
