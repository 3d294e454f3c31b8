//! `rollcall sessions`: who is signed in, and ending that.

mod columns;
mod end;
mod list;
mod sort;

use clap::{Args, Subcommand};

const EXAMPLE: &str = "\
Example:
  rollcall sessions list --mine";

/// What `rollcall sessions` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Sessions {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List who is signed in, from where, on what
    List(list::List),
    /// End sessions: their tokens are refused from then on
    End(end::End),
}

/// Does it.
pub fn run(command: &Sessions) -> anyhow::Result<()> {
    match &command.command {
        Command::List(command) => list::run(command),
        Command::End(command) => end::run(command),
    }
}
