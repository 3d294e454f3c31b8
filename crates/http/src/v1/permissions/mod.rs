//! The endpoints of permissions.

mod list_all;
mod update;

pub use list_all::ListAll;
pub use update::Update;

use crate::time::Time;
use rollcall_model::Role;
use rollcall_service::PermissionRow;
use schemars::JsonSchema;
use serde::Serialize;

/// A permission, and the roles that hold it.
#[derive(Serialize, JsonSchema)]
struct PermissionWire {
    #[serde(rename = "_id")]
    id: &'static str,
    roles: Vec<&'static str>,
    #[serde(rename = "_updatedAt")]
    updated_at: Time,
}

impl From<&PermissionRow> for PermissionWire {
    fn from(row: &PermissionRow) -> Self {
        Self {
            id: row.permission.as_str(),
            roles: row.roles.iter().map(Role::as_str).collect(),
            updated_at: Time(row.updated_at),
        }
    }
}
