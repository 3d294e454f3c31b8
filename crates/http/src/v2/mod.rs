//! API v2: our own (docs/reference/v2.md). One file per endpoint; snake_case, flat items, RFC 3339 times, and problem
//! documents for what is refused.

mod item;
mod me;
mod page;
pub mod problem;
mod sessions;

pub use me::{EndSession as MeEndSession, Me, Sessions as MeSessions};
pub use sessions::{End as SessionsEnd, Show as SessionsShow};
