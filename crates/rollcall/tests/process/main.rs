//! The built binary: its commands, what survives a kill, how it starts the first time, how it ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod audit;
mod backup;
mod bad_input;
mod changes;
mod checkpoint;
mod command_line;
mod config;
mod doctor;
mod durability;
mod first_start;
mod generate;
mod mail;
mod nodes;
mod observer;
mod operator;
mod page;
mod place;
mod process;
mod promotion;
mod revocations;
mod service_tokens;
mod shutdown;
