//! The endpoints of roles.

mod add_user;
mod list;
mod remove_user;

pub use add_user::AddUserToRole;
pub use list::List;
pub use remove_user::RemoveUserFromRole;

use crate::input::Kind;
use rollcall_model::{Role, RoleSet, limits};
use serde_json::{Value, json};

const TEXT: Kind = Kind::Text(limits::TEXT_CHARS);

/// A role as v1 shows it.
fn role_wire(role: Role, factor_required_of: RoleSet) -> Value {
    json!({
        "_id": role.as_str(),
        "name": role.as_str(),
        "description": role.description(),
        "mandatory2fa": factor_required_of.contains(role),
        "protected": true,
        "scope": role.scope(),
    })
}
