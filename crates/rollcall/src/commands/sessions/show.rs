//! `rollcall sessions show`.

use super::describe::{device, system};
use crate::clean::{clean, json as fit};
use crate::commands::connection::{Connection, tabled};
use crate::output::print;
use crate::remote::http::{Request, segment};
use crate::remote::{Actor, Session, parse};
use crate::table::Column;
use crate::when;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde::Deserialize;
use std::fmt::Write;

const EXAMPLE: &str = "\
Example:
  rollcall sessions show 8Zfjixtr2ib8YGXjM";

/// What `rollcall sessions show` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Show {
    /// Its id, as `rollcall sessions list` and `rollcall audit list` show it
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    id: String,
    /// Print the JSON that the API gives
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// A session with what happened to it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    #[serde(flatten)]
    pub session: Session,
    pub ended_at: Option<String>,
    ended_reason: Option<String>,
    history: Vec<Step>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Step {
    seq: u64,
    at: String,
    kind: String,
    actor: Option<Actor>,
    reason: Option<String>,
}

/// The path of a session.
pub fn path(id: &str) -> String {
    format!("sessions/{}", segment(id))
}

/// Shows it.
pub fn run(command: &Show) -> anyhow::Result<()> {
    let remote = command.connection.signed_in()?;
    let body = remote.act(&Request::get(&path(&command.id), vec![]))?;
    let shown: Shown = parse(&body)?;
    if command.json {
        print(&format!("{}\n", fit(&String::from_utf8_lossy(&body))))?;
    } else {
        print(&readable(&shown))?;
    }
    Ok(())
}

fn readable(shown: &Shown) -> String {
    let session = &shown.session;
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let time =
        |text: &str| if text.is_empty() { String::new() } else { format!("{} UTC", when::shown(text)) };
    let user = match session.name.as_deref().filter(|name| !name.is_empty()) {
        Some(name) => format!("{} ({name})", session.username),
        None => session.username.clone(),
    };
    let ended = shown.ended_at.as_deref().map_or(String::new(), |at| {
        let reason = shown.ended_reason.as_deref().map_or(String::new(), |reason| format!(", {reason}"));
        format!("{}{reason}", time(at))
    });
    let fields = [
        ("session", session.id.clone()),
        ("user", user),
        ("device", device(session)),
        ("version", session.device_version.clone()),
        ("type", session.device_type.clone()),
        ("system", system(session)),
        ("address", session.ip.clone()),
        ("host", session.host.clone()),
        ("factor", optional(&session.factor)),
        ("signed in", time(&session.login_at)),
        ("last seen", time(&optional(&session.seen_at))),
        ("expires", if ended.is_empty() { time(&session.expires_at) } else { String::new() }),
        ("ended", ended),
        ("this one", if session.current == Some(true) { "yes".into() } else { String::new() }),
    ];
    let mut text = String::new();
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        // Text is always writable.
        let _ = writeln!(text, "{name:<9}  {}", clean(value, 300));
    }
    text.push('\n');
    let column = |title, cell: &dyn Fn(&Step) -> String| Column {
        title,
        rank: 0,
        least: Some(8),
        cells: shown.history.iter().map(|step| clean(&cell(step), 200)).collect(),
    };
    text + &tabled(&[
        column("EVENT", &|step| step.seq.to_string()),
        column("AT (UTC)", &|step| when::shown(&step.at)),
        column("KIND", &|step| step.kind.clone()),
        column("BY", &|step| step.actor.clone().unwrap_or_default().0),
        column("REASON", &|step| optional(&step.reason)),
    ])
}
