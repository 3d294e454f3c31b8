//! The command line.

use crate::commands::audit::{self, Audit};
use crate::commands::backup::{self, Backup};
use crate::commands::completions::{self, Completions};
use crate::commands::config::{self, Config};
use crate::commands::connection::finish;
use crate::commands::contain::{self, Contain};
use crate::commands::copy;
use crate::commands::doctor::{self, Doctor};
use crate::commands::generate::{self, Generate};
use crate::commands::login::{self, Login};
use crate::commands::logout::{self, Logout};
use crate::commands::man::{self, Man};
use crate::commands::outbox::{self, Outbox};
use crate::commands::restore::{self, Restore};
use crate::commands::serve::{self, Serve};
use crate::commands::service_tokens::{self, ServiceTokens};
use crate::commands::sessions::{self, Sessions};
use crate::commands::tokens::{self, Tokens};
use crate::commands::user::{self, User};
use crate::commands::whoami::{self, Whoami};
use crate::remote::failure::EXIT_CODES;
use clap::{CommandFactory, Parser, Subcommand};
use std::process::ExitCode;

const EXAMPLE: &str = "\
Example:
  rollcall login --url https://chat.example.org --user ann
  rollcall sessions list device:chrome";

/// Tells a workspace who is signed in, and ends sessions.
#[derive(Debug, Parser)]
#[command(name = "rollcall", version, about, long_about = None, arg_required_else_help = true)]
#[command(after_help = format!("{EXAMPLE}\n\n{EXIT_CODES}"))]
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
    /// Let a user in again: by the operator's hand, while no server runs
    #[command(subcommand)]
    User(User),
    /// Hold the ledger against itself, or ask a running server what happened
    #[command(subcommand)]
    Audit(Audit),
    /// Look at settings, store, key, clock and listener, and say what is wrong
    Doctor(Doctor),
    /// Back the store up to one file, beside a running server too
    Backup(Backup),
    /// Make a store of a backup, where there is none
    Restore(Restore),
    /// Copy a store to another place, or to the other engine
    Copy(copy::Ends),
    /// Make a new store, filled with a made-up test workspace
    Generate(Generate),
    /// Print the mails of a server that has no mail server
    Outbox(Outbox),
    /// Sign in to a running server, and keep the token
    Login(Login),
    /// End the session of the stored login, and forget it
    Logout(Logout),
    /// Say as whom the commands act, and where
    Whoami(Whoami),
    /// List, watch and export who is signed in, and end sessions
    Sessions(Sessions),
    /// Shut a user out: no sign-in, no sessions, no tokens
    Contain(Contain),
    /// List and end personal access tokens of users
    Tokens(Tokens),
    /// Manage the tokens that programs call with
    ServiceTokens(ServiceTokens),
    /// Print what a shell completes
    Completions(Completions),
    /// Print the manual page, or write one for each command
    Man(Man),
}

impl Cli {
    /// Does what was asked. The exit codes are those of [`EXIT_CODES`].
    pub fn run(self) -> ExitCode {
        finish(match self.command {
            Command::Serve(command) => return serve::run(command),
            Command::Config(command) => return config::run(command),
            Command::User(command) => return user::run(command),
            Command::Audit(command) => return audit::run(&command),
            Command::Doctor(command) => return doctor::run(&command),
            Command::Backup(command) => return backup::run(&command),
            Command::Restore(command) => return restore::run(&command),
            Command::Copy(command) => return copy::run(&command),
            Command::Generate(command) => return generate::run(&command),
            Command::Outbox(command) => return outbox::run(&command),
            Command::Login(command) => login::run(&command),
            Command::Logout(command) => logout::run(&command),
            Command::Whoami(command) => whoami::run(&command),
            Command::Sessions(command) => sessions::run(&command),
            Command::Contain(command) => contain::run(&command),
            Command::Tokens(command) => tokens::run(&command),
            Command::ServiceTokens(command) => service_tokens::run(&command),
            Command::Completions(command) => completions::run(&command, Self::command()),
            Command::Man(command) => man::run(&command, Self::command()),
        })
    }
}
