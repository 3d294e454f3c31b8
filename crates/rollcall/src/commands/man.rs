//! `rollcall man`: manual pages, out of the command line's own declaration.

use crate::output::print;
use anyhow::Context;
use clap::Args;
use clap_mangen::Man as Page;
use std::path::PathBuf;

const EXAMPLE: &str = "\
Example:
  rollcall man | man -l -
  rollcall man --dir ~/.local/share/man/man1";

/// What `rollcall man` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Man {
    /// Write one page for each command into this directory, instead of printing the program's
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints the page, or writes all of them.
pub fn run(command: &Man, whole: clap::Command) -> anyhow::Result<()> {
    let Some(dir) = &command.dir else {
        let mut text = Vec::new();
        Page::new(whole).render(&mut text)?;
        print(&String::from_utf8(text)?)?;
        return Ok(());
    };
    let written = || {
        std::fs::create_dir_all(dir)?;
        clap_mangen::generate_to(whole, dir)
    };
    written().with_context(|| format!("no pages can be written into {}", dir.display()))
}
