//! `rollcall sessions end`.

use super::describe::whose_since;
use super::show::{self, Shown};
use crate::clean::clean;
use crate::commands::connection::{Connection, confirm, person};
use crate::output::{print, say};
use crate::remote::http::{Request, segment};
use crate::remote::pages::Listed;
use crate::remote::prompt::Ask;
use crate::remote::{Failure, Kind, Remote, Session, parse};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use rollcall_model::clock::{Clock, SystemClock};

const EXAMPLE: &str = "\
Example:
  rollcall sessions end 8Zfjixtr2ib8YGXjM

Shows whose sessions they are and asks before it ends them; --yes does without, as scripts have to. With
several ids, says of each what happened; the exit code is 0 when all of them are ended.";

/// What `rollcall sessions end` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct End {
    /// Ids, as `rollcall sessions list` shows them
    #[arg(value_name = "ID", required = true, value_parser = NonEmptyStringValueParser::new())]
    ids: Vec<String>,
    /// Do not ask before
    #[arg(long, short)]
    yes: bool,
    /// End own sessions: this needs no permission
    #[arg(long)]
    mine: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Ends them, one by one.
pub fn run(command: &End) -> anyhow::Result<()> {
    let remote = command.connection.signed_in()?;
    let mut ids: Vec<&str> = Vec::new();
    for id in &command.ids {
        if !ids.contains(&id.as_str()) {
            ids.push(id);
        }
    }
    if !command.yes {
        tell(&remote, &ids, command.mine)?;
        let what =
            if ids.len() == 1 { "this session".into() } else { format!("these {} sessions", ids.len()) };
        confirm(&format!("End {what}"), false)?;
    }
    let mut failures: Vec<Failure> = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        let shown = clean(id, 80);
        match remote.act(&Request::delete(&path(id, command.mine))) {
            Ok(_) => print(&format!("{shown}: ended\n"))?,
            Err(failure) if failure.kind == Kind::NotFound => {
                say(&format!("rollcall: {shown}: {NOT_FOUND}"));
                failures.push(Kind::NotFound.because(NOT_FOUND));
            }
            Err(failure) if failure.kind == Kind::Failed => {
                say(&format!("rollcall: {shown}: {}", clean(&failure.what, 500)));
                failures.push(failure);
            }
            // It would be the same for those that follow.
            Err(failure) => {
                let left = ids.len() - at;
                let not_ended = if ids.len() > 1 {
                    format!(" ({left} of {} are not ended)", ids.len())
                } else {
                    String::new()
                };
                return Err(
                    Failure { what: format!("{shown}: {}{not_ended}", failure.what), ..failure }.into()
                );
            }
        }
    }
    let Some(first) = failures.first() else { return Ok(()) };
    let kind =
        if failures.iter().all(|failure| failure.kind == first.kind) { first.kind } else { Kind::Failed };
    Err(kind.because(format!("{} of {} were not ended", failures.len(), ids.len())).into())
}

const NOT_FOUND: &str = "no such live session; it may have ended already";

fn path(id: &str, mine: bool) -> String {
    if mine { format!("me/sessions/{}", segment(id)) } else { show::path(id) }
}

/// Tells whoever is at the terminal whose sessions they are.
fn tell(remote: &Remote, ids: &[&str], mine: bool) -> Result<(), Failure> {
    let terminal = person()?;
    let own = if mine { Some(own(remote)?) } else { None };
    for id in ids {
        let found = match &own {
            Some(own) => own.iter().find(|session| session.id == *id).cloned(),
            None => live(remote, id)?,
        };
        let what = found.map_or(NOT_FOUND.into(), |session| whose_since(&session, SystemClock.now()));
        terminal.tell(&format!("{}  {what}", clean(id, 80)));
    }
    Ok(())
}

fn own(remote: &Remote) -> Result<Vec<Session>, Failure> {
    let listed = Listed::read(&remote.act(&Request::get("me/sessions", vec![]))?)?;
    Ok(listed.rows.into_iter().map(|row| row.item).collect())
}

fn live(remote: &Remote, id: &str) -> Result<Option<Session>, Failure> {
    match remote.act(&Request::get(&show::path(id), vec![])) {
        Ok(body) => {
            let shown: Shown = parse(&body)?;
            Ok(shown.ended_at.is_none().then_some(shown.session))
        }
        Err(failure) if failure.kind == Kind::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}
