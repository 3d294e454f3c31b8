//! The device management endpoints.

mod info;
mod info_admin;
mod list;
mod list_all;
mod logout;
mod logout_me;
mod query;
pub mod row;

pub use info::Info;
pub use info_admin::InfoAdmin;
pub use list::List;
pub use list_all::ListAll;
pub use logout::Logout;
pub use logout_me::LogoutMe;

use schemars::JsonSchema;
use serde::Serialize;

/// The session that was ended.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndedSession {
    session_id: String,
}
