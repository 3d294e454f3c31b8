//! API v2: our own (docs/reference/v2.md). One file per endpoint; names in snake case, flat items, RFC 3339 times, and problem
//! documents for what is refused.

mod cursor;
mod item;
mod me;
mod page;
pub mod problem;
mod revocations;
mod sessions;
mod sheet;

pub use me::{EndSession as MeEndSession, Me, Sessions as MeSessions};
pub use revocations::{
    Execute as RevocationsExecute, Preview as RevocationsPreview, Show as RevocationsShow,
};
pub use sessions::{
    End as SessionsEnd, Export as SessionsExport, List as SessionsList, Show as SessionsShow,
    Stream as SessionsStream,
};
