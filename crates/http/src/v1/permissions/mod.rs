//! The endpoints of permissions.

mod list_all;
mod update;

pub use list_all::ListAll;
pub use update::Update;

use rollcall_model::Role;
use rollcall_service::PermissionRow;
use serde_json::{Value, json};

/// Permissions as v1 shows them.
fn wire<'a>(rows: impl IntoIterator<Item = &'a PermissionRow>) -> Vec<Value> {
    let row = |row: &PermissionRow| {
        let roles: Vec<_> = row.roles.iter().map(Role::as_str).collect();
        json!({ "_id": row.permission.as_str(), "roles": roles, "_updatedAt": row.updated_at.to_string() })
    };
    rows.into_iter().map(row).collect()
}
