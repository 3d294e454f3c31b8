//! One file per command.

pub mod key_file;
pub mod serve;
