//! The binary.

use clap::Parser;
use rollcall::cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    Cli::parse().run()
}
