//! Saved filters: kept in their one form, so that the same filter is the same text.

use crate::{Principal, Refusal, Service};
use rollcall_index::filter::Tree;
use rollcall_model::limits;
use rollcall_store::views::{OwnedView, View};

impl Service {
    /// The principal's own saved filters, and those that others share.
    pub async fn views(&self, principal: &Principal) -> Result<Vec<OwnedView>, Refusal> {
        Ok(self.store.views(principal.user(), limits::VIEWS_LISTED).await?)
    }

    /// Keeps a filter for the principal, in the place of its own of the same name, and gives it as it is kept.
    pub async fn put_view(
        &self,
        principal: &Principal,
        name: &str,
        q: &str,
        sort: &str,
        shared: bool,
    ) -> Result<View, Refusal> {
        let tree = Tree::parse(q).map_err(|error| Refusal::Filter(Box::new(error)))?;
        let q = if q.trim().is_empty() { String::new() } else { tree.to_string() };
        let view = View { name: name.into(), q, sort: sort.into(), shared, updated_at: self.now() };
        let kept = self.store.put_view(principal.user(), view.clone(), limits::VIEWS_PER_USER).await?;
        if kept { Ok(view) } else { Err(Refusal::TooManyViews) }
    }

    /// Drops a saved filter of the principal's own.
    pub async fn drop_view(&self, principal: &Principal, name: &str) -> Result<(), Refusal> {
        let dropped = self.store.drop_view(principal.user(), name.into()).await?;
        if dropped { Ok(()) } else { Err(Refusal::NoSuchView) }
    }
}
