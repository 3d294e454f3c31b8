//! `cargo xtask fuzz`: the package in `fuzz/` with coverage counted, one target after the other.
//!
//! Any toolchain will do: the compiler's passes for coverage need no sanitizer, and libFuzzer is compiled
//! from its crate. What is learnt stays under `target/fuzz`; what is found is kept there until it is a seed.

use crate::step::{self, Failure};
use crate::tools;
use crate::workspace::Workspace;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PACKAGE: &str = "rollcall-fuzz";

/// The targets, and how long an input of each may be: somewhat longer than the wire lets in.
pub const TARGETS: &[(&str, u32)] = &[
    ("user_agent", 2_048),
    ("v1_filter", 400),
    ("filter_tree", 1_024),
    ("query_string", 2_048),
    ("login_body", 4_096),
    ("ddp_frames", 4_096),
    ("method_call", 4_096),
];

/// Edges, counted in bytes of their own, and what comparisons compared.
const COVERAGE: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];
/// An input that takes longer is a finding: nothing here is allowed to be slow.
const SECONDS_PER_INPUT: u32 = 5;
/// Memory that is a finding.
const MEBIBYTES: u32 = 1_024;

/// Fuzzes each target for so many minutes.
pub fn fuzz(workspace: &Workspace, minutes: u32, target: Option<&str>) -> Result<(), Failure> {
    tools::need(tools::FUZZ)?;
    let folder = workspace.target.join("fuzz");
    let built = build(workspace, &folder)?;
    let targets = TARGETS.iter().filter(|(name, _)| target.is_none_or(|target| target == *name));
    let mut runs = Vec::new();
    for (name, bytes) in targets {
        println!("{name}: {minutes} min, its log is {}", workspace.shown(&log(&folder, name)));
        runs.push(run(workspace, &folder, &built.join(name), name, *bytes, minutes)?);
    }
    println!("\n{}", table(&runs));
    let found: Vec<_> = runs.iter().flat_map(|run| &run.found).map(|path| workspace.shown(path)).collect();
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "something was found; mend it, and copy what shows it to fuzz/seeds:\n  {}",
        found.join("\n  ")
    )))
}

/// Builds all targets, and gives the folder that they are in.
fn build(workspace: &Workspace, folder: &Path) -> Result<PathBuf, Failure> {
    let host = host(workspace)?;
    let own = std::env::var("RUSTFLAGS").unwrap_or_default();
    let flags: Vec<_> = own.split_whitespace().chain(COVERAGE.iter().copied()).collect();
    let mut cargo = workspace.cargo();
    // A target of its own keeps what runs while building free of counters.
    cargo
        .args(["build", "--locked", "--package", PACKAGE, "--features", "fuzzer", "--profile", "fuzz"])
        .args(["--bins", "--target", &host, "--target-dir"])
        .arg(folder)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    step::run(&mut cargo)?;
    Ok(folder.join(host).join("fuzz"))
}

fn host(workspace: &Workspace) -> Result<String, Failure> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = workspace.command(rustc).arg("-vV").output();
    let output = output.map_err(|error| Failure::new(format!("rustc cannot start: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Failure::new("`rustc -vV` names no host"))
}

/// What came of one target.
#[derive(Debug, Default, PartialEq, Eq)]
struct Run {
    name: String,
    executions: u64,
    per_second: u64,
    new_paths: u64,
    found: Vec<PathBuf>,
}

fn run(
    workspace: &Workspace,
    folder: &Path,
    binary: &Path,
    name: &str,
    bytes: u32,
    minutes: u32,
) -> Result<Run, Failure> {
    let (corpus, findings) = (folder.join("corpus").join(name), folder.join("findings").join(name));
    let cannot = |error: std::io::Error| Failure::new(format!("{name} cannot be fuzzed: {error}"));
    fs::create_dir_all(&corpus).map_err(cannot)?;
    fs::create_dir_all(&findings).map_err(cannot)?;
    let before = files(&findings).map_err(cannot)?;
    let status = Command::new(binary)
        .args([
            format!("-max_total_time={}", minutes * 60),
            format!("-max_len={bytes}"),
            format!("-timeout={SECONDS_PER_INPUT}"),
            format!("-rss_limit_mb={MEBIBYTES}"),
            format!("-artifact_prefix={}/", findings.display()),
            "-print_final_stats=1".into(),
        ])
        .args([&corpus, &workspace.root.join("fuzz/seeds").join(name)])
        .current_dir(&workspace.root)
        .stdout(Stdio::null())
        .stderr(File::create(log(folder, name)).map_err(cannot)?)
        .status()
        .map_err(cannot)?;
    let said = fs::read(log(folder, name)).map_err(cannot)?;
    let mut run = read(name, &String::from_utf8_lossy(&said));
    run.found = files(&findings).map_err(cannot)?;
    run.found.retain(|path| !before.contains(path));
    if !status.success() && run.found.is_empty() {
        let log = workspace.shown(&self::log(folder, name));
        return Err(Failure::new(format!(
            "{name} ended with {status}, and nothing to show for it: see {log}"
        )));
    }
    Ok(run)
}

fn log(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.log"))
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

/// The figures out of the fuzzer's last words.
fn read(name: &str, log: &str) -> Run {
    let figure = |key: &str| {
        let line = log.lines().rev().find_map(|line| line.strip_prefix(&format!("stat::{key}:")));
        line.and_then(|figure| figure.trim().parse().ok()).unwrap_or(0)
    };
    Run {
        name: name.into(),
        executions: figure("number_of_executed_units"),
        per_second: figure("average_exec_per_sec"),
        new_paths: figure("new_units_added"),
        found: Vec::new(),
    }
}

fn table(runs: &[Run]) -> String {
    let head =
        format!("{:<14} {:>12} {:>8} {:>10} {:>6}", "target", "executions", "exec/s", "new paths", "found");
    let rows = runs.iter().map(|run| {
        let Run { name, executions, per_second, new_paths, found } = run;
        format!("{name:<14} {executions:>12} {per_second:>8} {new_paths:>10} {:>6}", found.len())
    });
    std::iter::once(head).chain(rows).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "#2 INITED cov: 12\nstat::number_of_executed_units: 4821\n\
                       stat::average_exec_per_sec:     160\nstat::new_units_added:          17\n";

    #[test]
    fn figures_are_read_from_the_last_words() {
        let run = read("login_body", LOG);
        assert_eq!((run.executions, run.per_second, run.new_paths), (4_821, 160, 17));
        assert_eq!(read("login_body", "killed").executions, 0);
        let table = table(&[run]);
        let row: Vec<_> = table.lines().nth(1).unwrap_or_default().split_whitespace().collect();
        assert_eq!(row, ["login_body", "4821", "160", "17", "0"]);
    }

    #[test]
    fn every_target_has_its_line_its_file_and_its_seeds() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
        let names = |path: &str| {
            let mut names: Vec<_> = files(&folder.join(path))
                .unwrap()
                .iter()
                .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
                .collect();
            names.sort();
            names
        };
        let mut listed: Vec<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
        listed.sort();
        assert_eq!(names("targets"), listed);
        assert_eq!(names("seeds"), listed);
    }
}
