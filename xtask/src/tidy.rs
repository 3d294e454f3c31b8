//! `cargo xtask tidy`: the house rules that no other tool knows.
//!
//! Each rule is a small function from what it reads to what it found: file and line, what is wrong, and what
//! would be right. What it reads are the files that Git has or would take, and the workspace's graph.

mod arrows;
mod endpoints;
mod lines;

use crate::step::Failure;
use crate::tools::{self, Tool};
use crate::workspace::Workspace;
use std::fmt;
use std::path::Path;

/// What the fuzzer is fed with may break any rule.
const SEEDS: &str = "fuzz/seeds/";

/// A text file of the project.
struct File {
    /// Its path under the root.
    path: String,
    text: String,
}

/// A place that breaks a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl File {
    fn is(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|of_it| of_it == extension)
    }

    /// A finding at a line, counted from 1.
    fn finding(&self, line: usize, what: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// Prints what breaks a rule; a failure when anything does.
pub fn tidy(workspace: &Workspace) -> Result<(), Failure> {
    tools::need(&[Tool::Git])?;
    let files = files(workspace)?;
    let mut findings = arrows::findings(&workspace.packages);
    findings.extend(endpoints::findings(&files));
    findings.extend(files.iter().flat_map(lines::findings));
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        println!("tidy: {} files, {} packages", files.len(), workspace.packages.len());
        return Ok(());
    }
    Err(Failure::new(format!("tidy: {} places break a rule of the house", findings.len())))
}

/// The text files that Git has, and those that it would take.
fn files(workspace: &Workspace) -> Result<Vec<File>, Failure> {
    let output = workspace
        .command("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .map_err(|error| Failure::new(format!("git cannot start: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!("git does not list the project's files: {}", said.trim())));
    }
    let paths = String::from_utf8_lossy(&output.stdout);
    let paths = paths.split('\0').filter(|path| !path.is_empty() && !path.starts_with(SEEDS));
    // What is deleted but not yet committed cannot be read, nor can what is no text.
    let file = |path: &str| {
        let text = std::fs::read_to_string(workspace.root.join(path)).ok()?;
        Some(File { path: path.into(), text })
    };
    Ok(paths.filter_map(file).collect())
}

#[cfg(test)]
fn file(path: &str, text: &str) -> File {
    File { path: path.into(), text: text.into() }
}
