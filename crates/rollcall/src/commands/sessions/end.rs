//! `rollcall sessions end`.

use super::columns::{device, named};
use crate::clean::clean;
use crate::commands::connection::Connection;
use crate::output::{print, say};
use crate::remote::http::Request;
use crate::remote::prompt::{Ask, Terminal};
use crate::remote::{Failure, Kind, Remote, Session, parse};
use crate::when;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use rollcall_model::Timestamp;
use rollcall_model::clock::{Clock, SystemClock};
use serde_json::json;

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
    /// End own sessions: this needs no permission and no second factor
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
    if !command.yes && !confirmed(&remote, &ids, command.mine)? {
        return Err(Kind::Failed.because("nothing was ended").into());
    }
    let path = if command.mine { "sessions/logout.me" } else { "sessions/logout" };
    let mut failures: Vec<Failure> = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        let shown = clean(id, 80);
        match remote.act(&Request::post(path, json!({ "sessionId": id }))) {
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

/// Shows whose sessions they are, and asks whoever is at the terminal.
fn confirmed(remote: &Remote, ids: &[&str], mine: bool) -> Result<bool, Failure> {
    let Some(terminal) = Terminal::open() else {
        return Err(
            Kind::Usage.because("stdin is no terminal, so nobody can be asked: say --yes to end them")
        );
    };
    let path = if mine { "sessions/info" } else { "sessions/info.admin" };
    for id in ids {
        let asked = remote.act(&Request::get(path, vec![("sessionId", (*id).to_owned())]));
        let what = match asked {
            Ok(body) => description(&parse(&body)?, SystemClock.now()),
            Err(failure) if failure.kind == Kind::NotFound => NOT_FOUND.into(),
            Err(failure) => return Err(failure),
        };
        terminal.tell(&format!("{}  {what}", clean(id, 80)));
    }
    let what = if ids.len() == 1 { "this session".into() } else { format!("these {} sessions", ids.len()) };
    let answer = terminal.line(&format!("End {what}? [y/N] "))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Whose it is, on what, since when; in one line.
fn description(session: &Session, now: Timestamp) -> String {
    let user = session.user.as_ref().map(|user| user.username.clone());
    let signed_in =
        when::parse(&session.login_at).map(|instant| format!("signed in {}", when::ago(instant, now)));
    let parts =
        [user, Some(device(session)), Some(named(&session.device.os)), Some(session.ip.clone()), signed_in];
    let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
    parts.map(|part| clean(&part, 80)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_one_clean_line() {
        let row = br#"{"sessionId":"a","ip":"192.0.2.1","loginAt":"2023-05-24T00:25:54.234Z",
            "device":{"name":"Chrome","version":"125.0.1","os":{"name":"\u001b[2J"}},"_user":{"username":"ann"}}"#;
        let now = when::parse("2023-05-24T03:26:00.000Z").unwrap();
        let text = description(&parse(row).unwrap(), now);
        assert_eq!(text, "ann, Chrome 125, \u{fffd}[2J, 192.0.2.1, signed in 3 h ago");
        assert_eq!(description(&Session::default(), now), "");
    }
}
