//! `rollcall completions`: what a shell completes, out of the command line's own declaration.

use crate::output::print;
use clap::Args;
use clap_complete::Shell;

const EXAMPLE: &str = "\
Example:
  rollcall completions bash > ~/.local/share/bash-completion/completions/rollcall";

/// What `rollcall completions` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

/// Prints them.
pub fn run(command: &Completions, mut whole: clap::Command) -> anyhow::Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(command.shell, &mut whole, "rollcall", &mut text);
    print(&String::from_utf8(text)?)?;
    Ok(())
}
