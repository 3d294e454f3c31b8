//! Saved filters.

mod delete;
mod list;
mod put;

pub use delete::Delete;
pub use list::List;
pub use put::Put;

use crate::endpoint::{DeniedAs, Needs};
use crate::time::Time;
use rollcall_model::Permission;
use rollcall_service::View;
use schemars::JsonSchema;
use serde::Serialize;

/// Who may see the sessions that they find.
const NEEDS: Needs = Needs::Permission(Permission::ViewDeviceManagement, DeniedAs::Forbidden);

/// A saved filter.
#[derive(Serialize, JsonSchema)]
pub struct SavedView<'a> {
    name: &'a str,
    /// The filter.
    q: &'a str,
    sort: &'a str,
    /// Whether others see it.
    shared: bool,
    updated_at: Time,
}

impl<'a> From<&'a View> for SavedView<'a> {
    fn from(view: &'a View) -> Self {
        Self {
            name: &view.name,
            q: &view.q,
            sort: &view.sort,
            shared: view.shared,
            updated_at: Time(view.updated_at),
        }
    }
}
