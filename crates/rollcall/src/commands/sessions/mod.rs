//! `rollcall sessions`: who is signed in, and ending that.

mod columns;
mod describe;
mod end;
mod export;
mod filter;
pub mod list;
mod preview;
mod revoke;
mod show;
mod sse;
mod watch;

use clap::{Args, Subcommand};

const EXAMPLE: &str = "\
Example:
  rollcall sessions list 'os:windows seen>30d'";

/// What `rollcall sessions` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Sessions {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List who is signed in, from where, on what; or who was, at an instant of the past
    List(list::List),
    /// Show one session and what happened to it, an ended one too while it is kept
    Show(show::Show),
    /// End sessions by their ids: their tokens are refused from then on
    End(end::End),
    /// End all sessions that a filter finds, after a look at what it finds
    Revoke(revoke::Revoke),
    /// Print what is opened, changed and ended, while it happens
    Watch(watch::Watch),
    /// Write all sessions that a filter finds, as NDJSON or CSV
    Export(export::Export),
}

/// Does it.
pub fn run(command: &Sessions) -> anyhow::Result<()> {
    match &command.command {
        Command::List(command) => list::run(command),
        Command::Show(command) => show::run(command),
        Command::End(command) => end::run(command),
        Command::Revoke(command) => revoke::run(command),
        Command::Watch(command) => watch::run(command),
        Command::Export(command) => export::run(command),
    }
}
