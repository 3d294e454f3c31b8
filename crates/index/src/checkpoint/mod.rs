//! The checkpoint: what the index holds, as bytes, so that a start need not read every session's row.
//!
//! A picture is taken in stretches, while everything goes on. It says of every session up to a place in the
//! ledger, and not ended when its stretch was taken, what the index knew then; whoever restores it is told what
//! the ledger has behind that place, which is the same whether the picture has it already or not.
//!
//! **Invariants**
//! - Only facts are written. Tables, orders, and which rows a value has are made anew, so no bytes can make them
//!   disagree.
//! - Whatever the bytes are, restoring gives an index or an error, and takes no more memory than they are long
//!   several times over.

mod bytes;
mod picture;
pub mod pieces;
mod restore;

pub use bytes::{Bytes, Put, damaged, ms};

/// The number of the format. It is raised when the bytes mean something else, or the same user agents are read
/// as other devices within one version of the program.
pub const FORMAT: u32 = 1;
