//! The command line.

use crate::commands::config::{self, Config};
use crate::commands::serve::{self, Serve};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Tells a workspace who is signed in, and ends sessions.
#[derive(Debug, Parser)]
#[command(name = "rollcall", version, about, long_about = None, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API from a data directory
    Serve(Serve),
    /// Check the settings, or print those in force
    #[command(subcommand)]
    Config(Config),
}

impl Cli {
    /// Does what was asked. Exit code 0: done; 1: it failed, and stderr says why; 2: asked wrongly.
    pub fn run(self) -> ExitCode {
        match self.command {
            Command::Serve(command) => serve::run(command),
            Command::Config(command) => config::run(command),
        }
    }
}
