//! The project's task runner: `cargo xtask COMMAND`. Its commands call the real tools, and only them.
//!
//! Exit code 0: done. 1: something failed, and the lines above the last one say what. 2: asked wrongly, or a
//! tool is missing.

mod bench;
mod clients;
mod command_line;
mod credentials;
mod docs;
mod fuzz;
mod lint;
mod run;
mod server;
mod step;
mod test;
mod tidy;
mod tools;
mod torture;
mod web;
mod workspace;

use command_line::Command;
use std::process::ExitCode;
use step::Failure;
use workspace::Workspace;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match command_line::parse(&arguments).and_then(carry_out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::from(failure.code)
        }
    }
}

fn carry_out(command: Command) -> Result<(), Failure> {
    let workspace = match command {
        Command::Help => {
            print!("{}", command_line::help());
            return Ok(());
        }
        _ => Workspace::read()?,
    };
    match command {
        Command::Help => Ok(()),
        Command::Run { listen } => run::run(&workspace, listen),
        Command::Announce { server, address } => run::announce(&workspace, server, address),
        Command::Test { quick } => test::test(&workspace, quick),
        Command::Clients => clients::clients(&workspace),
        Command::Web { what } => web::web(&workspace, what),
        Command::Lint { all } => lint::lint(&workspace, all),
        Command::Fmt => lint::format(&workspace),
        Command::Docs { check } => docs::docs(&workspace, check),
        Command::Tidy => tidy::tidy(&workspace),
        Command::Fuzz { minutes, target } => fuzz::fuzz(&workspace, minutes, target.as_deref()),
        Command::Torture { kills, engine } => torture::torture(&workspace, kills, engine),
        Command::Bench { arguments } => bench::bench(&workspace, &arguments),
    }
}
