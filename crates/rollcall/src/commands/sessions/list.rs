//! `rollcall sessions list`.

use super::columns::columns;
use super::sort::Sort;
use crate::clean::json;
use crate::commands::connection::Connection;
use crate::output::{print, progress};
use crate::remote::credentials::variable;
use crate::remote::pages::{List as Rows, Page, Row};
use crate::remote::{Failure, Kind, Session};
use crate::table::{grouped, room, table};
use clap::Args;
use rollcall_model::clock::{Clock, SystemClock};
use rollcall_model::limits;
use std::fmt::Write;

const EXAMPLE: &str = "\
Example:
  rollcall sessions list --filter chrome --sort user,-login --count 20

The table has as many columns as the terminal is wide for, or COLUMNS says; all of them when stdout is no
terminal. The second factor is asked for, or taken from ROLLCALL_CODE.";

/// What `rollcall sessions list` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct List {
    /// Only sessions in which some field has this text, or matches it as a regular expression
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    filter: Option<String>,
    /// Order: login, user, name, device, os, os-version, separated by commas, each with `-` before it for
    /// descending; the newest first by default
    #[arg(long, value_name = "KEYS", allow_hyphen_values = true)]
    sort: Option<Sort>,
    /// Sessions to pass over
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: usize,
    /// Sessions to show, from 1 to 100
    #[arg(long, value_name = "N", default_value_t = limits::PAGE_ROWS_DEFAULT, value_parser = count)]
    count: usize,
    /// All sessions, page by page
    #[arg(long, conflicts_with_all = ["offset", "count"])]
    all: bool,
    /// Only the own sessions: this needs no permission and no second factor
    #[arg(long)]
    mine: bool,
    /// Print one JSON document, {"sessions":[…],"total":N,"offset":N}, with the rows as the API gives them
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

fn count(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=limits::PAGE_ROWS_MAX).contains(number));
    number.ok_or_else(|| format!("expected a number from 1 to {}; --all shows all", limits::PAGE_ROWS_MAX))
}

/// Lists.
pub fn run(command: &List) -> anyhow::Result<()> {
    let remote = command.connection.signed_in()?;
    let sort = command.sort.as_ref().map(|sort| ("sort", sort.0.clone()));
    let filter = command.filter.clone().map(|filter| ("filter", filter));
    let path = if command.mine { "sessions/list" } else { "sessions/list.all" };
    let list = Rows { path, query: filter.into_iter().chain(sort).collect() };
    let page = if command.all {
        let rows = list.all(&remote, |seen, total| {
            progress(&format!("{} of {}", grouped(seen as u64), grouped(total)));
        });
        progress("");
        rows.map(|rows| Page { total: rows.len() as u64, rows })
    } else {
        list.page(&remote, command.offset, command.count)
    };
    let page = page.map_err(own_only)?;
    let text = if command.json { document(&page, command.offset) } else { readable(page, command.offset) };
    print(&text)?;
    Ok(())
}

fn own_only(failure: Failure) -> Failure {
    if failure.kind != Kind::NotPermitted {
        return failure;
    }
    Kind::NotPermitted
        .because("listing everybody's sessions is not permitted to this user; --mine lists the own ones")
}

/// One document, a row a line.
fn document(page: &Page, offset: usize) -> String {
    let rows: Vec<_> = page.rows.iter().map(|row| row.json.get()).collect();
    let rows = rows.join(",\n");
    json(&format!("{{\"sessions\":[\n{rows}\n],\"total\":{},\"offset\":{offset}}}\n", page.total))
}

fn readable(page: Page, offset: usize) -> String {
    let total = page.total;
    let sessions: Vec<Session> = page.rows.into_iter().map(|Row { session, .. }| session).collect();
    if sessions.is_empty() {
        return match total {
            0 => "no sessions\n".into(),
            _ => format!("none of {} from offset {}\n", grouped(total), grouped(offset as u64)),
        };
    }
    let terminal = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0);
    let columns_said = variable("COLUMNS");
    let lines = table(&columns(&sessions, SystemClock.now()), room(columns_said.as_deref(), terminal));
    let mut text = lines.join("\n");
    let (first, last) = (offset as u64 + 1, (offset + sessions.len()) as u64);
    // Text is always writable.
    let _ = writeln!(text, "\n\n{}-{} of {}", grouped(first), grouped(last), grouped(total));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::parse;

    fn page(rows: &[&str], total: u64) -> Page {
        let row = |json: &&str| Row {
            json: serde_json::from_str(json).unwrap(),
            session: parse(json.as_bytes()).unwrap(),
        };
        Page { rows: rows.iter().map(row).collect(), total }
    }

    #[test]
    fn a_document_is_json_whatever_the_rows_say() {
        let rows =
            ["{\"sessionId\":\"a\u{9b}\",\n \"device\":{\"name\":\"\\u001b[2J\"}}", r#"{"sessionId":"b"}"#];
        let text = document(&page(&rows, 9), 7);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&value["total"], &value["offset"]), (&9.into(), &7.into()));
        assert_eq!(value["sessions"][0]["sessionId"], "a\u{9b}");
        assert!(!text.contains(['\u{9b}', '\u{1b}']));
        let none = document(&page(&[], 0), 0);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&none).unwrap()["sessions"],
            serde_json::json!([])
        );
    }

    #[test]
    fn the_last_line_says_which_of_how_many() {
        let rows = [r#"{"sessionId":"a","loginAt":"x"}"#, r#"{"sessionId":"b"}"#];
        assert!(readable(page(&rows, 1_234), 1_000).ends_with("\n\n1,001-1,002 of 1,234\n"));
        assert_eq!(readable(page(&[], 0), 0), "no sessions\n");
        assert_eq!(readable(page(&[], 1_234), 5_000), "none of 1,234 from offset 5,000\n");
    }

    #[test]
    fn hostile_rows_do_nothing_to_a_terminal() {
        let row = r#"{"sessionId":"\u001b]0;x\u0007","ip":"\u009b2J","loginAt":"\u001bc","host":"a\nb",
            "device":{"name":"\u202ex\r","type":"\u0000","os":{"name":"\u001b[1A"}},
            "_user":{"username":"\u001b[2K","name":"\u2028"}}"#;
        let text = readable(page(&[row], 1), 0);
        assert_eq!(text.lines().count(), 4, "{text:?}");
        assert!(!text.contains(|char: char| char.is_control() && char != '\n'), "{text:?}");
    }
}
