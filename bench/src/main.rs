//! `cargo xtask bench`: measures the server at 100,000 sessions, or as many as asked. README.md says what each figure means.
//!
//! The driver starts itself anew as the server ([`serve`]), asks it over HTTP ([`cases`], [`mixed`], [`soak`]), and
//! measures the live index by itself in its own process ([`in_process`], [`hostile`]), and other databases on the same
//! data ([`anchors`]).

mod anchors;
mod api;
mod arrivals;
mod as_of;
mod caller;
mod cases;
mod child;
mod client;
mod commits;
mod data;
mod drive;
mod figures;
mod goals;
mod hostile;
mod in_process;
mod mixed;
mod oracle;
mod patterns;
mod people;
mod process;
mod refusals;
mod report;
mod results;
mod run;
mod serve;
mod soak;
mod sockets;
mod table;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use data::Data;
use run::Run;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::Runtime;

const EXAMPLE: &str = "\
Examples:
  cargo xtask bench                      everything, in five minutes or so
  cargo xtask bench --quick              everything, roughly, in a minute
  cargo xtask bench --only filter        the filters only
  cargo xtask bench --sessions 1000000   at a million
  cargo xtask bench --write              everything, and into bench/RESULTS.md
  cargo xtask bench mixed                lists under 2,000 sign-ins and 1,000 endings a second
  cargo xtask bench soak --minutes 30 --sessions 1000000
  cargo xtask bench hostile --minutes 5  lists that take long are looked for
  cargo xtask bench sockets              a restart with 1,000 sockets, and endings among them
  cargo xtask bench commits              durable sign-ins a second, on both engines
  cargo xtask bench api                  the typed API beside v1, exports, streams, a revocation
  cargo xtask bench as-of                the past beside the present
  cargo xtask bench refusals             whether the time of a refused sign-in tells why";

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
        /// KiB of memory that a password's hash takes
        #[arg(long)]
        hash_kib: u32,
    },
    /// Lists under sign-ins and endings, and others beside a hostile filter
    Mixed {
        #[command(flatten)]
        of: Of,
    },
    /// Sign-ins, endings and lists for a long time; memory, times, and all lists at the end
    Soak {
        #[command(flatten)]
        of: Of,
        /// How long
        #[arg(long, default_value_t = 30.0, value_parser = minutes)]
        minutes: f64,
        /// Sign-ins in a second, and as many endings
        #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        per_second: u16,
    },
    /// Look for lists that take long
    Hostile {
        #[command(flatten)]
        of: Of,
        /// How long
        #[arg(long, default_value_t = 5.0, value_parser = minutes)]
        minutes: f64,
        /// What is tried hangs on it
        #[arg(long, default_value_t = 1)]
        seed: u64,
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
    /// Durable sign-ins by callers, as a ratio to the disk's own writes; two nodes; how late endings hold on others
    Commits {
        /// Seconds of each group
        #[arg(long, default_value_t = 1.5, value_parser = seconds)]
        seconds: f64,
        /// Groups of each size
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=20))]
        rounds: u8,
        /// Callers at once, in groups
        #[arg(long, default_values_t = [1, 8, 64, 512], value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..=4_096))]
        callers: Vec<u16>,
        /// One engine only
        #[arg(long, value_enum)]
        engine: Option<commits::Engine>,
        /// Keep what came of it in bench/results/commits.md
        #[arg(long, conflicts_with = "engine")]
        write: bool,
    },
    /// Lists of v2 beside v1, exports, streams under changes, and a revocation while others list
    Api {
        #[command(flatten)]
        of: Of,
        /// Rounds of each comparison
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=20))]
        rounds: u8,
        /// Seconds of each measurement
        #[arg(long, default_value_t = 1.0, value_parser = seconds)]
        seconds: f64,
        /// Sessions that the revocation ends, at the most
        #[arg(long, default_value_t = 100_000)]
        ended: usize,
        /// Streams
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..=4_000))]
        streams: u16,
    },
    /// Fill instants of the past, and ask them the same pages as what is live
    AsOf {
        #[command(flatten)]
        of: Of,
        /// Instants
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=20))]
        rounds: u8,
        /// Seconds of each measurement
        #[arg(long, default_value_t = 1.0, value_parser = seconds)]
        seconds: f64,
    },
    /// Compare the times of refused sign-ins, by why they are refused
    Refusals {
        /// Sign-ins of each kind
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(10..=10_000))]
        times: u16,
    },
}

/// Which store.
#[derive(Args, Debug)]
struct Of {
    /// Live sessions
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    sessions: u32,
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
        Some(Part::Serve { data_dir, core, hash_kib }) => serve::run(&data_dir, core, hash_kib),
        Some(Part::Refusals { times }) => {
            on_a_fresh_store(async |root| refusals::measure(root, times.into()).await)
        }
        Some(Part::Commits { seconds, rounds, callers, engine, write }) => {
            let callers = callers.into_iter().map(usize::from).collect();
            let time = Duration::from_secs_f64(seconds);
            let plan = commits::Plan { rounds: rounds.into(), time, callers, engine };
            on_all_cores(async |root| commits::measure(root, &plan, write).await)
        }
        Some(Part::Sockets { sockets, endings }) => {
            let (sockets, endings) = (sockets.into(), usize::from(endings.min(sockets)));
            on_a_fresh_store(async |root| sockets::measure(root, sockets, endings).await)
        }
        Some(Part::Mixed { of }) => on_a_store(&of, async |root, data| {
            let figures = mixed::measure(root, data, 5, Duration::from_secs(2)).await?;
            println!("\n{figures}");
            Ok(())
        }),
        Some(Part::Soak { of, minutes, per_second }) => on_a_store(&of, async |root, data| {
            let time = Duration::from_secs_f64(minutes * 60.0);
            soak::measure(root, data, time, per_second.into()).await
        }),
        Some(Part::Api { of, rounds, seconds, ended, streams }) => on_a_store(&of, async |root, data| {
            let time = Duration::from_secs_f64(seconds);
            let effort = api::Effort { rounds: rounds.into(), time, ended, streams: streams.into() };
            api::measure(root, data, &effort).await
        }),
        Some(Part::AsOf { of, rounds, seconds }) => on_a_store(&of, async |_, data| {
            as_of::measure(data, rounds.into(), Duration::from_secs_f64(seconds)).await
        }),
        Some(Part::Hostile { of, minutes, seed }) => on_a_store(&of, async |_, data| {
            hostile::measure(data, seed, Duration::from_secs_f64(minutes * 60.0)).await
        }),
        None => run::run(&cli.run),
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
    let root = root(None)?;
    fs::create_dir_all(&root).with_context(|| format!("cannot make {}", root.display()))?;
    runtime()?.block_on(measure(&root))
}

/// The same with a runtime like the product's.
fn on_all_cores(measure: impl AsyncFnOnce(&Path) -> Result<()>) -> Result<()> {
    let root = root(None)?;
    fs::create_dir_all(&root).with_context(|| format!("cannot make {}", root.display()))?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure(&root))
}

/// Measures on a kept store of invented people.
fn on_a_store(of: &Of, measure: impl AsyncFnOnce(&Path, &Data) -> Result<()>) -> Result<()> {
    let (root, runtime) = (root(of.data.as_deref())?, runtime()?);
    let data = data::ready(&root, &runtime, of.sessions, of.refill)?;
    runtime.block_on(measure(&root, &data))
}

/// Where stores are kept.
fn root(named: Option<&Path>) -> Result<PathBuf> {
    named.map_or_else(|| Ok(target()?.join("bench")), |named| Ok(named.to_owned()))
}

/// One thread drives: it is cheaper than several that hand work to one another.
fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// A number of minutes, and parts of one.
fn minutes(text: &str) -> Result<f64, String> {
    let minutes: f64 = text.parse().map_err(|_| "a number, such as 30 or 0.5".to_owned())?;
    if (0.01..=1_440.0).contains(&minutes) { Ok(minutes) } else { Err("0.01 to 1440 minutes".into()) }
}

/// A number of seconds, and parts of one.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number, such as 1.5".to_owned())?;
    if (0.1..=600.0).contains(&seconds) { Ok(seconds) } else { Err("0.1 to 600 seconds".into()) }
}

/// The build's target directory: this program lies in a folder of it.
fn target() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.parent().and_then(Path::parent);
    Ok(target.context("this program lies in no target directory")?.to_owned())
}
