//! Lists of sessions and single ones, out of the index.

use crate::{AsOf, Principal, Refusal, Service, Then};
use rollcall_auth::Kept;
use rollcall_index::{Filter, FoundRows, List, Page, Row, Tally, TallyBy, TooCostly};
use rollcall_model::{SessionId, limits};
use std::sync::Arc;
use std::time::Instant;

/// Sessions that were found, and are read in pieces.
#[expect(missing_debug_implementations, reason = "it is made of handles")]
pub struct Found {
    of: AsOf,
    /// What is left of them.
    rows: Option<FoundRows>,
}

impl Found {
    /// Reads up to `most` of the next ones that are still live; `None` at the end.
    pub fn read<R>(&mut self, most: usize, read: impl FnOnce(&[Row<'_>]) -> R) -> Option<R> {
        let mut matching = self.of.standing().go_on(self.rows.take()?);
        let read = matching.read(most, read)?;
        self.rows = Some(matching.into_found());
        Some(read)
    }

    /// What there is to say of them, if they are of the past.
    pub fn then(&self) -> Option<Then> {
        self.of.then()
    }
}

impl Service {
    /// A page of sessions. `read` sees it while the index stands still, so that rows, total and offset agree.
    ///
    /// A filter that was not asked lately scans off the async threads, and is refused when it takes too long.
    pub async fn list_sessions<R: Send + 'static>(
        &self,
        of: AsOf,
        list: List,
        read: impl FnOnce(&Page<'_>) -> R + Send + 'static,
    ) -> Result<R, Refusal> {
        let is_at_hand = of.standing().is_at_hand(&list);
        self.scan(is_at_hand, move |stop| of.standing().list(&list, of.at(), stop, read)).await
    }

    /// How many sessions a filter finds, or all, and by each of these how many: of one state.
    pub async fn tally(
        &self,
        of: AsOf,
        filter: Option<Filter>,
        by: Vec<TallyBy>,
    ) -> Result<(usize, Vec<Tally>), Refusal> {
        let tally = move |stop: &dyn Fn() -> bool| {
            of.standing().tally(filter.as_ref(), &by, limits::FACET_VALUES, of.at(), stop)
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

    /// All that a filter finds, to be read in pieces.
    pub async fn find(&self, of: AsOf, filter: Option<Filter>) -> Result<Found, Refusal> {
        let find = move |stop: &dyn Fn() -> bool| {
            let rows = of.standing().matching(filter.as_ref(), of.at(), stop)?.into_found();
            Ok(Found { rows: Some(rows), of })
        };
        self.scan(false, find).await
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
