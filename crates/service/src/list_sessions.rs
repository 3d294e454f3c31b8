//! Lists of sessions and single ones, out of the index.

use crate::{Principal, Refusal, Service};
use rollcall_auth::Kept;
use rollcall_index::{Filter, List, Page, Row, Tally, TallyBy, TooCostly};
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
        self.scan(is_at_hand, move |stop| standing.list(&list, now, stop, read)).await
    }

    /// How many sessions a filter finds, or all, and by each of these how many: of one state.
    pub async fn tally(
        self: &Arc<Self>,
        filter: Option<Filter>,
        by: Vec<TallyBy>,
    ) -> Result<(usize, Vec<Tally>), Refusal> {
        let (standing, now) = (self.standing.clone(), self.clock.now());
        let tally = move |stop: &dyn Fn() -> bool| {
            standing.tally(filter.as_ref(), &by, limits::FACET_VALUES, now, stop)
        };
        self.scan(false, tally).await
    }

    /// Searches the index: on a thread for it, unless what is asked is at hand.
    pub(crate) async fn scan<R: Send + 'static>(
        &self,
        is_at_hand: bool,
        search: impl FnOnce(&dyn Fn() -> bool) -> Result<R, TooCostly> + Send + 'static,
    ) -> Result<R, Refusal> {
        // A scan ends when nobody waits for it any more.
        let asked = Arc::new(());
        let asking = Arc::downgrade(&asked);
        let search = move || {
            let deadline = Instant::now() + limits::FILTER_TIME;
            search(&|| asking.strong_count() == 0 || Instant::now() >= deadline)
        };
        let found = if is_at_hand { search() } else { self.scans.run(search).await? };
        drop(asked);
        found.map_err(|TooCostly| Refusal::FilterTooCostly)
    }

    /// Seals what a client keeps and sends back.
    pub fn seal_kept(&self, usage: Kept, tied_to: &[u8], what: &[u8]) -> String {
        self.key.seal_kept(usage, tied_to, what, &*self.randomness)
    }

    /// Opens it, unless it is of another usage, tied to something else, or was changed.
    pub fn open_kept(&self, usage: Kept, tied_to: &[u8], sealed: &str) -> Option<Vec<u8>> {
        self.key.open_kept(usage, tied_to, sealed)
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
