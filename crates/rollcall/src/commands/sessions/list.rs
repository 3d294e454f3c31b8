//! `rollcall sessions list`.

use super::columns::columns;
use super::filter::Filter;
use crate::clean::clean;
use crate::commands::connection::{Connection, tabled};
use crate::output::{print, progress, say};
use crate::remote::http::{Query, Request};
use crate::remote::pages::{ITEMS_MAX, Listed, list};
use crate::remote::{Failure, Kind, Remote, Session, Tally};
use crate::table::{Column, grouped};
use crate::when;
use clap::Args;
use rollcall_model::Timestamp;
use rollcall_model::clock::{Clock, SystemClock};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;

const EXAMPLE: &str = "\
Examples:
  rollcall sessions list 'os:windows device:chrome seen<7d' --sort user,-login --count 20
  rollcall sessions list user:zoe --as-of 2026-11-01T08:15Z
  rollcall sessions list --facets os,type --count 5

The language of filters is in docs/guide/search.md. The table has as many columns as the terminal is wide for,
or COLUMNS says; all of them when stdout is no terminal. The second factor is asked for, or taken from
ROLLCALL_CODE.";

/// Sessions that are shown when nothing is said.
const COUNT: usize = 50;

/// What `rollcall sessions list` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct List {
    #[command(flatten)]
    filter: Filter,
    /// Order: login, seen, user, name, device, type, version, os, `os_version`, host, ip, separated by commas,
    /// each with `-` before it for descending; the newest first by default
    #[arg(long, value_name = "KEYS", allow_hyphen_values = true)]
    sort: Option<String>,
    /// Sessions to pass over
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: usize,
    /// Sessions to show
    #[arg(long, value_name = "N", default_value_t = COUNT, value_parser = count)]
    count: usize,
    /// All sessions, page by page
    #[arg(long, conflicts_with_all = ["offset", "count"])]
    all: bool,
    /// Those that were live at an instant of the past, such as 2026-11-01T08:15Z
    #[arg(long, value_name = "WHEN")]
    as_of: Option<String>,
    /// Also count what is found by these, separated by commas: user, role, factor, device, version, type, os, host
    #[arg(long, value_name = "NAMES")]
    facets: Option<String>,
    /// Only the own sessions, all of them: this needs no permission and no second factor
    #[arg(long, conflicts_with_all = ["query", "filter", "sort", "offset", "count", "all", "as_of", "facets"])]
    mine: bool,
    /// Print one JSON document, {"items":[…],"total":N,…}, with the items as the API gives them
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// A number of items that a list may have.
pub fn count(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=ITEMS_MAX).contains(number));
    number.ok_or_else(|| format!("expected a number from 1 to {ITEMS_MAX}"))
}

impl List {
    fn query(&self) -> Query {
        let mut query = self.filter.parameter();
        let given = [("sort", &self.sort), ("as_of", &self.as_of), ("facets", &self.facets)];
        query.extend(given.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
        query
    }

    fn ask(&self, remote: &Remote) -> Result<Listed<Session>, Failure> {
        if self.mine {
            return Listed::read(&remote.act(&Request::get("me/sessions", vec![]))?);
        }
        let mut query = self.query();
        if self.offset > 0 {
            query.push(("offset", self.offset.to_string()));
        }
        let most = if self.all { ITEMS_MAX } else { self.count };
        let listed = list(remote, "sessions", &query, most, |listed: &Listed<Session>| {
            let total = listed.rest("total").unwrap_or_default();
            progress(&format!("{} of {}", grouped(listed.rows.len() as u64), grouped(total)));
        });
        progress("");
        listed.map_err(own_only)
    }
}

/// Lists.
pub fn run(command: &List) -> anyhow::Result<()> {
    let remote = command.connection.signed_in()?;
    let listed = command.ask(&remote)?;
    if command.all && !listed.is_all {
        say("There are more than 1,000,000 sessions: `rollcall sessions export` writes them all.");
    }
    let now = SystemClock.now();
    print(&if command.json { listed.document() } else { readable(&listed, command.offset, now) })?;
    Ok(())
}

fn own_only(failure: Failure) -> Failure {
    if failure.kind != Kind::NotPermitted {
        return failure;
    }
    Failure { what: format!("{} --mine lists the own sessions", failure.what), ..failure }
}

#[derive(Deserialize)]
struct AsOf {
    at: String,
    users_at: String,
    erased: u64,
}

fn readable(listed: &Listed<Session>, offset: usize, now: Timestamp) -> String {
    let sessions: Vec<&Session> = listed.rows.iter().map(|row| &row.item).collect();
    let total: u64 = listed.rest("total").unwrap_or(sessions.len() as u64);
    let mut text = String::new();
    if !sessions.is_empty() {
        text = tabled(&columns(&sessions, now));
        text.push('\n');
    }
    let facets: BTreeMap<String, Tally> = listed.rest("facets").unwrap_or_default();
    for (name, tally) in &facets {
        text.push_str(&counts(name, tally));
        text.push('\n');
    }
    let (first, last) = (offset as u64 + 1, (offset + sessions.len()) as u64);
    // Text is always writable.
    let _ = match (sessions.len(), total) {
        (0, 0) => writeln!(text, "no sessions"),
        (0, _) => writeln!(text, "none of {} from offset {}", grouped(total), grouped(offset as u64)),
        _ => writeln!(text, "{}-{} of {}", grouped(first), grouped(last), grouped(total)),
    };
    if let Some(AsOf { at, users_at, erased }) = listed.rest("as_of") {
        let (at, users_at) = (when::shown(&at), when::shown(&users_at));
        let _ = write!(text, "live at {at} (UTC); names and roles of users are those of {users_at}");
        let _ = match erased {
            0 => writeln!(text),
            _ => writeln!(text, "; {} of erased users are left out", grouped(erased)),
        };
    }
    text
}

/// A small table of the most frequent values.
pub fn counts(name: &str, tally: &Tally) -> String {
    let column = |title, least, cells| Column { title, rank: 0, least, cells };
    let (values, numbers) = tally.values.iter().map(|it| (value(&it.value), grouped(it.count))).unzip();
    let mut text = tabled(&[column("COUNT", None, numbers), column("VALUE", Some(12), values)]);
    text.insert_str(0, &format!("{}:\n", clean(name, 40)));
    if tally.more > 0 {
        // Text is always writable.
        let _ = writeln!(text, "and {} more", grouped(tally.more));
    }
    text
}

fn value(text: &str) -> String {
    if text.is_empty() { "(none)".into() } else { clean(text, 200) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(items: &str, rest: &str, offset: usize) -> String {
        let body = format!(r#"{{"items":[{items}],"next":null,{rest}}}"#);
        readable(&Listed::read(body.as_bytes()).unwrap(), offset, Timestamp::from_ms(0))
    }

    #[test]
    fn the_last_line_says_which_of_how_many() {
        let items = r#"{"id":"a","login_at":"x"},{"id":"b"}"#;
        assert!(shown(items, r#""total":1234"#, 1_000).ends_with("\n\n1,001-1,002 of 1,234\n"));
        assert_eq!(shown("", r#""total":0"#, 0), "no sessions\n");
        assert_eq!(shown("", r#""total":1234"#, 5_000), "none of 1,234 from offset 5,000\n");
    }

    #[test]
    fn facets_and_the_past_are_told() {
        let rest = r#""total":2,"facets":{"os":{"values":[{"value":"Ubuntu","count":1200},{"value":"","count":1}],"more":3}},
            "as_of":{"at":"2026-11-01T08:15:00.000Z","users_at":"2026-11-29T09:00:00.000Z","erased":4}"#;
        let text = shown(r#"{"id":"a"}"#, rest, 0);
        assert!(
            text.contains("os:\nCOUNT  VALUE\n1,200  Ubuntu\n1      (none)\nand 3 more\n\n1-1 of 2\n"),
            "{text}"
        );
        assert!(text.ends_with(
            "live at 2026-11-01 08:15 (UTC); names and roles of users are those of 2026-11-29 09:00; 4 of erased \
             users are left out\n"
        ));
    }

    #[test]
    fn hostile_items_do_nothing_to_a_terminal() {
        let item = r#"{"id":"\u001b]0;x\u0007","ip":"\u009b2J","login_at":"\u001bc","host":"a\nb",
            "device_name":"\u202ex\r","device_type":"\u0000","os_name":"\u001b[1A","username":"\u001b[2K",
            "name":"\u2028"}"#;
        let text = shown(item, r#""total":1"#, 0);
        assert_eq!(text.lines().count(), 4, "{text:?}");
        assert!(!text.contains(|char: char| char.is_control() && char != '\n'), "{text:?}");
    }
}
