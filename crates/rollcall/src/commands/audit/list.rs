//! `rollcall audit list`: events of a running server's ledger.

use crate::clean::clean;
use crate::commands::connection::{Connection, tabled};
use crate::commands::sessions::list::count;
use crate::output::{print, progress};
use crate::remote::Actor;
use crate::remote::http::Query;
use crate::remote::pages::{ITEMS_MAX, Listed, list};
use crate::table::{Column, SPARE, grouped};
use crate::when;
use clap::Args;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

const EXAMPLE: &str = "\
Example:
  rollcall audit list 'outcome:refused at<1h' --count 20

Terms: kind:session.*, outcome:refused, actor:zoe, subject:zoe, session:ID, at>=2026-11-01, at<7d, and words that
stand in an event's details; `-` before a term negates it. Reading the audit is told to the audit.";

/// Events that are shown when nothing is said.
const COUNT: usize = 50;

/// What `rollcall audit list` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct List {
    /// Only events that this finds, such as 'kind:user.* actor:zoe'
    #[arg(value_name = "QUERY")]
    query: Option<String>,
    /// Events to show
    #[arg(long, value_name = "N", default_value_t = COUNT, value_parser = count)]
    count: usize,
    /// All events, page by page
    #[arg(long, conflicts_with = "count")]
    all: bool,
    /// Print one JSON document, {"items":[…]}, with the events as the API gives them
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    seq: u64,
    at: String,
    kind: String,
    outcome: String,
    actor: Option<Actor>,
    subject: Option<Actor>,
    session: Option<String>,
    detail: Option<BTreeMap<String, Value>>,
}

/// Lists.
pub fn run(command: &List) -> anyhow::Result<()> {
    let remote = command.connection.signed_in()?;
    let query: Query = command.query.clone().map(|query| ("q", query)).into_iter().collect();
    let most = if command.all { ITEMS_MAX } else { command.count };
    let listed = list(&remote, "audit", &query, most, |listed: &Listed<Event>| {
        progress(&format!("{} events", grouped(listed.rows.len() as u64)));
    });
    progress("");
    let listed = listed?;
    print(&if command.json { listed.document() } else { readable(&listed) })?;
    Ok(())
}

fn readable(listed: &Listed<Event>) -> String {
    if listed.rows.is_empty() {
        return "no events\n".into();
    }
    let column = |title, rank, least, cell: &dyn Fn(&Event) -> String| Column {
        title,
        rank,
        least,
        cells: listed.rows.iter().map(|row| clean(&cell(&row.item), 500)).collect(),
    };
    let name = |who: &Option<Actor>| who.clone().unwrap_or_default().0;
    let mut text = tabled(&[
        column("EVENT", 0, None, &|event| event.seq.to_string()),
        column("AT (UTC)", 2, None, &|event| when::shown(&event.at)),
        column("KIND", 1, Some(12), &|event| event.kind.clone()),
        column("OUTCOME", 4, None, &|event| event.outcome.clone()),
        column("BY", 3, Some(8), &|event| name(&event.actor)),
        column("TO", 5, Some(8), &|event| name(&event.subject)),
        column("SESSION", SPARE, None, &|event| event.session.clone().unwrap_or_default()),
        column("DETAIL", 6, Some(16), &|event| detail(event)),
    ]);
    if !listed.is_all {
        text.push_str("\nthere are more: --count or --all shows them\n");
    }
    text
}

/// `name=value`, where there is one.
fn detail(event: &Event) -> String {
    let known = event.detail.iter().flatten().filter(|(_, value)| !value.is_null());
    let pairs = known.map(|(name, value)| match value {
        Value::String(text) => format!("{name}={text}"),
        other => format!("{name}={other}"),
    });
    pairs.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_clean_line() {
        let body = br#"{"items":[{"seq":7,"at":"2026-11-29T16:08:48.000Z","kind":"request.refused","outcome":"refused",
            "actor":{"service":{"id":"1","name":"si\u001bem"}},"subject":null,"session":null,
            "detail":{"why":"x","n":1,"none":null}}],"next":"c"}"#;
        let text = readable(&Listed::read(body).unwrap());
        let line = text.lines().nth(1).unwrap();
        assert_eq!(
            line,
            "7      2026-11-29 16:08  request.refused  refused  si\u{fffd}em               n=1 why=x"
        );
        assert!(text.ends_with("there are more: --count or --all shows them\n"));
        assert_eq!(readable(&Listed::read(br#"{"items":[],"next":null}"#).unwrap()), "no events\n");
    }
}
