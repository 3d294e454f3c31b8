//! `rollcall contain`: shuts a user out of a running server.

use super::connection::{Connection, confirm};
use super::named_user::NamedUser;
use crate::clean::{clean, json as fit};
use crate::output::{print, say};
use crate::remote::http::{Request, segment};
use crate::remote::parse;
use crate::table::grouped;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde::Deserialize;

const EXAMPLE: &str = "\
Example:
  rollcall contain --user zoe

Deactivates the user and ends all sessions and personal access tokens, in one commit. A second factor is asked
for anew. `users.setActiveStatus` lets the user in again.";

/// What `rollcall contain` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Contain {
    /// The username
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    user: String,
    /// Do not ask before
    #[arg(long, short)]
    yes: bool,
    /// Print the receipt as the JSON that the API gives
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Receipt {
    sessions_ended: u64,
    tokens_ended: u64,
    ledger: Option<Stretch>,
    head: Head,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stretch {
    first: u64,
    last: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Head {
    seq: u64,
    hash: String,
}

/// Contains.
pub fn run(command: &Contain) -> anyhow::Result<()> {
    let remote = command.connection.signed_in()?;
    let user = NamedUser::find(&remote, &command.user)?;
    let name = user.name.as_deref().map_or(String::new(), |name| format!(" ({})", clean(name, 80)));
    let username = clean(&user.username, 80);
    let deactivates = if user.active { "deactivates it and " } else { "" };
    say(&format!(
        "{username}{name}: this {deactivates}ends {} live sessions and all personal access tokens.",
        grouped(user.live_sessions)
    ));
    confirm(&format!("Contain {username}"), command.yes)?;
    let body = remote.act(&Request::post(&format!("users/{}/contain", segment(&user.id)), None))?;
    if command.json {
        print(&format!("{}\n", fit(&String::from_utf8_lossy(&body))))?;
    } else {
        print(&readable(&username, &parse(&body)?))?;
    }
    Ok(())
}

fn readable(username: &str, receipt: &Receipt) -> String {
    let Receipt { sessions_ended, tokens_ended, ledger, head } = receipt;
    let done = match ledger {
        None => format!("{username} was contained already: nothing was done"),
        Some(Stretch { first, last }) => format!(
            "{username} is contained; {} sessions and {} tokens ended; events {first} to {last} of the ledger",
            grouped(*sessions_ended),
            grouped(*tokens_ended)
        ),
    };
    format!("{done}\nledger head {}:{}\n", head.seq, clean(&head.hash, 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_told() {
        let done = br#"{"sessions_ended":2,"tokens_ended":1,"ledger":{"first":120,"last":123},"head":{"seq":123,"hash":"9f"}}"#;
        assert_eq!(
            readable("zoe", &parse(done).unwrap()),
            "zoe is contained; 2 sessions and 1 tokens ended; events 120 to 123 of the ledger\nledger head 123:9f\n"
        );
        let nothing = br#"{"sessions_ended":0,"tokens_ended":0,"ledger":null,"head":{"seq":9,"hash":"9f"}}"#;
        assert!(readable("zoe", &parse(nothing).unwrap()).starts_with("zoe was contained already"));
    }
}
