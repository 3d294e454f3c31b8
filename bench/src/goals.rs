//! The goals, which are those of the work that made the index, and what was measured of each.
//!
//! They are meant at a million sessions, some also at ten; at another size the figures stand without them.

use crate::cases::Outcome;
use crate::figures::Spread;
use crate::mixed::UnderLoad;
use crate::report::{Report, range, whole};
use crate::table::{Table, figure};
use serde_json::{Value, json};

/// What the goals speak of.
const MILLION: f64 = 1e6;

/// One work, what is wanted of it and what was measured.
pub struct Line {
    /// The work.
    pub work: String,
    /// The goal at this size; empty when there is none.
    pub goal: String,
    /// The figure.
    pub measured: String,
    /// Whether the goal is met: a word, or empty.
    pub met: String,
    /// What SQLite and what PostgreSQL took ÷ what we took, and whether that is as much as it should be.
    pub beside: String,
}

/// A bound for a figure.
#[derive(Clone, Copy)]
enum Goal {
    /// At the least, at a million.
    Least(f64),
    /// Less than so many of a unit, at a million and at ten.
    Less(f64, Option<f64>),
}

/// How much slower others have to be.
#[derive(Clone, Copy)]
enum Beside {
    /// Both of them.
    Both(f64),
    /// PostgreSQL.
    Postgres(f64),
}

/// What stands where a part was left out, or is not there to be measured.
const NOT_MEASURED: &str = "not measured";

/// All works, in the order of the goals.
pub fn lines(report: &Report) -> Vec<Line> {
    let of = Of { report, millions: millions(report) };
    [of.pages(), of.filters(), of.beside_others(), of.memory_and_start()].into_iter().flatten().collect()
}

/// As a table.
pub fn table(lines: &[Line]) -> Table {
    let mut table = Table::new(&["work", "goal", "measured", "met", "SQLite, PostgreSQL ÷ ours"]);
    for Line { work, goal, measured, met, beside } in lines {
        table.row([work, goal, measured, met, beside].map(Clone::clone));
    }
    table
}

impl Line {
    /// To be kept.
    pub fn json(&self) -> Value {
        let Self { work, goal, measured, met, beside } = self;
        json!({ "work": work, "goal": goal, "measured": measured, "met": met, "beside": beside })
    }
}

/// 1 or 10, where that is about how many millions of sessions are live.
fn millions(report: &Report) -> Option<u32> {
    let live = whole(report.start.live) / MILLION;
    [1, 10].into_iter().find(|millions| (live / f64::from(*millions) - 1.0).abs() < 0.05)
}

/// A report whose figures are looked at.
struct Of<'a> {
    report: &'a Report,
    millions: Option<u32>,
}

impl Of<'_> {
    fn pages(&self) -> Vec<Line> {
        let first = self.outcome("list.all, first page");
        let to_first = |name: &str| self.outcome(name).and_then(|outcome| outcome.to_first);
        let sorts = self.report.outcomes.iter().filter(|outcome| outcome.name.starts_with("sort "));
        let slowest = sorts.filter_map(|outcome| Some((outcome, outcome.to_first?)));
        let slowest = slowest.min_by(|(_, a), (_, b)| a.median.total_cmp(&b.median));
        let slowest_name = slowest.map_or("", |(outcome, _)| outcome.name.trim_start_matches("sort "));
        vec![
            self.ratio("first page ÷ static answer of its size", 0.8, first.map(|first| first.to_twin)),
            self.ratio("last page ÷ first page", 0.9, to_first("list.all, last page")),
            self.ratio("random pages ÷ first page", 0.6, to_first("list.all, random pages")),
            self.ratio(
                &format!("slowest sort ({slowest_name}) ÷ first page"),
                0.5,
                slowest.map(|(_, to_first)| to_first),
            ),
        ]
    }

    fn filters(&self) -> Vec<Line> {
        let first_use = |name: &str| self.outcome(&format!("filter {name}, first use"));
        let ms = |name: &str| first_use(name).map(|outcome| outcome.p50_us / 1e3);
        let again = self.report.index.lists.iter().filter(|listed| listed.name.ends_with(", again"));
        let again = again.map(|listed| listed.p50_us).reduce(f64::max);
        let mut lines = vec![
            self.line(
                "broad filter (chrome), first use, p99",
                Goal::Less(5.0, Some(50.0)),
                first_use("broad: chrome").map(|outcome| outcome.p99_us / 1e3),
                "ms",
            ),
            self.line("narrow filter (zoe), first use, p50", Goal::Less(1.0, None), ms("narrow: zoe"), "ms"),
            self.line(
                r"address prefix (^10\.1\.), first use, p50",
                Goal::Less(3.0, None),
                ms(r"pattern: ^10\.1\."),
                "ms",
            ),
            self.line(
                "nothing matches, first use, p50",
                Goal::Less(0.4, None),
                ms("none: nothing-like-this"),
                "ms",
            ),
            self.line(
                "filter and sort by name, deep page, first use, p50",
                Goal::Less(6.0, None),
                ms("broad, sort _user.name, deep"),
                "ms",
            ),
            self.line("the same filter again, slowest, in process, p50", Goal::Less(50.0, None), again, "µs"),
        ];
        for (line, (text, name, least)) in lines.iter_mut().zip([
            ("chrome", "broad: chrome", Beside::Both(100.0)),
            ("zoe", "narrow: zoe", Beside::Postgres(1.0)),
            (r"^10\.1\.", r"pattern: ^10\.1\.", Beside::Postgres(1.0)),
            ("nothing-like-this", "none: nothing-like-this", Beside::Postgres(1.0)),
        ]) {
            if let Some(outcome) = first_use(name) {
                line.beside = self.beside(&format!("filter {text}, first use"), outcome.p50_us, least);
            }
        }
        lines
    }

    fn beside_others(&self) -> Vec<Line> {
        let mixed = self.report.mixed.as_ref();
        let hostile = mixed.map(|mixed| &mixed.hostile);
        let worst = hostile.and_then(|hostile| {
            let ratios = hostile.others.iter().map(|(_, _, ratio)| *ratio);
            ratios.max_by(|a, b| a.median.total_cmp(&b.median))
        });
        let mut lines = vec![Line {
            measured: worst.map_or(NOT_MEASURED.into(), range),
            ..self.line(
                "others' p99 beside a hostile filter ÷ rest",
                Goal::Less(2.0, None),
                worst.map(|worst| worst.median),
                "×",
            )
        }];
        let index = &self.report.index;
        let check = |look_up: f64| Some((index.sha256_ns + look_up) / 1e3);
        for (work, ns) in [
            ("token check, SHA-256 and look-up, in process", index.known_ns),
            ("token check while a hostile filter scans", index.known_while_scanning_ns),
        ] {
            lines.push(self.line(work, Goal::Less(0.25, None), check(ns), "µs"));
        }
        let of_loaded = |figure: &dyn Fn(&UnderLoad) -> f64, worse: fn(f64, f64) -> f64| {
            mixed.and_then(|mixed| mixed.lists.iter().map(figure).reduce(worse))
        };
        let least = of_loaded(&|list| list.to_quiet.median, f64::min);
        lines.push(self.line(
            "lists under 2,000 sign-ins and 1,000 endings a second ÷ quiet",
            Goal::Least(0.7),
            least,
            "×",
        ));
        let longest = of_loaded(&|list| list.p99_ms[1], f64::max);
        lines.push(self.line("their p99", Goal::Less(5.0, None), longest, "ms"));
        lines
    }

    fn memory_and_start(&self) -> Vec<Line> {
        let start = &self.report.start;
        let live = whole(start.live).max(1.0);
        let bytes = whole(start.resident) / live;
        let per_million = |ms: Spread| Some(ms.median / 1e3 / (live / MILLION));
        vec![
            self.line(
                "memory, everything, per live session",
                Goal::Less(180.0, Some(140.0)),
                Some(bytes),
                "B",
            ),
            self.line(
                "start from the store, per million",
                Goal::Less(1.5, Some(1.5)),
                per_million(start.ready_ms),
                "s",
            ),
            self.line(
                "start from a checkpoint, per million",
                Goal::Less(0.3, Some(0.3)),
                per_million(start.from_checkpoint_ms),
                "s",
            ),
        ]
    }

    /// What the others took for a list ÷ what ours took over HTTP, and whether that is enough.
    fn beside(&self, list: &str, ours_us: f64, goal: Beside) -> String {
        let anchors = self.report.anchors.iter().flat_map(|anchors| &anchors.queries);
        let Some(anchor) = anchors.into_iter().find(|anchor| anchor.list == list) else {
            return String::new();
        };
        let [sqlite, postgres] = [&anchor.sqlite, &anchor.postgres].map(|timed| timed.p50_us / ours_us);
        let ratios = format!("{}, {}", figure(sqlite), figure(postgres));
        match (self.millions, goal) {
            (Some(1), Beside::Both(least)) => {
                format!("{ratios} (both ≥ {least}: {})", word(sqlite.min(postgres) >= least))
            }
            (Some(1), Beside::Postgres(least)) => {
                format!("{ratios} (PostgreSQL ≥ {least}: {})", word(postgres >= least))
            }
            _ => ratios,
        }
    }

    fn ratio(&self, work: &str, least: f64, measured: Option<Spread>) -> Line {
        let line = self.line(work, Goal::Least(least), measured.map(|measured| measured.median), "×");
        Line { measured: measured.map_or(NOT_MEASURED.into(), range), ..line }
    }

    fn line(&self, work: &str, goal: Goal, measured: Option<f64>, unit: &str) -> Line {
        let bound = match (goal, self.millions) {
            (Goal::Least(bound) | Goal::Less(bound, _), Some(1)) | (Goal::Less(_, Some(bound)), Some(10)) => {
                Some(bound)
            }
            _ => None,
        };
        let is_met = |measured: f64, bound: f64| match goal {
            Goal::Least(_) => measured >= bound,
            Goal::Less(..) => measured < bound,
        };
        let sign = if matches!(goal, Goal::Least(_)) { "≥" } else { "<" };
        Line {
            work: work.into(),
            goal: bound.map(|bound| format!("{sign} {bound} {unit}")).unwrap_or_default(),
            measured: measured.map_or(NOT_MEASURED.into(), |measured| format!("{} {unit}", figure(measured))),
            met: bound
                .zip(measured)
                .map(|(bound, measured)| word(is_met(measured, bound)).into())
                .unwrap_or_default(),
            beside: String::new(),
        }
    }

    fn outcome(&self, name: &str) -> Option<&Outcome> {
        self.report.outcomes.iter().find(|outcome| outcome.name == name)
    }
}

const fn word(is_met: bool) -> &'static str {
    if is_met { "yes" } else { "NO" }
}
