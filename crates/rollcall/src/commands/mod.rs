//! One file per command.

pub mod completions;
pub mod config;
pub mod connection;
pub mod key_file;
pub mod login;
pub mod logout;
pub mod man;
pub mod serve;
pub mod sessions;
pub mod whoami;
