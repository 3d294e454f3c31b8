//! One step after the other: runs a tool, shows what is run, and counts each part's minutes.

use std::fmt;
use std::process::Command;
use std::time::{Duration, Instant};

/// Why the task runner stops, and its exit code.
#[derive(Debug)]
pub struct Failure {
    /// 1: something failed. 2: asked wrongly, or a tool is missing.
    pub code: u8,
    message: String,
}

impl Failure {
    /// Something failed.
    pub fn new(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into() }
    }

    /// Nothing was begun: what was asked cannot be done like this.
    pub fn asked(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Runs a command to its end, its output untouched.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let line = shown(command);
    println!("$ {line}");
    let status = command.status().map_err(|error| Failure::new(format!("`{line}` cannot start: {error}")))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{line}` failed: {status}"))) }
}

/// A command as one would type it; a program's folder is left out.
fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let words = std::iter::once(name).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Parts of a long run, with the time that each took.
#[derive(Default)]
pub struct Parts {
    done: Vec<(&'static str, Duration, bool)>,
}

impl Parts {
    /// Does one part and remembers how long it took and what came of it.
    pub fn part<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        println!("\n=== {name}");
        let start = Instant::now();
        let result = work();
        let took = start.elapsed();
        println!("=== {name}: {} in {:.2} minutes", verdict(result.is_ok()), minutes(took));
        self.done.push((name, took, result.is_ok()));
        result
    }

    /// What took how long.
    pub fn table(&self) -> String {
        let total = self.done.iter().map(|(_, took, _)| *took).sum();
        let good = self.done.iter().all(|(.., good)| *good);
        let rows = self.done.iter().copied().chain([("total", total, good)]);
        let rows: Vec<_> = rows
            .map(|(name, took, good)| format!("{name:<24} {:>7.2}  {}", minutes(took), verdict(good)))
            .collect();
        format!("{:<24} {:>7}\n{}", "part", "minutes", rows.join("\n"))
    }
}

fn verdict(good: bool) -> &'static str {
    if good { "good" } else { "FAILED" }
}

fn minutes(time: Duration) -> f64 {
    time.as_secs_f64() / 60.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_each_part_and_the_total() {
        let parts = Parts {
            done: vec![("one", Duration::from_secs(90), true), ("two", Duration::from_secs(6), false)],
        };
        let words: Vec<Vec<_>> =
            parts.table().lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
        assert_eq!(words[0], ["part", "minutes"]);
        assert_eq!(words[1], ["one", "1.50", "good"]);
        assert_eq!(words[2], ["two", "0.10", "FAILED"]);
        assert_eq!(words[3], ["total", "1.60", "FAILED"]);
    }

    fn step_no() -> Result<(), Failure> {
        Err(Failure::new("no"))
    }

    #[test]
    fn a_failed_part_is_remembered_and_handed_on() {
        let mut parts = Parts::default();
        assert!(parts.part("good", || Ok(())).is_ok());
        assert!(parts.part("bad", step_no).is_err());
        assert_eq!(
            parts.done.iter().map(|(name, _, good)| (*name, *good)).collect::<Vec<_>>(),
            [("good", true), ("bad", false)]
        );
    }

    #[test]
    fn a_command_is_shown_as_typed() {
        assert_eq!(shown(Command::new("/opt/rust/bin/cargo").args(["fmt", "--all"])), "cargo fmt --all");
    }

    #[test]
    fn a_failing_command_and_a_missing_one_are_failures() {
        assert!(run(&mut Command::new("true")).is_ok());
        assert!(run(&mut Command::new("false")).unwrap_err().to_string().contains("`false` failed"));
        assert!(
            run(&mut Command::new("no-such-program-here")).unwrap_err().to_string().contains("cannot start")
        );
    }
}
