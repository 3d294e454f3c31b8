//! API v1: Rocket.Chat's wire (docs/reference/rest.md). One file per endpoint; wire names stay in here.

pub mod errors;
mod info;
pub mod json;
pub mod login;
mod logout;
pub mod mail_factor;
mod me;
mod paging;
pub mod permissions;
pub mod roles;
pub mod sessions;
mod sort;
pub mod success;
pub mod totp;
mod user_wire;
mod users;

pub use info::Info;
pub use login::Login;
pub use logout::Logout;
pub use me::Me;
pub use users::{
    Create as UsersCreate, Delete as UsersDelete, GeneratePersonalToken, Info as UsersInfo,
    List as UsersList, ListPersonalTokens, Logout as UsersLogout,
    LogoutOtherClients as UsersLogoutOtherClients, RemoveOtherTokens as UsersRemoveOtherTokens,
    RemovePersonalToken, SetActiveStatus as UsersSetActiveStatus, Update as UsersUpdate,
};
