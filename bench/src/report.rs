//! The figures as they are printed, and whether they meet the goals.

use crate::anchors::{Anchors, Timed};
use crate::cases::Outcome;
use crate::data::Data;
use crate::drive::Measured;
use crate::figures::Spread;
use crate::goals;
use crate::in_process::Figures;
use crate::mixed;
use crate::process;
use crate::table::{Table, figure};
use rollcall_model::clock::{Clock, SystemClock};
use std::fmt::{self, Display, Write};
use std::process::Command;

/// The part of its core that the server has on a machine that does nothing else.
const BUSY: f64 = 0.85;

/// Everything that one run found.
pub struct Report {
    /// How the run was set up, in a sentence.
    pub setup: String,
    /// The machine.
    pub machine: String,
    /// The store.
    pub data: Data,
    /// Starts and memory.
    pub start: Start,
    /// An answer of two bytes.
    pub ceiling: Measured,
    /// The cases.
    pub outcomes: Vec<Outcome>,
    /// Under sign-ins and endings, unless it was left out.
    pub mixed: Option<mixed::Figures>,
    /// The index by itself.
    pub index: Figures,
    /// Other databases, unless they were left out.
    pub anchors: Option<Anchors>,
    /// The machine's load when the run began.
    pub load_before: String,
}

/// Starts and memory.
pub struct Start {
    /// From the start of the process to the first `/readyz` that says 200, in milliseconds.
    pub ready_ms: Spread,
    /// The same where it starts from a checkpoint.
    pub from_checkpoint_ms: Spread,
    /// What the log's load line says of a start from the store, in milliseconds.
    pub load_ms: Spread,
    /// Live sessions.
    pub live: u64,
    /// Bytes in memory after the load.
    pub resident: u64,
    /// The most bytes in memory until the load was done.
    pub resident_peak: u64,
    /// Bytes in memory on an empty store.
    pub resident_empty: u64,
    /// Bytes in memory after one sign-in and one second factor: two passwords were hashed.
    pub resident_signed_in: u64,
    /// Bytes in memory after all of the load was driven.
    pub resident_after: u64,
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.head())?;
        writeln!(f, "## Goals\n\n{}", goals::table(&goals::lines(self)))?;
        if let Some(warning) = self.warning() {
            writeln!(f, "{warning}\n")?;
        }
        writeln!(f, "## Over HTTP\n\n{}", self.over_http())?;
        writeln!(f, "{}\n", self.ceiling_line())?;
        if let Some(mixed) = &self.mixed {
            writeln!(f, "## Under sign-ins and endings\n\n{mixed}")?;
        }
        writeln!(f, "## Start and memory\n\n{}", self.start())?;
        let Self { index, .. } = self;
        write!(f, "## The live index by itself, in one process\n\n{}\n{}", lists(index), small(index))?;
        match &self.anchors {
            Some(anchors) => write!(
                f,
                "\n## Beside SQLite and PostgreSQL\n\n{}\n\n{}",
                anchors.about,
                beside(anchors, index)
            ),
            None => Ok(()),
        }
    }
}

impl Report {
    /// Title, day, versions, machine and how it was run.
    pub fn head(&self) -> String {
        let date = SystemClock.now().to_string();
        let (day, _) = date.split_once('T').unwrap_or_default();
        format!(
            "# Rollcall at {} sessions\n\n{day}; rollcall {}; {}\n\nMachine: {}. Load average before {}, after {}.\n\n{}",
            figure(u32::try_from(self.start.live).map_or(f64::NAN, f64::from)),
            env!("CARGO_PKG_VERSION"),
            versions(),
            self.machine,
            self.load_before,
            process::load_average(),
            self.setup,
        )
    }

    /// Said when the server did not have its core: then ratios are nearer to 1 than they should be.
    pub fn warning(&self) -> Option<String> {
        let of_pages = self.outcomes.iter().filter(|outcome| outcome.to_first.is_some());
        let busy = of_pages.map(|outcome| outcome.server_busy).fold(self.ceiling.server_busy, f64::min);
        (busy < BUSY).then(|| {
            format!(
                "**The machine was busy**: the server had {} of its core at worst. Waking up and cold caches are \
                 then most of what every request costs, which draws ratios towards 1: \"yes\" is no proof.",
                percent(busy)
            )
        })
    }

    fn over_http(&self) -> Table {
        let mut table = Table::new(&[
            "request",
            "connections",
            "bytes",
            "requests/s (min–max)",
            "p50 µs",
            "p99 µs",
            "÷ static (min–max)",
            "÷ first page",
            "server CPU µs",
            "static CPU ÷ its CPU",
            "first page's CPU ÷ its CPU",
            "server busy",
        ]);
        for outcome in &self.outcomes {
            table.row([
                outcome.name.clone(),
                outcome.connections.to_string(),
                outcome.bytes.to_string(),
                range(outcome.per_s),
                figure(outcome.p50_us),
                figure(outcome.p99_us),
                range(outcome.to_twin),
                outcome.to_first.map(range).unwrap_or_default(),
                range(outcome.cpu_us),
                range(outcome.cpu_to_twin),
                outcome.cpu_to_first.map(range).unwrap_or_default(),
                percent(outcome.server_busy),
            ]);
        }
        table
    }

    fn ceiling_line(&self) -> String {
        let Measured { per_s, server_us, server_busy, .. } = &self.ceiling;
        format!(
            "An answer of two bytes: {} requests/s, {} µs of the server's processor time each (server busy {}).",
            figure(*per_s),
            figure(*server_us),
            percent(*server_busy),
        )
    }

    fn start(&self) -> Table {
        let Start { ready_ms, load_ms, live, resident, resident_peak, resident_empty, .. } = &self.start;
        let mut table = Table::new(&["what", "figure"]);
        table.row([
            "start of the process to ready, from the store".into(),
            format!("{} ms", range(*ready_ms)),
        ]);
        table.row(["of it the load, as the log says".into(), format!("{} ms", range(*load_ms))]);
        let from_checkpoint = format!("{} ms", range(self.start.from_checkpoint_ms));
        table.row(["start of the process to ready, from a checkpoint".into(), from_checkpoint]);
        let mib = |bytes: u64| format!("{} MiB", figure(whole(bytes) / f64::from(1 << 20)));
        table.row(["resident, empty store".into(), mib(*resident_empty)]);
        table.row(["resident, loaded".into(), mib(*resident)]);
        table.row(["resident, peak of the load".into(), mib(*resident_peak)]);
        let signed_in = "resident, after a sign-in and a second factor".into();
        table.row([signed_in, mib(self.start.resident_signed_in)]);
        table.row(["resident, after all requests".into(), mib(self.start.resident_after)]);
        let per_session = whole(resident.saturating_sub(*resident_empty)) / whole(*live).max(1.0);
        table.row(["memory per session".into(), format!("{} B", figure(per_session))]);
        let seconds = self.data.filled_in.as_secs_f64();
        let when = if self.data.fresh { "" } else { " (in an earlier run)" };
        let filling = format!("{} events/s{when}", figure(whole(self.data.events) / seconds));
        table.row([format!("filling the store, {} events", figure(whole(self.data.events))), filling]);
        table
    }
}

fn lists(index: &Figures) -> Table {
    let mut table = Table::new(&["list", "rows found", "p50 µs", "p99 µs", "making the filter, p50 µs"]);
    for listed in &index.lists {
        let compile = listed.compile_us.map(figure).unwrap_or_default();
        let (p50, p99) = (figure(listed.p50_us), figure(listed.p99_us));
        table.row([listed.name.clone(), listed.total.to_string(), p50, p99, compile]);
    }
    table
}

/// The same queries, asked of three.
fn beside(anchors: &Anchors, index: &Figures) -> Table {
    let mut table = Table::new(&[
        "page and total",
        "rows found",
        "SQLite ms",
        "its form",
        "PostgreSQL ms",
        "its form",
        "live index ms",
        "faster of both ÷ live index",
    ]);
    for anchor in &anchors.queries {
        let Some(ours) = index.lists.iter().find(|listed| listed.name == anchor.list) else { continue };
        let ms = |timed: &Timed| {
            let [p50, p99, page] = [timed.p50_us, timed.p99_us, timed.page_us].map(|us| figure(us / 1e3));
            format!("{p50}, p99 {p99}, page {page}")
        };
        table.row([
            anchor.list.into(),
            anchor.total.to_string(),
            ms(&anchor.sqlite),
            anchor.sqlite.form.into(),
            ms(&anchor.postgres),
            anchor.postgres.form.into(),
            format!("{:.4}", ours.p50_us / 1e3),
            figure(anchor.best_us() / ours.p50_us),
        ]);
    }
    table
}

fn small(index: &Figures) -> Table {
    let mut table = Table::new(&["what", "figure"]);
    let mut row =
        |what: &str, value: f64, unit: &str| table.row([what.into(), format!("{} {unit}", figure(value))]);
    row("SHA-256 of a token", index.sha256_ns, "ns");
    row("look-up of a known token, random order", index.known_ns, "ns");
    row("look-up of an unknown token", index.unknown_ns, "ns");
    row("look-up of a known token while a filter scans", index.known_while_scanning_ns, "ns");
    row("an opening, in a commit of its own", index.open_ns, "ns");
    row("an opening, 100 in a commit", index.open_batched_ns, "ns");
    row("an ending, in a commit of its own", index.end_ns, "ns");
    row("reading all sessions out of the store", index.read_ms, "ms");
    row("taking them into the index", index.load_ms, "ms");
    table
}

/// The compiler, and the crates that a request passes.
fn versions() -> String {
    let rustc = Command::new("rustc").arg("--version").output().ok();
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let mut text = rustc.filter(|rustc| !rustc.is_empty()).unwrap_or_else(|| "rustc unknown".into());
    let lock = include_str!("../../Cargo.lock");
    for name in ["axum", "hyper", "tokio", "rusqlite", "regex-automata"] {
        let entry = format!("name = \"{name}\"\nversion = \"");
        if let Some(version) = lock.split_once(&entry).and_then(|(_, rest)| rest.split('"').next()) {
            let _ = write!(text, ", {name} {version}");
        }
    }
    text
}

/// A figure and its range.
pub fn range(spread: Spread) -> String {
    format!("{} ({}–{})", figure(spread.median), figure(spread.min), figure(spread.max))
}

/// A part in hundredths.
pub fn percent(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}

/// A whole number as one to calculate with.
#[expect(clippy::cast_precision_loss, reason = "bytes and counts here are far below 2^52")]
pub const fn whole(n: u64) -> f64 {
    n as f64
}
