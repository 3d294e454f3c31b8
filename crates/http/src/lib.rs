//! The wire. A request goes socket → [`server`] → router → [`app`] → [`guard`] → an endpoint's `act` →
//! the service, and its answer back.

pub mod answer;
mod app;
pub mod client_address;
mod compression;
mod console;
mod cookie;
pub mod cors;
mod credentials;
pub mod ddp;
pub mod docs;
pub mod endpoint;
mod endpoints;
pub mod guard;
mod health;
pub mod input;
pub mod method_call;
mod metrics;
mod openapi;
pub mod page;
pub mod refusal;
mod server;
pub mod time;
mod v1;
mod v2;
pub mod written;

pub use app::{Routers, WireSettings, routers};
pub use endpoints::{declarations, declarations_of};
pub use openapi::document;
pub use server::{listen, serve};
pub use v1::sessions::row::client_fragment;
