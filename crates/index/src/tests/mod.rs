//! Tests of the whole index. [`world`] makes sessions and events and keeps the plain list of them that
//! the naive answers come from.

mod behaviour;
mod changes_in_scans;
mod checkpoints;
mod found;
mod hostile;
mod oracle;
mod trees;
mod walks;
pub mod world;
