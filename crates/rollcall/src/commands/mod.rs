//! One file per command.

pub mod config;
pub mod key_file;
pub mod serve;
