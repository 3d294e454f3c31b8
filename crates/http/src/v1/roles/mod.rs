//! The endpoints of roles.

mod add_user;
mod list;
mod remove_user;

pub use add_user::AddUserToRole;
pub use list::List;
pub use remove_user::RemoveUserFromRole;

use crate::input::Kind;
use rollcall_model::{Role, RoleSet, limits};
use schemars::JsonSchema;
use serde::Serialize;

const TEXT: Kind = Kind::Text(limits::TEXT_CHARS);

/// A role as v1 shows it.
#[derive(Serialize, JsonSchema)]
struct RoleWire {
    #[serde(rename = "_id")]
    id: &'static str,
    name: &'static str,
    description: &'static str,
    /// Whether its holders must have a second factor.
    mandatory2fa: bool,
    protected: bool,
    scope: &'static str,
}

impl RoleWire {
    fn new(role: Role, factor_required_of: RoleSet) -> Self {
        Self {
            id: role.as_str(),
            name: role.as_str(),
            description: role.description(),
            mandatory2fa: factor_required_of.contains(role),
            protected: true,
            scope: role.scope(),
        }
    }
}

/// A role that was given or taken.
#[derive(Serialize, JsonSchema)]
pub struct Affected {
    role: RoleWire,
}
