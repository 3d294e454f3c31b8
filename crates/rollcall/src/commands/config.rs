//! `rollcall config`: whether the settings are good, and what they come to.

use crate::config::{ConfigArgs, ConfigErrors, Loaded};
use clap::{Args, Subcommand};
use std::io::{ErrorKind, Write, stdout};
use std::process::ExitCode;

const CHECK: &str = "\
Example:
  rollcall config check --config /etc/rollcall.toml

Looks at what a server would be given: file, environment and flags. Exit code 0: good; 2: it is not, and
stderr names each fault with its place.";

const PRINT: &str = "\
Examples:
  rollcall config print --defaults > /etc/rollcall.toml    # a file to begin with
  rollcall config print --json | jq '.settings[] | select(.from != \"default\")'

Exit code 0: printed; 2: the settings are not good, and stderr names each fault with its place.";

/// What is asked about the settings.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Say whether the settings are good, and which are not as by default
    #[command(after_help = CHECK)]
    Check(ConfigArgs),
    /// Print all settings in force as a file, with what each is and where it comes from
    #[command(after_help = PRINT)]
    Print(Print),
}

/// What `rollcall config print` is told.
#[derive(Args, Debug)]
pub struct Print {
    #[command(flatten)]
    config: ConfigArgs,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// The defaults, whatever file and environment say
    #[arg(long, conflicts_with_all = ["config", "set"])]
    defaults: bool,
}

/// Answers, by an exit code too.
pub fn run(command: Config) -> ExitCode {
    let answer = match command {
        Config::Check(config) => check(&config),
        Config::Print(command) => print(&command),
    };
    match answer {
        Ok(text) => say(&text),
        Err(errors) => {
            eprintln!("{errors}");
            ExitCode::from(2)
        }
    }
}

fn check(config: &ConfigArgs) -> Result<String, ConfigErrors> {
    let loaded = config.load(&[])?;
    loaded.config.mail_server()?;
    loaded.config.database()?;
    let changes = loaded.changes();
    Ok(if changes.is_empty() {
        "good: all as by default\n".into()
    } else {
        format!("good; not as by default:\n{changes}")
    })
}

fn print(command: &Print) -> Result<String, ConfigErrors> {
    let loaded = if command.defaults { Loaded::default() } else { command.config.load(&[])? };
    Ok(if command.json { loaded.json() } else { loaded.toml() })
}

/// Whoever reads may stop reading, as `head` does.
fn say(text: &str) -> ExitCode {
    match stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("rollcall: cannot write: {error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
