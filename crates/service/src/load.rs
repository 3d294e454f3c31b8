//! How the index is filled at start: from the checkpoint and what came after it, or from the store.

use crate::Service;
use crate::checkpoint::{Unusable, warn_of};
use rollcall_index::{Loaded, Standing};
use rollcall_model::limits;
use rollcall_store::{ChainEnd, Loading, StoreError};
use std::sync::mpsc::sync_channel;
use tokio::task::{JoinError, JoinHandle, spawn_blocking};

/// Pieces of a store that wait to be taken into the index.
const PIECES_WAITING: usize = 8;

/// What takes the store's pieces.
type Visit = Box<dyn FnMut(Loading) + Send>;

impl Service {
    /// Fills the index; gives where the ledger ends that it stands for, and out of what it was filled.
    pub(crate) async fn fill(&self) -> Result<(ChainEnd, &'static str), StoreError> {
        if let Some(checkpoint) = self.open_checkpoint().await {
            let (after, seen_since) = (checkpoint.after(), checkpoint.seen_since());
            // What came after it is read meanwhile, and waits.
            let (visit, taken) = self.take_in(|standing| checkpoint.restore(standing));
            let end = self.store.catch_up(after, seen_since, visit).await?;
            match taken.await.map_err(not_taken)? {
                Ok(()) => {
                    self.checkpoint_is_at(after).await;
                    return Ok((end, "checkpoint"));
                }
                Err(why) => warn_of(&why),
            }
        }
        let since = self.clock.now() - limits::KNOWN_ADDRESS_FOR;
        let (visit, taken) = self.take_in(|_| Ok(()));
        let end = self.store.load(since, visit).await?;
        // Nothing comes before it that could be wrong.
        drop(taken.await.map_err(not_taken)?);
        Ok((end, "store"))
    }

    /// Takes pieces of the store in, after something else. One thread reads, another takes in; neither gets far
    /// ahead.
    fn take_in(
        &self,
        first: impl FnOnce(&Standing) -> Result<(), Unusable> + Send + 'static,
    ) -> (Visit, JoinHandle<Result<(), Unusable>>) {
        let (pieces, inbox) = sync_channel(PIECES_WAITING);
        let standing = self.standing.clone();
        let taking = spawn_blocking(move || {
            first(&standing)?;
            for piece in inbox {
                take_in(&standing, piece);
            }
            Ok(())
        });
        (Box::new(move |piece| drop(pieces.send(piece))), taking)
    }
}

fn not_taken(_: JoinError) -> StoreError {
    StoreError::Unavailable("its sessions could not be taken in".into())
}

/// Takes in a piece of a store.
pub fn take_in(standing: &Standing, piece: Loading) {
    match piece {
        Loading::Sessions(sessions) => {
            standing.load(sessions.into_iter().map(|(session, seen_at)| Loaded { session, seen_at }));
        }
        Loading::Ended(sessions) => standing.note_ended(&sessions),
        Loading::Owner(owner) => standing.note_owner(&owner),
        Loading::Erased(user) => standing.note_erased(user),
        Loading::Seen(seen) => standing.note_seen(&seen),
        Loading::Address { user, from, opened_at } => standing.remember_address(user, from, opened_at),
        Loading::Personal(token) => standing.remember_personal(&token),
        Loading::PersonalOf(user, tokens) => standing.replace_personal(user, &tokens),
        Loading::ServiceTokens(tokens) => standing.replace_services(tokens),
        Loading::Factors(user, factors) => standing.remember_factors(user, factors),
        Loading::Permission(row) => standing.set_grant(row.permission, row.roles),
        Loading::Window(window) => standing.remember_step_up(window),
    }
}
