//! The main run: everything that the goals speak of, at one size, in one report.

use crate::anchors;
use crate::caller::Caller;
use crate::cases::{self, Effort};
use crate::child::Server;
use crate::drive::Measured;
use crate::figures::Spread;
use crate::report::{Report, Start};
use crate::{data, in_process, mixed, process, results, root, runtime};
use anyhow::{Result, ensure};
use clap::Args;
use rollcall::checkpoint_file::CHECKPOINT;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Starts whose times are told.
const STARTS: usize = 3;
/// How long after a start its memory is looked at: what a start needs for a moment is given back by then.
const AT_REST: Duration = Duration::from_secs(4);

/// What is measured, and how much.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Run {
    /// Shorter and fewer measurements: to see that it works, not how fast
    #[arg(long)]
    quick: bool,
    /// Live sessions
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    sessions: u32,
    /// Write them to bench/results and bench/RESULTS.md too
    #[arg(long)]
    write: bool,
    /// Only the cases whose name holds this text
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Measurements of each case
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: Option<u16>,
    /// Milliseconds of one measurement; long ones are for a profiler
    #[arg(long, value_parser = clap::value_parser!(u64).range(10..=60_000))]
    ms: Option<u64>,
    /// Connections at once, where a case does not say it
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    connections: u16,
    /// Where the stores are kept [default: `bench` under the build's target directory]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Make the store anew
    #[arg(long)]
    refill: bool,
    /// Leave SQLite and PostgreSQL out, which are measured beside up to a million sessions
    #[arg(long)]
    without_sql: bool,
}

/// Measures, prints the report, and writes it down if that is wanted.
pub fn run(run: &Run) -> Result<()> {
    // Before this process keeps to one core.
    let (machine, load_before) = (process::machine(), process::load_average());
    let (root, runtime) = (root(run.data.as_deref())?, runtime()?);
    let data = data::ready(&root, &runtime, run.sessions, run.refill)?;
    let starts = runtime.block_on(starts(&data.directory))?;
    let core = process::pin_apart()?;
    let effort = Effort {
        rounds: run.rounds.map_or(if run.quick { 2 } else { 5 }, usize::from),
        time: Duration::from_millis(run.ms.unwrap_or(if run.quick { 300 } else { 1_000 })),
        connections: run.connections.into(),
        own_core: core.is_some(),
    };
    let over_http = over_http(&data.directory, &root, core, effort, &run.only, starts);
    let (start, ceiling, outcomes) = runtime.block_on(over_http)?;
    // From here on others may have a core of their own: a server's threads, a database's, a filter beside token checks.
    process::unpin()?;
    let mixed = if run.only.is_empty() {
        let measure = mixed::measure(&root, &data, effort.rounds.min(3), effort.time);
        Some(runtime.block_on(measure)?)
    } else {
        None
    };
    println!("the live index by itself ...");
    let index = runtime.block_on(in_process::measure(&data.directory, if run.quick { 2 } else { 10 }))?;
    let anchors = if run.without_sql || !run.only.is_empty() || run.sessions > anchors::SESSIONS_MAX {
        None
    } else {
        Some(runtime.block_on(anchors::measure(&root, &data.directory, run.sessions, &index.lists))?)
    };
    let setup = format!(
        "{} rounds of {} ms each; {}. Medians, with the least and the greatest in brackets.",
        effort.rounds,
        effort.time.as_millis(),
        if core.is_some() {
            "server on one core, driver on another"
        } else {
            "server and driver share one core"
        },
    );
    let report =
        Report { setup, machine, data, start, ceiling, outcomes, mixed, index, anchors, load_before };
    println!("\n{report}");
    if run.write {
        results::write(run.sessions, &report)?;
    }
    Ok(())
}

/// How long starts took, in milliseconds.
#[derive(Default)]
struct Starts {
    from_checkpoint: Vec<f64>,
    from_store: Vec<f64>,
    load: Vec<f64>,
}

/// Starts the server some times, each way, on all cores.
async fn starts(data_dir: &Path) -> Result<Starts> {
    println!("starting the server {STARTS} times from a checkpoint, and as often from the store ...");
    let mut starts = Starts::default();
    // The first writes a checkpoint when it ends.
    Server::start(data_dir, None).await?.stop()?;
    for _ in 0..STARTS {
        let server = Server::start(data_dir, None).await?;
        starts.from_checkpoint.push(server.ready_after.as_secs_f64() * 1e3);
        ensure!(server.load_line()?.from == "checkpoint", "a start did not use its checkpoint");
        server.stop()?;
    }
    for _ in 0..STARTS {
        fs::remove_file(data_dir.join(CHECKPOINT))?;
        let server = Server::start(data_dir, None).await?;
        starts.from_store.push(server.ready_after.as_secs_f64() * 1e3);
        starts.load.push(Duration::from_millis(server.load_line()?.took_ms).as_secs_f64() * 1e3);
        server.stop()?;
    }
    Ok(starts)
}

async fn over_http(
    data_dir: &Path,
    root: &Path,
    core: Option<usize>,
    effort: Effort,
    only: &str,
    starts: Starts,
) -> Result<(Start, Measured, Vec<cases::Outcome>)> {
    let empty_dir = root.join("data-empty");
    if empty_dir.exists() {
        fs::remove_dir_all(&empty_dir)?;
    }
    // The first start on an empty store makes its schema; the second is as the one that it is compared with.
    Server::start(&empty_dir, core).await?.stop()?;
    let empty = Server::start(&empty_dir, core).await?;
    tokio::time::sleep(AT_REST).await;
    let (resident_empty, _) = empty.resident()?;
    empty.stop()?;
    fs::remove_file(data_dir.join(CHECKPOINT))?;
    let server = Server::start(data_dir, core).await?;
    let live = server.load_line()?.live;
    tokio::time::sleep(AT_REST).await;
    let (resident, resident_peak) = server.resident()?;
    let caller = Caller::sign_in(server.address).await?;
    caller.end_others().await?;
    caller.prove().await?;
    let (resident_signed_in, _) = server.resident()?;
    let total = cases::total(&caller).await?;
    let ceiling = cases::ceiling(&server, &caller, effort).await?;
    let mut outcomes = Vec::new();
    for case in cases::all(total).into_iter().filter(|case| case.name.contains(only)) {
        println!("{} ...", case.name);
        caller.prove().await?;
        outcomes.push(case.run(&server, &caller, effort).await?);
    }
    let (resident_after, _) = server.resident()?;
    caller.sign_out().await?;
    server.stop()?;
    let start = Start {
        ready_ms: Spread::of(starts.from_store),
        from_checkpoint_ms: Spread::of(starts.from_checkpoint),
        load_ms: Spread::of(starts.load),
        live,
        resident,
        resident_peak,
        resident_empty,
        resident_signed_in,
        resident_after,
    };
    Ok((start, ceiling, outcomes))
}
