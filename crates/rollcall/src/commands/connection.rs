//! What the commands that ask a running server have in common: which server, as whom, and how they end.

use crate::clean::clean;
use crate::output::say;
use crate::remote::credentials::{self, variable};
use crate::remote::prompt::{Ask, Terminal};
use crate::remote::step_up::{Codes, VARIABLE};
use crate::remote::{Failure, Kind, Remote, Secret, ServerUrl};
use crate::table::{Column, room, table};
use clap::Args;
use std::process::ExitCode;

/// Characters of an error that are shown.
const ERROR_CHARS: usize = 1_000;

const URL_HELP: &str = "Server to ask, such as https://chat.example.org; or set ROLLCALL_URL. Without either: \
                        that of the stored login, or else http://127.0.0.1:3000";

/// Which server, and how careful to be.
#[derive(Args, Clone, Debug)]
pub struct Connection {
    /// The server.
    #[arg(long, value_name = "URL", help = URL_HELP)]
    pub url: Option<ServerUrl>,
    /// Send the token over plain HTTP to another machine, though whoever is on the way can read it
    #[arg(long)]
    pub insecure_http: bool,
}

impl Connection {
    /// The server, as who is signed in.
    pub fn signed_in(&self) -> Result<Remote, Failure> {
        let credentials = credentials::find(self.url.as_ref(), &variable)?;
        Remote::signed_in(credentials, self.insecure_http, codes())
    }
}

/// Asks whoever is at the terminal whether to go on; the question ends without its mark. `--yes` has said so.
pub fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let answer = person()?.line(&format!("{question}? [y/N] "))?;
    if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Kind::Failed.because("nothing was done"))
}

/// Whoever is at the terminal.
pub fn person() -> Result<Terminal, Failure> {
    Terminal::open()
        .ok_or_else(|| Kind::Usage.because("stdin is no terminal, so nobody can be asked: say --yes"))
}

/// How wide a table may be, and the text of it, with a line break at its end.
pub fn tabled(columns: &[Column]) -> String {
    let terminal = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0);
    let lines = table(columns, room(variable("COLUMNS").as_deref(), terminal));
    lines.join("\n") + "\n"
}

/// Second factors: of the variable, or of whoever is at the terminal.
pub fn codes() -> Codes {
    let given = variable(VARIABLE).map(Secret::new);
    let person = Terminal::open().map(|terminal| Box::new(terminal) as Box<_>);
    Codes { given, person }
}

/// Says how a command went, to stderr and by exit code.
pub fn finish(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    say(&format!("rollcall: {}", clean(&format!("{error:#}"), ERROR_CHARS)));
    let failure = error.downcast_ref::<Failure>();
    if let Some(place) = failure.and_then(|failure| failure.place.as_ref()) {
        place.shown().iter().for_each(|line| say(&format!("  {line}")));
    }
    ExitCode::from(failure.map_or(Kind::Failed, |failure| failure.kind).exit_code())
}
