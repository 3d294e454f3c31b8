//! The figures as they are printed, and whether they meet the goals.

use crate::cases::Outcome;
use crate::data::Data;
use crate::drive::Measured;
use crate::figures::Spread;
use crate::in_process::Figures;
use crate::process;
use crate::table::{Table, figure};
use rollcall_model::clock::{Clock, SystemClock};
use std::fmt::{self, Display, Write};
use std::process::Command;

/// First page ÷ static answer of its size.
const FIRST_TO_TWIN: f64 = 0.6;
/// Last page ÷ first page.
const LAST_TO_FIRST: f64 = 0.9;
/// Any sorted page ÷ first page.
const SORT_TO_FIRST: f64 = 0.5;
/// A broad filter, in microseconds.
const BROAD_US: f64 = 2_000.0;
/// A token check, in nanoseconds.
const CHECK_NS: f64 = 1_000.0;

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
    /// The index by itself.
    pub index: Figures,
    /// The machine's load when the run began.
    pub load_before: String,
}

/// Starts and memory.
pub struct Start {
    /// From the start of the process to the first `/readyz` that says 200, in milliseconds.
    pub ready_ms: Spread,
    /// What the log's load line says, in milliseconds.
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
        writeln!(f, "## Goals\n\n{}", self.goals())?;
        if let Some(warning) = self.warning() {
            writeln!(f, "{warning}\n")?;
        }
        writeln!(f, "## Over HTTP\n\n{}", self.over_http())?;
        writeln!(f, "{}\n", self.ceiling_line())?;
        writeln!(f, "## Start and memory\n\n{}", self.start())?;
        let Self { index, .. } = self;
        write!(f, "## The live index by itself, in one process\n\n{}\n{}", lists(index), small(index))
    }
}

impl Report {
    fn head(&self) -> String {
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
    fn warning(&self) -> Option<String> {
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

    fn goals(&self) -> Table {
        let mut table = Table::new(&["figure", "goal", "by requests/s", "by processor time", "met"]);
        let named = |name: &str| self.outcomes.iter().find(|outcome| outcome.name.starts_with(name));
        let mut ratio = |what: &str, goal: f64, rate: Option<Spread>, cpu: Option<Spread>| {
            if let (Some(rate), Some(cpu)) = (rate, cpu) {
                let met = met(rate.median >= goal);
                table.row([what.into(), format!("≥ {goal}"), range(rate), range(cpu), met]);
            }
        };
        let first = named("list.all, first");
        ratio(
            "first page ÷ static",
            FIRST_TO_TWIN,
            first.map(|first| first.to_twin),
            first.map(|first| first.cpu_to_twin),
        );
        let last = named("list.all, last");
        ratio(
            "last page ÷ first page",
            LAST_TO_FIRST,
            last.and_then(|last| last.to_first),
            last.and_then(|last| last.cpu_to_first),
        );
        let sorts = self.outcomes.iter().filter(|outcome| outcome.name.starts_with("sort "));
        let slowest = sorts.min_by(|a, b| {
            let median = |outcome: &Outcome| outcome.to_first.map_or(f64::NAN, |spread| spread.median);
            median(a).total_cmp(&median(b))
        });
        if let Some(slowest) = slowest {
            let what = format!("slowest sort ({}) ÷ first page", slowest.name.trim_start_matches("sort "));
            ratio(&what, SORT_TO_FIRST, slowest.to_first, slowest.cpu_to_first);
        }
        if let Some(broad) = named("filter broad:") {
            let figures =
                format!("p50 {} ms, p99 {} ms", figure(broad.p50_us / 1e3), figure(broad.p99_us / 1e3));
            let cpu = format!("{} ms", figure(broad.cpu_us.median / 1e3));
            table.row(["broad filter".into(), "< 2 ms".into(), figures, cpu, met(broad.p50_us < BROAD_US)]);
        }
        let check = self.index.sha256_ns + self.index.known_ns;
        let figures = format!("{} µs", figure(check / 1e3));
        let what = "token check, SHA-256 and look-up, in process".into();
        table.row([what, "< 1 µs".into(), String::new(), figures, met(check < CHECK_NS)]);
        table
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
        table.row(["start of the process to ready".into(), format!("{} ms", range(*ready_ms))]);
        table.row(["of it the load, as the log says".into(), format!("{} ms", range(*load_ms))]);
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

fn small(index: &Figures) -> Table {
    let mut table = Table::new(&["what", "figure"]);
    let mut row =
        |what: &str, value: f64, unit: &str| table.row([what.into(), format!("{} {unit}", figure(value))]);
    row("SHA-256 of a token", index.sha256_ns, "ns");
    row("look-up of a known token, random order", index.known_ns, "ns");
    row("look-up of an unknown token", index.unknown_ns, "ns");
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

fn met(met: bool) -> String {
    if met { "yes" } else { "NO" }.into()
}

fn range(spread: Spread) -> String {
    format!("{} ({}–{})", figure(spread.median), figure(spread.min), figure(spread.max))
}

fn percent(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}

#[expect(clippy::cast_precision_loss, reason = "bytes and counts here are far below 2^52")]
const fn whole(n: u64) -> f64 {
    n as f64
}
