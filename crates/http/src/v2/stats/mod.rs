//! Figures over time.

mod live;
mod sign_ins;
mod span;

pub use live::Live;
pub use sign_ins::SignIns;
