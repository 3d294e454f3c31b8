//! Lists while people sign in and sessions are ended, over HTTP, on a copy of the store: how much slower they
//! become, and how long signing in and ending take beside them. And what a hostile filter does to everybody else.

use crate::arrivals::{Answered, Arrivals, InTurn};
use crate::caller::Caller;
use crate::cases;
use crate::child::Server;
use crate::client::Connection;
use crate::data::{self, Data, HASH_KIB};
use crate::drive::{Load, Measured, drive};
use crate::figures::{Spread, percentile};
use crate::in_process::not_asked_lately;
use crate::people::{Endings, People, SignIns};
use crate::process;
use crate::report::{percent, range};
use crate::table::{Table, figure};
use anyhow::{Result, bail};
use rollcall_model::limits;
use std::fmt::{self, Display};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sign-ins offered in a second.
pub const SIGN_INS: f64 = 2_000.0;
/// Endings offered in a second.
pub const ENDINGS: f64 = 1_000.0;
/// Connections that they have, each.
pub const CONNECTIONS: usize = 64;
/// Connections that ask for lists.
const FEW: usize = 4;
/// How long the load is there before lists are measured.
const LEAD: Duration = Duration::from_millis(300);
/// Calls offered in a second beside a hostile filter, of each kind: far below what saturates a core.
const CALLS: f64 = 500.0;
/// A filter that takes long, of those that `cargo xtask bench hostile` found. The letters at its beginning match
/// nothing: in upper and lower case, they make it another text each time.
pub const HOSTILE: &str = r"qxqxqxqx|Sя^\B\b|[^a]{12,52}|(?:k|ſ.{12}).r.{5,15}(?:r[a-z0-9]|.{30,33})";

/// What was measured.
pub struct Figures {
    /// Lists under load.
    pub lists: Vec<UnderLoad>,
    /// What sign-ins and endings alone take of a core, on the server's side.
    pub load_cores: f64,
    /// Sign-ins meanwhile.
    pub sign_ins: Answered,
    /// Endings meanwhile.
    pub endings: Answered,
    /// Beside a hostile filter.
    pub hostile: Hostile,
}

/// A list while people come and go.
pub struct UnderLoad {
    /// Which list.
    pub name: &'static str,
    /// Answers in a second, under load.
    pub per_s: Spread,
    /// Those ÷ those of a quiet server in the same round.
    pub to_quiet: Spread,
    /// Half of the answers took no longer, in milliseconds: quiet, and under load.
    pub p50_ms: [f64; 2],
    /// The same of 99 in 100.
    pub p99_ms: [f64; 2],
}

/// What a hostile filter does.
pub struct Hostile {
    /// How often it was asked.
    pub asked: usize,
    /// How often it was refused at its deadline.
    pub refused: usize,
    /// The longest that it took, in milliseconds.
    pub longest_ms: f64,
    /// Others: what they asked, 99 in 100 of their answers without and with it, in milliseconds, and the ratio.
    pub others: Vec<(&'static str, [f64; 2], Spread)>,
}

/// Measures so many rounds of this length.
///
/// Server and driver share all cores: to sign people in, the server needs more than one thread.
pub async fn measure(root: &Path, data: &Data, rounds: usize, time: Duration) -> Result<Figures> {
    let directory = root.join("data-changed");
    data::copy(&data.directory, &directory)?;
    let loaded = data::sessions(&directory).await?;
    println!("lists under {SIGN_INS} sign-ins and {ENDINGS} endings a second ...");
    let server = Server::start_with(&directory, None, HASH_KIB).await?;
    let caller = Caller::sign_in(server.address).await?;
    caller.prove().await?;
    let people = People::new(server.address, caller.clone(), loaded);
    let sign_ins = Arrivals::open(server.address, SignIns(people.clone()), SIGN_INS, CONNECTIONS).await?;
    let endings = Arrivals::open(server.address, Endings(people), ENDINGS, CONNECTIONS).await?;
    let before = process::cpu(server.pid())?;
    let (came, went) = tokio::try_join!(sign_ins.offer(time), endings.offer(time))?;
    let busy = process::cpu(server.pid())?.saturating_sub(before);
    let mut figures = Figures {
        lists: Vec::new(),
        load_cores: busy.as_secs_f64() / came.took.max(went.took).as_secs_f64(),
        sign_ins: Answered::default(),
        endings: Answered::default(),
        hostile: Hostile { asked: 0, refused: 0, longest_ms: 0.0, others: Vec::new() },
    };
    for (name, connections, paths) in lists() {
        let requests = Arc::new(paths.iter().map(|path| caller.get(path)).collect());
        let load = Load { requests, connections, time, awake: false };
        let mut measured = Vec::new();
        for _ in 0..rounds {
            let quiet = drive(server.address, server.pid(), &load).await?;
            let busy = async {
                tokio::time::sleep(LEAD).await;
                drive(server.address, server.pid(), &load).await
            };
            let meanwhile = LEAD + time;
            let (came, went, busy) =
                tokio::try_join!(sign_ins.offer(meanwhile), endings.offer(meanwhile), busy)?;
            figures.sign_ins.add(came);
            figures.endings.add(went);
            measured.push([quiet, busy]);
        }
        figures.lists.push(UnderLoad::of(name, &measured));
    }
    figures.sign_ins.expect_answers("sign-ins")?;
    figures.endings.expect_answers("endings")?;
    server.stop()?;
    figures.hostile = hostile(&directory, rounds, time).await?;
    fs::remove_dir_all(&directory)?;
    Ok(figures)
}

fn lists() -> [(&'static str, usize, Vec<String>); 3] {
    let filter = |text: &str| cases::list(&cases::filter(text), 0);
    [
        ("first page", FEW, vec![cases::list("", 0)]),
        ("filter chrome, again", FEW, vec![filter("chrome")]),
        (
            "filter chrome, first use",
            1,
            (0..cases::TEXTS).map(|nth| filter(&not_asked_lately("chrome", nth))).collect(),
        ),
    ]
}

impl UnderLoad {
    fn of(name: &'static str, rounds: &[[Measured; 2]]) -> Self {
        let spread = |figure: &dyn Fn(&[Measured; 2]) -> f64| Spread::of(rounds.iter().map(figure));
        let ms = |which: usize, hundredths| {
            spread(&|round| percentile(&round[which].waits_ns, hundredths) / 1e6).median
        };
        Self {
            name,
            per_s: spread(&|[_, busy]| busy.per_s),
            to_quiet: spread(&|[quiet, busy]| busy.per_s / quiet.per_s),
            p50_ms: [ms(0, 50), ms(1, 50)],
            p99_ms: [ms(0, 99), ms(1, 99)],
        }
    }
}

/// Others beside a hostile filter, on a server that has both cores: it scans on one and answers on the other.
async fn hostile(directory: &Path, rounds: usize, time: Duration) -> Result<Hostile> {
    println!("others beside a hostile filter ...");
    let server = Server::start(directory, None).await?;
    let caller = Caller::sign_in(server.address).await?;
    caller.prove().await?;
    let open = async |path: &str| {
        Arrivals::open(server.address, InTurn::new(vec![caller.get(path)]), CALLS, FEW).await
    };
    let (me, page) = (open("/api/v1/me").await?, open(&cases::list("", 0)).await?);
    let again = open(&cases::list(&cases::filter("chrome"), 0)).await?;
    // More than one window of what is seldom.
    let time = time * 3;
    let mut hostile = Hostile { asked: 0, refused: 0, longest_ms: 0.0, others: Vec::new() };
    let mut measured: [Vec<[f64; 2]>; 3] = Default::default();
    for round in 0..rounds {
        let rest = tokio::try_join!(me.offer(time), page.offer(time), again.offer(time))?;
        let scanning = hostile.ask(&server, &caller, Instant::now() + time, round);
        let (a, b, c, ()) = tokio::try_join!(me.offer(time), page.offer(time), again.offer(time), scanning)?;
        let pairs = [(rest.0, a), (rest.1, b), (rest.2, c)];
        for (of, (rest, beside)) in measured.iter_mut().zip(pairs) {
            rest.expect_answers("calls")?;
            beside.expect_answers("calls beside a hostile filter")?;
            of.push([rest.ms(99), beside.ms(99)]);
        }
    }
    for (name, rounds) in ["me", "list.all, first page", "filter chrome, again"].into_iter().zip(measured) {
        let median = |which: usize| Spread::of(rounds.iter().map(|round| round[which])).median;
        let ratio = Spread::of(rounds.iter().map(|[rest, beside]| beside / rest));
        hostile.others.push((name, [median(0), median(1)], ratio));
    }
    caller.sign_out().await?;
    server.stop()?;
    Ok(hostile)
}

impl Hostile {
    /// Asks the hostile filter again and again, as another one each time.
    async fn ask(&mut self, server: &Server, caller: &Caller, until: Instant, round: usize) -> Result<()> {
        let mut connection = Connection::open(server.address).await?;
        while Instant::now() < until {
            let text = not_asked_lately(HOSTILE, self.asked + round);
            let request = caller.get(&cases::list(&cases::filter(&text), 0));
            let asked = Instant::now();
            let answer = connection.exchange(&request).await?;
            self.longest_ms = self.longest_ms.max(asked.elapsed().as_secs_f64() * 1e3);
            self.asked += 1;
            let too_costly = answer.body.windows(10).any(|part| part == b"too-costly");
            self.refused += usize::from(too_costly);
            if !answer.ok && !too_costly {
                bail!("the hostile filter: {}", String::from_utf8_lossy(answer.body));
            }
        }
        Ok(())
    }
}

impl Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&[
            "list",
            "requests/s",
            "÷ quiet",
            "p50 ms, quiet → loaded",
            "p99 ms, quiet → loaded",
        ]);
        let pair = |[a, b]: [f64; 2]| format!("{} → {}", figure(a), figure(b));
        for list in &self.lists {
            let (p50, p99) = (pair(list.p50_ms), pair(list.p99_ms));
            table.row([list.name.into(), range(list.per_s), range(list.to_quiet), p50, p99]);
        }
        writeln!(f, "{table}")?;
        let mut table = Table::new(&["meanwhile", "offered/s", "answered/s", "refused", "p50 ms", "p99 ms"]);
        for (name, rate, answered) in
            [("sign-ins", SIGN_INS, &self.sign_ins), ("endings", ENDINGS, &self.endings)]
        {
            let [p50, p99] = [50, 99].map(|hundredths| figure(answered.ms(hundredths)));
            let refused = answered.refused.to_string();
            table.row([name.into(), figure(rate), figure(answered.per_s()), refused, p50, p99]);
        }
        let reached = [(SIGN_INS, &self.sign_ins), (ENDINGS, &self.endings)]
            .map(|(rate, answered)| answered.per_s() / rate)
            .into_iter()
            .fold(1.0, f64::min);
        let said =
            if reached > 0.97 { "The offered rate was reached" } else { "The offered rate was NOT reached" };
        let alone = percent(self.load_cores);
        writeln!(
            f,
            "{table}\n{said}: {} of it was answered in time. Alone, it takes {alone} of a core on the server's side.\n",
            percent(reached)
        )?;
        let Hostile { asked, refused, longest_ms, others } = &self.hostile;
        writeln!(
            f,
            "A hostile filter, `{HOSTILE}`, asked {asked} times one after another: refused {refused} times at its \
             deadline of {} ms; the longest answer took {} ms. Meanwhile {CALLS} calls a second of each kind:\n",
            limits::FILTER_TIME.as_millis(),
            figure(*longest_ms),
        )?;
        let mut table = Table::new(&["others", "p99 ms, rest → beside it", "ratio"]);
        for (name, p99, ratio) in others {
            table.row([(*name).into(), pair(*p99), range(*ratio)]);
        }
        write!(f, "{table}")
    }
}
