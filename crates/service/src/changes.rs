//! What the index took in, told to whoever follows it. Bounded: who is too slow is told that it missed something.

use rollcall_index::Standing;
use rollcall_model::{EndReason, Event, Happening, Seq, SessionId, SessionNo, UserNo};
use rollcall_store::Loading;
use std::sync::Arc;
use tokio::sync::broadcast;

/// Commits that are kept for who is slow.
const KEPT: usize = 1_024;

/// What one commit, or what was taken in of others' at once, changed of lists.
#[derive(Debug)]
pub struct Changed {
    /// Where the ledger ended with it.
    pub up_to: Seq,
    /// What changed, in order.
    pub changes: Vec<Change>,
}

/// A change of lists.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// A session came.
    Opened(SessionNo),
    /// A session went. Why is known of this node's commits only.
    Ended(SessionNo, SessionId, Option<EndReason>),
    /// What rows show of a user is another.
    Of(UserNo),
}

/// Tells changes.
#[derive(Debug)]
pub struct Changes(broadcast::Sender<Arc<Changed>>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }
}

impl Changes {
    /// Follows what changes from now on.
    pub fn follow(&self) -> broadcast::Receiver<Arc<Changed>> {
        self.0.subscribe()
    }

    /// Tells what this node committed.
    pub fn committed(&self, events: &[Event], up_to: Seq) {
        if self.0.receiver_count() > 0 {
            self.tell(events.iter().filter_map(of_event).collect(), up_to);
        }
    }

    /// What others committed, before the index takes it in: of what ends, it knows the ids until then.
    pub fn of_pieces(&self, pieces: &[Loading], standing: &Standing) -> Vec<Change> {
        if self.0.receiver_count() == 0 {
            return Vec::new();
        }
        pieces.iter().flat_map(|piece| of_piece(piece, standing)).collect()
    }

    /// Tells what was taken in.
    pub fn tell(&self, changes: Vec<Change>, up_to: Seq) {
        if !changes.is_empty() {
            // Those who followed may have gone.
            let _ = self.0.send(Arc::new(Changed { up_to, changes }));
        }
    }
}

fn of_event(event: &Event) -> Option<Change> {
    match &event.happening {
        Happening::SessionOpened(session) => Some(Change::Opened(session.no)),
        Happening::SessionEnded { id, reason, .. } => Some(Change::Ended(event.session?, *id, Some(*reason))),
        Happening::RolesChanged { .. }
        | Happening::UserChanged { .. }
        | Happening::FactorEnrolled { .. }
        | Happening::MailEnrolled
        | Happening::FactorsRemoved(_) => event.subject.map(Change::Of),
        _ => None,
    }
}

fn of_piece(piece: &Loading, standing: &Standing) -> Vec<Change> {
    match piece {
        Loading::Sessions(sessions) => {
            sessions.iter().map(|(session, _)| Change::Opened(session.no)).collect()
        }
        Loading::Ended(ended) => ended
            .iter()
            .filter_map(|no| standing.session_id(*no).map(|id| Change::Ended(*no, id, None)))
            .collect(),
        Loading::Owner(owner) => vec![Change::Of(owner.no)],
        Loading::Factors(user, _) => vec![Change::Of(*user)],
        _ => Vec::new(),
    }
}
