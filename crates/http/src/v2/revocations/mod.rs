//! Revoking by a filter: a preview, its execution, and what became of it.

mod execute;
mod preview;
mod receipt;
mod show;

pub use execute::Execute;
pub use preview::Preview;
pub use show::Show;
