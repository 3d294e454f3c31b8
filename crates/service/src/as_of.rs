//! Sessions at an instant: those that are live, or those that were.
//!
//! What was opened at the instant or before and ended later was live at it: all that happened at an instant has happened
//! by it. Who ended by time was gone when that was due, whenever the ledger told it.

use crate::pasts::Past;
use crate::{AsOfRefusal, Refusal, Service};
use rollcall_index::Standing;
use rollcall_model::{Seq, Timestamp};
use std::sync::Arc;

/// All sessions at an instant, for whoever lists, counts or exports them.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "it is made of handles")]
pub struct AsOf {
    at: Timestamp,
    standing: Arc<Standing>,
    past: Option<Arc<Past>>,
}

/// What there is to say of sessions that were live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Then {
    /// When.
    pub at: Timestamp,
    /// As of when their users' names and roles are.
    pub users_at: Timestamp,
    /// How many sessions are left out, because their users were erased.
    pub erased: u64,
}

impl AsOf {
    /// The instant.
    pub(crate) const fn at(&self) -> Timestamp {
        self.at
    }

    pub(crate) fn standing(&self) -> &Standing {
        &self.standing
    }

    /// What there is to say of the past; nothing of what is live.
    pub fn then(&self) -> Option<Then> {
        self.past.as_ref().map(|past| past.then)
    }
}

impl Service {
    /// The sessions that are live.
    pub fn live(&self) -> AsOf {
        AsOf { at: self.now(), standing: self.standing.clone(), past: None }
    }

    /// The sessions that were live at an instant; without one, those that are.
    pub async fn as_of(self: &Arc<Self>, at: Option<Timestamp>) -> Result<AsOf, Refusal> {
        let Some(at) = at else { return Ok(self.live()) };
        let held = self.pasts.find(at, self.now(), self.standing.erasures());
        let past = if let Some(past) = held {
            past
        } else {
            self.check_instant(at).await?;
            self.fill_past_in_turn(at).await?
        };
        Ok(AsOf { at, standing: past.standing.clone(), past: Some(past) })
    }

    /// Whether what was live at an instant is known.
    async fn check_instant(&self, at: Timestamp) -> Result<(), Refusal> {
        let now = self.now();
        if at > now {
            return Err(AsOfRefusal::Future.into());
        }
        let first = self.store.moments(vec![Seq(1)]).await?;
        let begun_at = first.first().map_or(now, |first| first.at);
        let earliest = self.settings.keep_ended.map_or(begun_at, |kept| begun_at.max(now - kept));
        if at < earliest { Err(AsOfRefusal::TooEarly { earliest }.into()) } else { Ok(()) }
    }
}
