//! One file per command.

pub mod completions;
pub mod connection;
pub mod login;
pub mod logout;
pub mod man;
pub mod serve;
pub mod sessions;
pub mod whoami;
