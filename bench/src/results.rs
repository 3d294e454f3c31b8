//! What is kept of runs: each size's report and goals under `bench/results`, and `bench/RESULTS.md`, made out of them.

use crate::goals;
use crate::report::Report;
use crate::table::{Table, figure};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

const NOTE: &str = "<!-- Written by `cargo xtask bench --write`. README.md says what each figure means. -->";

/// What commits reached.
const COMMITS: &str = "results/commits.md";
/// What `api` and `as-of` print, taken down by hand.
const TYPED_API: &str = "results/typed-api.md";
/// What `cargo xtask web --measure` prints, taken down by hand.
const CONSOLE: &str = "results/console.md";

/// Writes this size's report, and the page about all sizes anew.
pub fn write(sessions: u32, report: &Report) -> Result<()> {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = bench.join("results");
    fs::create_dir_all(&folder)?;
    let lines: Vec<Value> = goals::lines(report).iter().map(goals::Line::json).collect();
    let kept = serde_json::to_string_pretty(
        &json!({ "head": report.head(), "warning": report.warning(), "lines": lines }),
    )?;
    put(&folder.join(format!("{sessions}.json")), &kept)?;
    put(&folder.join(format!("{sessions}.md")), &format!("{NOTE}\n\n{report}"))?;
    remake(bench)?;
    println!("written to bench/results/{sessions}.md and bench/RESULTS.md");
    Ok(())
}

/// Keeps what commits reached, and writes the page anew.
pub fn write_commits(text: &str) -> Result<()> {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    put(&bench.join(COMMITS), text)?;
    remake(bench)?;
    println!("written to bench/{COMMITS} and bench/RESULTS.md");
    Ok(())
}

/// Writes the page out of all that is kept.
fn remake(bench: &Path) -> Result<()> {
    let mut sizes = BTreeMap::new();
    for entry in fs::read_dir(bench.join("results"))? {
        let path = entry?.path();
        let size = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        if let Some(size) = size.filter(|_| path.extension().is_some_and(|extension| extension == "json")) {
            sizes.insert(size, serde_json::from_slice(&fs::read(&path)?)?);
        }
    }
    let mut page = page(&sizes);
    for other in [COMMITS, TYPED_API, CONSOLE].map(|other| bench.join(other)) {
        if other.exists() {
            let _ = write!(page, "\n{}", fs::read_to_string(other)?);
        }
    }
    put(&bench.join("RESULTS.md"), &page)
}

fn put(path: &Path, text: &str) -> Result<()> {
    let text = format!("{}\n", text.trim_end());
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// The goals where they are meant, and how each figure grows.
fn page(sizes: &BTreeMap<u32, Value>) -> String {
    let mut text = format!("{NOTE}\n\n# Results\n");
    for (size, kept) in sizes.iter().filter(|(_, kept)| lines(kept).any(|line| line["goal"] != "")) {
        let mut table = Table::new(&["work", "goal", "measured", "met", "SQLite, PostgreSQL ÷ ours"]);
        for line in lines(kept) {
            table.row(["work", "goal", "measured", "met", "beside"].map(|name| said(line, name)));
        }
        let _ = write!(text, "\n## The goals at {} sessions\n\n{table}", figure(f64::from(*size)));
        if let Some(warning) = kept["warning"].as_str() {
            let _ = write!(text, "\n{warning}\n");
        }
    }
    text.push_str("\n## How each figure grows\n\n");
    let columns: Vec<String> = sizes.keys().map(|size| figure(f64::from(*size))).collect();
    let columns: Vec<&str> = ["work"].into_iter().chain(columns.iter().map(String::as_str)).collect();
    let mut table = Table::new(&columns);
    let mut works: Vec<String> = Vec::new();
    for work in sizes.values().flat_map(lines).map(work) {
        if !works.contains(&work) {
            works.push(work);
        }
    }
    for name in works {
        let at = |kept| lines(kept).find(|line| work(line) == name).map(measured).unwrap_or_default();
        let figures: Vec<String> = sizes.values().map(at).collect();
        table.row([name].into_iter().chain(figures));
    }
    let _ = write!(text, "{table}\nAfter `;` SQLite and PostgreSQL ÷ ours, where they were measured.\n");
    for (size, kept) in sizes {
        let head = said(kept, "head");
        let run = head.split_once("\n\n").map_or(&*head, |(_, run)| run).replace("\n\n", " ");
        let _ = write!(text, "\nAt {}: {run} [All of it](results/{size}.md).\n", figure(f64::from(*size)));
    }
    text
}

fn lines(kept: &Value) -> impl Iterator<Item = &Value> {
    kept["lines"].as_array().into_iter().flatten()
}

fn said(of: &Value, name: &str) -> String {
    of[name].as_str().unwrap_or_default().into()
}

/// A work without what it was at that size: which sort was the slowest.
fn work(line: &Value) -> String {
    let work = said(line, "work");
    match work.split_once("slowest sort (").and_then(|(_, rest)| rest.split_once(')')) {
        Some((_, rest)) => format!("slowest sort{rest}"),
        None => work,
    }
}

fn measured(line: &Value) -> String {
    match (said(line, "measured"), said(line, "beside")) {
        (measured, beside) if beside.is_empty() => measured,
        (measured, beside) => format!("{measured}; {}", beside.split(" (").next().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_stand_side_by_side() {
        let kept = |sort: &str, goal: &str, beside: &str| {
            let work = format!("slowest sort ({sort}) ÷ first page");
            let line =
                json!({ "work": work, "goal": goal, "measured": "0.9 ×", "met": "", "beside": beside });
            json!({ "head": "# Title\n\nthe day\n\nMachine: one.", "lines": [line] })
        };
        let page = page(
            &[(1_000, kept("a", "", "")), (1_000_000, kept("b", "≥ 0.5", "7.00, 8.00 (both ≥ 1: yes)"))]
                .into(),
        );
        assert!(page.contains("## The goals at 1,000,000 sessions"), "{page}");
        assert!(!page.contains("at 1,000 sessions"), "{page}");
        assert!(page.contains("| slowest sort ÷ first page | 0.9 × | 0.9 ×; 7.00, 8.00 |"), "{page}");
        assert!(page.contains("At 1,000: the day Machine: one. [All of it](results/1000.md)."), "{page}");
    }
}
