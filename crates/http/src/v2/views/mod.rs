//! Saved filters.

mod delete;
mod list;
mod put;

pub use delete::Delete;
pub use list::List;
pub use put::Put;

use crate::endpoint::{DeniedAs, Needs};
use rollcall_model::Permission;
use rollcall_service::View;
use serde_json::{Value, json};

/// Who may see the sessions that they find.
const NEEDS: Needs = Needs::Permission(Permission::ViewDeviceManagement, DeniedAs::Forbidden);

fn item(view: &View) -> Value {
    json!({
        "name": view.name,
        "q": view.q,
        "sort": view.sort,
        "shared": view.shared,
        "updated_at": view.updated_at.to_string(),
    })
}
