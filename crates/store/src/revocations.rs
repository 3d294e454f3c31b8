//! What is kept of revocations.

use crate::chain::Hash;
use rollcall_model::revocation::Revocation;

/// A preview, what became of it, and what the ledger's chain says of its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRevocation {
    /// The preview, and what became of it.
    pub revocation: Revocation,
    /// The hash of the event that finished it.
    pub head: Option<Hash>,
}
