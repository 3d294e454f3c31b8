//! The caller's own.

mod end_session;
mod sessions;
mod show;

pub use end_session::EndSession;
pub use sessions::Sessions;
pub use show::Me;
