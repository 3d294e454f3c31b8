//! Lists of sessions and single ones, out of the index.

use crate::{Principal, Refusal, Service};
use rollcall_index::{List, Page, Row};
use rollcall_model::{SessionId, limits};
use std::sync::Arc;
use std::time::Instant;

impl Service {
    /// A page of sessions. `read` sees it while the index stands still, so that rows, total and offset agree.
    ///
    /// A filter that was not asked lately scans off the async threads, and is refused when it takes too long.
    pub async fn list_sessions<R: Send + 'static>(
        self: &Arc<Self>,
        list: List,
        read: impl FnOnce(&Page<'_>) -> R + Send + 'static,
    ) -> Result<R, Refusal> {
        let is_at_hand = self.standing.is_at_hand(&list);
        let (standing, now) = (self.standing.clone(), self.clock.now());
        // A scan ends when nobody waits for it any more.
        let asked = Arc::new(());
        let asking = Arc::downgrade(&asked);
        let list = move || {
            let deadline = Instant::now() + limits::FILTER_TIME;
            let stop = || asking.strong_count() == 0 || Instant::now() >= deadline;
            standing.list(&list, now, &stop, read)
        };
        let listed = if is_at_hand { list() } else { self.scans.run(list).await? };
        drop(asked);
        listed.map_err(|_| Refusal::FilterTooCostly)
    }

    /// Whether a session is the one that the principal is calling with. Others than its own are not found.
    pub fn is_own_session(&self, principal: &Principal, id: &str) -> Result<bool, Refusal> {
        let no = self.session(id, |row| (row.user() == principal.user()).then(|| row.no()))?;
        Ok(principal.session() == Some(no))
    }

    /// One session by its id. `read` answers `None` for one that it does not want to be known.
    pub fn session<R>(&self, id: &str, read: impl FnOnce(Row<'_>) -> Option<R>) -> Result<R, Refusal> {
        let id: SessionId = id.parse().map_err(|_| Refusal::SessionNotFound)?;
        let found = self.standing.session(&id, self.clock.now(), |row| row.and_then(read));
        found.ok_or(Refusal::SessionNotFound)
    }
}
