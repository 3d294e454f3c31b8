//! One file per command.

pub mod audit;
pub mod backup;
pub mod completions;
pub mod config;
pub mod connection;
pub mod copy;
mod data_dir;
pub mod doctor;
mod end;
mod erase;
pub mod generate;
pub mod key_file;
pub mod login;
pub mod logout;
pub mod man;
mod new_password;
mod new_user;
pub mod outbox;
pub mod restore;
mod secret_file;
pub mod serve;
pub mod sessions;
pub mod user;
pub mod which_store;
pub mod whoami;
