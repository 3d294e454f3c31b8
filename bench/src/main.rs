//! `cargo xtask bench`: measures the server at 100,000 sessions, or as many as asked. README.md says what each figure means.
//!
//! The driver starts itself anew as the server ([`serve`]), asks it over HTTP ([`cases`]), and measures the
//! live index by itself in its own process ([`in_process`]).

mod caller;
mod cases;
mod child;
mod client;
mod data;
mod drive;
mod figures;
mod in_process;
mod process;
mod refusals;
mod report;
mod serve;
mod sockets;
mod table;

use anyhow::{Context, Result};
use caller::Caller;
use cases::Effort;
use child::Server;
use clap::{Args, Parser, Subcommand};
use figures::Spread;
use report::{Report, Start};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

const EXAMPLE: &str = "\
Examples:
  cargo xtask bench                      everything, in five minutes or so
  cargo xtask bench --quick              everything, roughly, in a minute
  cargo xtask bench --only filter        the filters only
  cargo xtask bench --sessions 1000000   at a million
  cargo xtask bench --write              everything, and into bench/RESULTS.md
  cargo xtask bench sockets              a restart with 1,000 sockets, and endings among them
  cargo xtask bench refusals             whether the time of a refused sign-in tells why";

/// Starts whose times are told.
const STARTS: usize = 3;

/// Measures Rollcall at 100,000 sessions, or as many as asked
#[derive(Debug, Parser)]
#[command(after_help = EXAMPLE, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    run: Run,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// The server that is measured; the bench starts it by itself
    #[command(hide = true)]
    Serve {
        /// Directory of the store
        #[arg(long, value_name = "DIR")]
        data_dir: PathBuf,
        /// The core to stay on
        #[arg(long)]
        core: Option<usize>,
    },
    /// Restart under many sockets, end some, and time both
    Sockets {
        /// Sockets, a session each
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(100..=4_000))]
        sockets: u16,
        /// Sessions that are ended, one by one
        #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u16).range(10..=2_000))]
        endings: u16,
    },
    /// Compare the times of refused sign-ins, by why they are refused
    Refusals {
        /// Sign-ins of each kind
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(10..=10_000))]
        times: u16,
    },
}

#[derive(Args, Debug)]
struct Run {
    /// Shorter and fewer measurements: to see that it works, not how fast
    #[arg(long)]
    quick: bool,
    /// Live sessions
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    sessions: u32,
    /// Write the figures to bench/RESULTS.md too
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
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.part {
        Some(Part::Serve { data_dir, core }) => serve::run(&data_dir, core),
        Some(Part::Refusals { times }) => {
            on_a_fresh_store(async |root| refusals::measure(root, times.into()).await)
        }
        Some(Part::Sockets { sockets, endings }) => {
            let (sockets, endings) = (sockets.into(), usize::from(endings.min(sockets)));
            on_a_fresh_store(async |root| sockets::measure(root, sockets, endings).await)
        }
        None => run(&cli.run),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rollcall-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Measures in a folder for stores of its own.
fn on_a_fresh_store(measure: impl AsyncFnOnce(&Path) -> Result<()>) -> Result<()> {
    let root = target()?.join("bench");
    fs::create_dir_all(&root).with_context(|| format!("cannot make {}", root.display()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(&root))
}

fn run(run: &Run) -> Result<()> {
    // Before this process keeps to one core.
    let (machine, load_before) = (process::machine(), process::load_average());
    let root = match &run.data {
        Some(root) => root.clone(),
        None => target()?.join("bench"),
    };
    // One thread drives: it is cheaper than several that hand work to one another.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let data = data::ready(&root, &runtime, run.sessions, run.refill)?;
    let cores = if process::cores() > 1 { Some((0, 1)) } else { None };
    if let Some((_, own)) = cores {
        process::pin(own)?;
    }
    let effort = Effort {
        rounds: run.rounds.map_or(if run.quick { 2 } else { 5 }, usize::from),
        time: Duration::from_millis(run.ms.unwrap_or(if run.quick { 300 } else { 1_000 })),
        connections: run.connections.into(),
        own_core: cores.is_some(),
    };
    let over = runtime.block_on(over_http(
        &data.directory,
        &root,
        cores.map(|(server, _)| server),
        effort,
        &run.only,
    ))?;
    println!("the live index by itself ...");
    let index = runtime.block_on(in_process::measure(&data.directory, if run.quick { 2 } else { 10 }))?;
    let (start, ceiling, outcomes) = over;
    let setup = format!(
        "{} rounds of {} ms each; {}. Medians, with the least and the greatest in brackets.",
        effort.rounds,
        effort.time.as_millis(),
        if cores.is_some() {
            "server on one core, driver on another"
        } else {
            "server and driver share one core"
        },
    );
    let report = Report { setup, machine, data, start, ceiling, outcomes, index, load_before }.to_string();
    println!("\n{report}");
    if run.write {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md");
        let note = "<!-- Written by `cargo xtask bench --write`. README.md says what each figure means. -->";
        fs::write(&path, format!("{note}\n\n{}\n", report.trim_end()))
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("written to bench/RESULTS.md");
    }
    Ok(())
}

async fn over_http(
    data_dir: &Path,
    root: &Path,
    core: Option<usize>,
    effort: Effort,
    only: &str,
) -> Result<(Start, drive::Measured, Vec<cases::Outcome>)> {
    let empty_dir = root.join("data-empty");
    if empty_dir.exists() {
        fs::remove_dir_all(&empty_dir)?;
    }
    // The first start on an empty store makes its schema; the second is as the one that it is compared with.
    Server::start(&empty_dir, core).await?.stop()?;
    let empty = Server::start(&empty_dir, core).await?;
    let (resident_empty, _) = empty.resident()?;
    empty.stop()?;
    println!("starting the server {STARTS} times ...");
    let (mut ready_ms, mut load_ms) = (Vec::new(), Vec::new());
    for _ in 1..STARTS {
        let server = Server::start(data_dir, core).await?;
        ready_ms.push(server.ready_after.as_secs_f64() * 1e3);
        load_ms.push(server.load_line()?.took_ms);
        server.stop()?;
    }
    let server = Server::start(data_dir, core).await?;
    ready_ms.push(server.ready_after.as_secs_f64() * 1e3);
    let line = server.load_line()?;
    load_ms.push(line.took_ms);
    let (resident, resident_peak) = server.resident()?;
    let caller = Caller::sign_in(server.address).await?;
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
        ready_ms: Spread::of(ready_ms),
        load_ms: Spread::of(load_ms.into_iter().map(|ms| Duration::from_millis(ms).as_secs_f64() * 1e3)),
        live: line.live,
        resident,
        resident_peak,
        resident_empty,
        resident_signed_in,
        resident_after,
    };
    Ok((start, ceiling, outcomes))
}

/// The build's target directory: this program lies in a folder of it.
fn target() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.parent().and_then(Path::parent);
    Ok(target.context("this program lies in no target directory")?.to_owned())
}
