//! The endpoints that manage users.

mod create;
mod delete;
mod info;
mod list;
mod logout;
mod logout_others;
mod personal_tokens;
mod set_active_status;
mod update;

pub use create::Create;
pub use delete::Delete;
pub use info::Info;
pub use list::List;
pub use logout::Logout;
pub use logout_others::{LogoutOtherClients, RemoveOtherTokens};
pub use personal_tokens::{
    Generate as GeneratePersonalToken, List as ListPersonalTokens, Remove as RemovePersonalToken,
};
pub use set_active_status::SetActiveStatus;
pub use update::Update;

use crate::input::Kind;
use rollcall_model::{Permission, limits};
use rollcall_service::{Principal, Service};

const TEXT: Kind = Kind::Text(limits::TEXT_CHARS);

/// Whether the caller sees every field of other users.
fn sees_everything(service: &Service, caller: &Principal) -> bool {
    service.permits(caller, Permission::ViewFullOtherUserInfo)
}
