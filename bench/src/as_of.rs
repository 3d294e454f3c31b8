//! `cargo xtask bench as-of`: what the past costs beside the present.
//!
//! A round asks of an instant that nobody asked of before: its first page fills it. Then the same pages are asked of the
//! past and of what is live, one right after another.

use crate::caller::Caller;
use crate::child::Server;
use crate::data::Data;
use crate::drive::{Load, Measured, count, drive};
use crate::figures::Spread;
use crate::table::Table;
use anyhow::{Context, Result, ensure};
use rollcall_model::clock::{Clock, SystemClock};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How old the instant of the first round is; each further one is older by as much. By now nothing is told of it any more.
const AGE: Duration = Duration::from_hours(1);
const CONNECTIONS: usize = 4;
const MILLION: f64 = 1e6;

/// The pages that are asked, and what is added to the path for each.
const PAGES: [(&str, &str); 4] = [
    ("first page", ""),
    ("sorted by user, deep", "&sort=user&offset=5000"),
    ("a filter again", "&q=device:chrome"),
    ("facets", "&limit=1&facets=os,device"),
];

/// Measures so many rounds and prints what came of it.
pub async fn measure(data: &Data, rounds: usize, time: Duration) -> Result<()> {
    let server = Server::start(&data.directory, None).await?;
    let caller = Caller::sign_in(server.address).await?;
    caller.prove().await?;
    let (mut fills, mut beside) = (Vec::new(), PAGES.map(|_| Vec::new()));
    for round in 1..=rounds {
        println!("round {round} of {rounds} ...");
        let as_of = format!("&as_of={}", SystemClock.now() - AGE * u32::try_from(round)?);
        fills.push(fill(&caller, &as_of).await?);
        for ((_, page), beside) in PAGES.iter().zip(&mut beside) {
            let present = pages(&server, &caller, page, time).await?;
            let past = pages(&server, &caller, &format!("{page}{as_of}"), time).await?;
            beside.push(Beside::of(&past, &present));
        }
    }
    let (resident, _) = server.resident()?;
    caller.sign_out().await?;
    server.stop()?;
    print(&fills, &beside, resident);
    Ok(())
}

/// How long the first page of an instant took, and of how many sessions it is.
async fn fill(caller: &Caller, as_of: &str) -> Result<(Duration, f64)> {
    let request = caller.get(&path(as_of));
    let began = Instant::now();
    let (answer, _) = caller.sample(&request).await?;
    let took = began.elapsed();
    let total = answer["total"].as_u64().context("a list without a total")?;
    ensure!(answer["as_of"]["erased"] == 0, "sessions of erased users are left out");
    Ok((took, count(usize::try_from(total)?)))
}

async fn pages(server: &Server, caller: &Caller, page: &str, time: Duration) -> Result<Measured> {
    let requests = Arc::new(std::iter::once(caller.get(&path(page))).collect());
    let load = Load { requests, connections: CONNECTIONS, time, awake: false };
    drive(server.address, server.pid(), &load).await
}

fn path(more: &str) -> String {
    format!("/api/v2/sessions?{}", more.trim_start_matches('&'))
}

/// A page of the past beside the same of what is live.
struct Beside {
    /// Answers in a second ÷ those of what is live.
    rate: f64,
    /// Processor time of an answer of what is live ÷ that of the past.
    cpu: f64,
    /// Answers in a second.
    per_s: f64,
}

impl Beside {
    fn of(past: &Measured, present: &Measured) -> Self {
        Self { rate: past.per_s / present.per_s, cpu: present.server_us / past.server_us, per_s: past.per_s }
    }
}

/// The middle, and the least and the greatest in brackets.
fn figure(of: impl Iterator<Item = f64>, digits: usize) -> String {
    let Spread { min, median, max } = Spread::of(of);
    format!("{median:.digits$} ({min:.digits$}–{max:.digits$})")
}

fn print(fills: &[(Duration, f64)], beside: &[Vec<Beside>], resident: u64) {
    let of_fills = |of: fn(&(Duration, f64)) -> f64, digits| figure(fills.iter().map(of), digits);
    println!("\nsessions that were live: {}", of_fills(|(_, total)| *total, 0));
    println!("first page of an instant, ms: {}", of_fills(|(took, _)| took.as_secs_f64() * 1e3, 0));
    let for_a_million = of_fills(|(took, total)| took.as_secs_f64() * MILLION / total, 2);
    println!("the same for a million sessions, s: {for_a_million}");
    println!("memory of the server with what it holds of them, MiB: {}\n", resident >> 20);
    let mut table = Table::new(&["page", "past ÷ live", "live CPU ÷ past CPU", "past, requests/s"]);
    for ((name, _), rounds) in PAGES.iter().zip(beside) {
        let of = |of: fn(&Beside) -> f64, digits| figure(rounds.iter().map(of), digits);
        table.row([
            (*name).into(),
            of(|beside| beside.rate, 2),
            of(|beside| beside.cpu, 2),
            of(|beside| beside.per_s, 0),
        ]);
    }
    println!("{table}");
}
