//! DDP, the protocol of sockets (docs/reference/ddp.md): `GET /websocket`, then JSON in text frames.
//!
//! Text goes [`wire`] → [`conversation`] → [`methods`] → the same guard and the same endpoints as over HTTP.
//! [`socket`] drives one socket from its upgrade to its end; the end of its session reaches it by
//! `rollcall_service::Watch`.

mod close;
mod conversation;
pub(crate) mod errors;
mod login;
mod logout;
pub mod message;
mod methods;
mod socket;
mod subscriptions;
mod upgrade;
mod wire;

pub use close::Close;
pub use conversation::{Conversation, Reaction, Work};
pub use login::Login;
pub use logout::Logout;
pub(crate) use methods::{Method, Methods};
pub(crate) use upgrade::mount;
