//! `rollcall audit`: what the ledger tells, and whether it is as it was written.

mod list;
mod verify;

use super::connection::finish;
use clap::Subcommand;
use std::process::ExitCode;

/// What is asked about the ledger.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Follow the whole chain of the ledger, and name the first event that is not as it was written
    Verify(verify::Verify),
    /// Ask a running server what happened, the newest first
    List(list::List),
}

/// Answers.
pub fn run(command: &Audit) -> ExitCode {
    match command {
        Audit::Verify(command) => verify::run(command),
        Audit::List(command) => finish(list::run(command)),
    }
}
