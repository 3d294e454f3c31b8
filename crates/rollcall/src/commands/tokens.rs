//! `rollcall tokens`: personal access tokens of users.

use super::connection::{Connection, confirm, tabled};
use super::named_user::NamedUser;
use crate::clean::clean;
use crate::output::print;
use crate::remote::http::{Request, segment};
use crate::remote::pages::Listed;
use crate::table::Column;
use crate::when;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use serde::Deserialize;

const EXAMPLE: &str = "\
Example:
  rollcall tokens list --user zoe";

const LIST: &str = EXAMPLE;

const END: &str = "\
Example:
  rollcall tokens end 4711";

/// What `rollcall tokens` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Tokens {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List a user's personal access tokens
    List(List),
    /// End one: it is refused from then on
    End(End),
}

/// What `rollcall tokens list` is told.
#[derive(Args, Debug)]
#[command(after_help = LIST)]
struct List {
    /// The username
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    user: String,
    /// Print one JSON document, {"items":[…]}, as the API gives it
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// What `rollcall tokens end` is told.
#[derive(Args, Debug)]
#[command(after_help = END)]
struct End {
    /// Its id, as `rollcall tokens list` shows it
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    id: String,
    /// Do not ask before
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Token {
    id: String,
    name: String,
    last_part: String,
    bypasses_step_up: bool,
    created_at: String,
}

/// Does it.
pub fn run(command: &Tokens) -> anyhow::Result<()> {
    match &command.command {
        Command::List(command) => list(command),
        Command::End(command) => end(command),
    }
}

fn list(command: &List) -> anyhow::Result<()> {
    let remote = command.connection.signed_in()?;
    let user = NamedUser::find(&remote, &command.user)?;
    let body = remote.act(&Request::get(&format!("users/{}/tokens", segment(&user.id)), vec![]))?;
    let listed = Listed::read(&body)?;
    print(&if command.json { listed.document() } else { readable(&listed) })?;
    Ok(())
}

fn readable(listed: &Listed<Token>) -> String {
    if listed.rows.is_empty() {
        return "no tokens\n".into();
    }
    let column = |title, least, cell: &dyn Fn(&Token) -> String| Column {
        title,
        rank: 0,
        least,
        cells: listed.rows.iter().map(|row| clean(&cell(&row.item), 200)).collect(),
    };
    tabled(&[
        column("TOKEN", None, &|token| token.id.clone()),
        column("NAME", Some(12), &|token| token.name.clone()),
        column("ENDS WITH", None, &|token| token.last_part.clone()),
        column("SECOND FACTOR", None, &|token| {
            if token.bypasses_step_up { "not asked" } else { "asked" }.into()
        }),
        column("MADE (UTC)", None, &|token| when::shown(&token.created_at)),
    ])
}

fn end(command: &End) -> anyhow::Result<()> {
    let remote = command.connection.signed_in()?;
    let shown = clean(&command.id, 80);
    confirm(&format!("End the token {shown}"), command.yes)?;
    remote.act(&Request::delete(&format!("tokens/{}", segment(&command.id))))?;
    print(&format!("{shown}: ended\n"))?;
    Ok(())
}
