//! What is asked over HTTP, and how it compares with the static twin and with the first page.
//!
//! A round measures the twin, for some cases the first page, and the case, one right after another: the
//! ratio of a round says more than any of its figures, since whatever else runs slows all of them.

use crate::caller::Caller;
use crate::child::Server;
use crate::drive::{Load, Measured, Requests, count, drive};
use crate::figures::{Spread, percentile};
use crate::in_process::not_asked_lately;
use crate::serve::TWIN_BYTES_MAX;
use anyhow::{Context, Result, bail};
use std::sync::Arc;
use std::time::Duration;

/// Rows of a page.
const ROWS: usize = 50;
/// Different offsets of the case of random pages.
const OFFSETS: usize = 2_000;
/// Different texts of the same filter: more than the index remembers, so each is asked for the first time again.
pub const TEXTS: usize = 64;
/// Requests of a case that are looked at before it is measured.
const SAMPLES: usize = 20;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Rounds of each case.
    pub rounds: usize,
    /// Length of one measurement.
    pub time: Duration,
    /// Connections, where a case does not say it.
    pub connections: usize,
    /// Whether the driver has a core of its own.
    pub own_core: bool,
}

/// A kind of request.
pub struct Case {
    /// What it is called.
    pub name: String,
    /// Paths, asked in turn.
    paths: Vec<String>,
    /// Connections; as many as the effort says when absent.
    connections: Option<usize>,
    /// Whether the first page is measured beside it.
    beside_first: bool,
    /// Whether the answers are pages of this many rows.
    rows: Option<usize>,
}

/// What came of a case.
pub struct Outcome {
    /// The case's name.
    pub name: String,
    /// Connections.
    pub connections: usize,
    /// Bytes of an answer's body, on average.
    pub bytes: usize,
    /// Answers in a second.
    pub per_s: Spread,
    /// Half of the answers took no longer, in microseconds.
    pub p50_us: f64,
    /// 99 in 100 answers took no longer, in microseconds.
    pub p99_us: f64,
    /// Answers in a second ÷ those of the twin in the same round.
    pub to_twin: Spread,
    /// Answers in a second ÷ those of the first page in the same round.
    pub to_first: Option<Spread>,
    /// Processor time of the server for an answer, in microseconds.
    pub cpu_us: Spread,
    /// The twin's processor time ÷ the case's.
    pub cpu_to_twin: Spread,
    /// The first page's processor time ÷ the case's.
    pub cpu_to_first: Option<Spread>,
    /// The part of a core that the server had.
    pub server_busy: f64,
}

/// All cases, on a list of so many rows.
pub fn all(total: usize) -> Vec<Case> {
    let (middle, end) = (total / 2, total.saturating_sub(ROWS));
    let mut cases = vec![
        Case::new("list.all, first page", list("", 0)),
        Case::new("list.all, last page", list("", end)).beside_first(),
        Case { paths: random_offsets(end), ..Case::new("list.all, random pages", String::new()) }
            .beside_first(),
    ];
    let sorted = |key: &str, place: &str, offset| {
        Case::new(&format!("sort {key}, {place}"), list(&sort(key, 1), offset)).beside_first()
    };
    for key in ["_user.name", "_user.username", "device.name", "device.os.name", "device.os.version"] {
        cases.extend([sorted(key, "middle", middle), sorted(key, "end", end)]);
    }
    cases.push(sorted("loginAt", "middle", middle));
    for (what, text) in
        [("broad", "chrome"), ("narrow", "zoe"), ("none", "nothing-like-this"), ("pattern", r"^10\.1\.")]
    {
        let filtered = |text: &str| list(&filter(text), 0);
        let first_use = (0..TEXTS).map(|nth| filtered(&not_asked_lately(text, nth))).collect();
        let case = |when: &str, paths| {
            Case { rows: None, paths, ..Case::new(&format!("filter {what}: {text}, {when}"), String::new()) }
                .alone()
        };
        cases.extend([case("first use", first_use), case("again", vec![filtered(text)])]);
    }
    let sorted = |nth| {
        let more = filter(&not_asked_lately("chrome", nth)) + &sort("_user.name", 1);
        list(&more, total / 4)
    };
    let case = |when: &str, paths| {
        let name = format!("filter broad, sort _user.name, deep, {when}");
        Case { rows: None, paths, ..Case::new(&name, String::new()) }.alone()
    };
    cases.push(case("first use", (0..TEXTS).map(sorted).collect()));
    cases.push(case("again", vec![sorted(0)]));
    cases.push(Case { rows: None, ..Case::new("me", "/api/v1/me".into()) });
    cases.push(Case { rows: None, ..Case::new("info", "/api/v1/info".into()) });
    cases
}

impl Case {
    fn new(name: &str, path: String) -> Self {
        Self {
            name: name.into(),
            paths: vec![path],
            connections: None,
            beside_first: false,
            rows: Some(ROWS),
        }
    }

    fn beside_first(self) -> Self {
        Self { beside_first: true, ..self }
    }

    /// On one connection: how long one answer takes, with nobody in front of it.
    fn alone(self) -> Self {
        Self { connections: Some(1), ..self }
    }

    /// Measures it.
    pub async fn run(&self, server: &Server, caller: &Caller, effort: Effort) -> Result<Outcome> {
        let requests: Requests = self.paths.iter().map(|path| caller.get(path)).collect();
        let mut bytes = 0;
        let samples = requests.count().min(SAMPLES);
        for _ in 0..samples {
            let asked = caller.sample(requests.next()).await;
            let (answer, length) = asked.with_context(|| self.name.clone())?;
            let rows = answer["sessions"].as_array().map(Vec::len);
            if self.rows.is_some() && rows != self.rows {
                bail!("{}: a page of {rows:?} rows", self.name);
            }
            bytes += length;
        }
        let bytes = (bytes / samples.max(1)).min(TWIN_BYTES_MAX);
        let connections = self.connections.unwrap_or(effort.connections);
        let load = |requests| {
            let requests = Arc::new(requests);
            Load { requests, connections, time: effort.time, awake: effort.own_core }
        };
        let one = |path: &str| std::iter::once(caller.get(path)).collect();
        let twin = load(one(&format!("/static/{bytes}")));
        let first = self.beside_first.then(|| load(one(&list("", 0))));
        let case = load(requests);
        let mut rounds = Vec::new();
        for _ in 0..effort.rounds {
            let twin = drive(server.address, server.pid(), &twin).await?;
            let first = match &first {
                Some(first) => Some(drive(server.address, server.pid(), first).await?),
                None => None,
            };
            let case = drive(server.address, server.pid(), &case).await.with_context(|| self.name.clone())?;
            rounds.push(Round { twin, first, case });
        }
        Ok(self.outcome(connections, bytes, &rounds))
    }

    fn outcome(&self, connections: usize, bytes: usize, rounds: &[Round]) -> Outcome {
        let spread = |figure: &dyn Fn(&Round) -> f64| Spread::of(rounds.iter().map(figure));
        let to_first = |figure: fn(&Measured, &Measured) -> f64| {
            self.beside_first.then(|| {
                Spread::of(rounds.iter().filter_map(|round| Some(figure(&round.case, round.first.as_ref()?))))
            })
        };
        Outcome {
            name: self.name.clone(),
            connections,
            bytes,
            per_s: spread(&|round| round.case.per_s),
            p50_us: spread(&|round| percentile(&round.case.waits_ns, 50) / 1e3).median,
            p99_us: spread(&|round| percentile(&round.case.waits_ns, 99) / 1e3).median,
            to_twin: spread(&|round| round.case.per_s / round.twin.per_s),
            to_first: to_first(|case, first| case.per_s / first.per_s),
            cpu_us: spread(&|round| round.case.server_us),
            cpu_to_twin: spread(&|round| round.twin.server_us / round.case.server_us),
            cpu_to_first: to_first(|case, first| first.server_us / case.server_us),
            server_busy: spread(&|round| round.case.server_busy).median,
        }
    }
}

/// Measurements one right after another.
struct Round {
    twin: Measured,
    first: Option<Measured>,
    case: Measured,
}

/// How fast the driver and the server's HTTP are at all: an answer of two bytes.
pub async fn ceiling(server: &Server, caller: &Caller, effort: Effort) -> Result<Measured> {
    let requests = Arc::new(std::iter::once(caller.get("/static/2")).collect());
    let load = Load { requests, connections: effort.connections, time: effort.time, awake: effort.own_core };
    drive(server.address, server.pid(), &load).await
}

/// How many rows a list of everything has.
pub async fn total(caller: &Caller) -> Result<usize> {
    let (answer, _) = caller.sample(&caller.get(&list("", 0))).await?;
    let total = answer["total"].as_u64().context("a list without a total")?;
    Ok(usize::try_from(total)?)
}

/// The path of a page.
pub fn list(more: &str, offset: usize) -> String {
    page(more, offset, ROWS)
}

/// The path of a page of so many rows.
pub fn page(more: &str, offset: usize, rows: usize) -> String {
    format!("/api/v1/sessions/list.all?count={rows}&offset={offset}{more}")
}

/// The parameter of a sort key, 1 or -1.
pub fn sort(key: &str, direction: i8) -> String {
    format!("&sort={}", escaped(&format!(r#"{{"{key}":{direction}}}"#)))
}

/// The parameter of a filter.
pub fn filter(text: &str) -> String {
    format!("&filter={}", escaped(text))
}

fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Offsets far from one another in no order, the same in every run: multiples of the golden section.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an offset is below `end`")]
fn random_offsets(end: usize) -> Vec<String> {
    let part = |n: usize| (count(n) * 0.618_033_988_749_894_9).fract();
    (1..=OFFSETS).map(|n| list("", (part(n) * count(end)) as usize)).collect()
}
