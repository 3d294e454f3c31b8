//! Lists of sessions and single ones, out of the index.

use crate::{Refusal, Service};
use rollcall_index::{List, Page, Row, TextFilter};
use rollcall_model::{SessionId, limits};
use std::sync::Arc;
use std::time::Instant;

impl Service {
    /// A page of sessions. `read` sees it while the index stands still, so that rows, total and offset agree.
    ///
    /// With a filter the scan runs off the async threads, and is refused when it takes too long.
    pub async fn list_sessions<R: Send + 'static>(
        self: &Arc<Self>,
        mut list: List,
        filter: Option<String>,
        read: impl FnOnce(&Page<'_>) -> R + Send + 'static,
    ) -> Result<R, Refusal> {
        let now = self.clock.now();
        let Some(filter) = filter.filter(|filter| !filter.is_empty()) else {
            return self.standing.list(&list, now, &|| false, read).map_err(|_| Refusal::FilterTooCostly);
        };
        let service = self.clone();
        self.scans
            .run(move || {
                let deadline = Instant::now() + limits::FILTER_TIME;
                list.filter = Some(TextFilter::new(&filter));
                service.standing.list(&list, now, &|| Instant::now() >= deadline, read)
            })
            .await?
            .map_err(|_| Refusal::FilterTooCostly)
    }

    /// One session by its id. `read` answers `None` for one that it does not want to be known.
    pub fn session<R>(&self, id: &str, read: impl FnOnce(Row<'_>) -> Option<R>) -> Result<R, Refusal> {
        let id: SessionId = id.parse().map_err(|_| Refusal::SessionNotFound)?;
        let found = self.standing.session(&id, self.clock.now(), |row| row.and_then(read));
        found.ok_or(Refusal::SessionNotFound)
    }
}
