//! API v2: our own (docs/reference/v2.md). One file per endpoint; names in snake case, flat items, RFC 3339 times, and problem
//! documents for what is refused.

mod audit;
mod complete;
mod cursor;
mod event;
mod item;
mod me;
mod page;
pub mod problem;
mod search;
mod sessions;
mod stats;
mod users;
mod views;

pub use audit::Audit;
pub use complete::Complete as FilterComplete;
pub use me::{EndSession as MeEndSession, Me, Sessions as MeSessions};
pub use sessions::{End as SessionsEnd, List as SessionsList, Show as SessionsShow};
pub use stats::{Live as StatsLive, SignIns as StatsSignIns};
pub use users::{
    Contain as UsersContain, EndToken as TokensEnd, List as UsersList, ResetFactors as UsersResetFactors,
    Sessions as UsersSessions, Tokens as UsersTokens,
};
pub use views::{Delete as ViewsDelete, List as ViewsList, Put as ViewsPut};
