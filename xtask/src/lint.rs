//! `cargo xtask lint` and `fmt`: the tools that read the source.

use crate::step::{self, Failure, Parts};
use crate::workspace::Workspace;
use crate::{tidy, tools};
use std::env;
use std::ffi::OsString;
use std::process::Command;

/// A checker from crates.io that is installed when it is first asked for.
struct Checker {
    part: &'static str,
    package: &'static str,
    version: &'static str,
    binary: &'static str,
    arguments: &'static [&'static str],
}

/// Advisories are left out: their database is a Git repository, and a clean checkout needs none.
const CHECKERS: &[Checker] = &[
    Checker {
        part: "licences, bans, sources",
        package: "cargo-deny",
        version: "0.20.2",
        binary: "cargo-deny",
        arguments: &["check", "licenses", "bans", "sources"],
    },
    // From 1.13 on its locked crates ask for a newer Rust than ours.
    Checker {
        part: "unused crates",
        package: "cargo-shear",
        version: "1.12.4",
        binary: "cargo-shear",
        arguments: &[],
    },
    Checker { part: "spelling", package: "typos-cli", version: "1.52.0", binary: "typos", arguments: &[] },
];

/// Format, clippy, tidy; with `all` the checkers too.
pub fn lint(workspace: &Workspace, all: bool) -> Result<(), Failure> {
    tools::need(tools::LINT)?;
    let mut parts = Parts::default();
    let result = source(workspace, &mut parts).and_then(|()| {
        let checkers = if all { CHECKERS } else { &[] };
        checkers.iter().try_for_each(|checker| parts.part(checker.part, || checker.check(workspace)))
    });
    println!("\n{}", parts.table());
    result
}

/// The parts that every test run has.
pub fn source(workspace: &Workspace, parts: &mut Parts) -> Result<(), Failure> {
    parts.part("format", || step::run(workspace.cargo().args(["fmt", "--all", "--check"])))?;
    parts.part("clippy", || {
        let clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
        step::run(workspace.cargo().args(clippy))
    })?;
    parts.part("tidy", || tidy::tidy(workspace))
}

/// Formats the code.
pub fn format(workspace: &Workspace) -> Result<(), Failure> {
    tools::need(&[tools::Tool::Rustfmt])?;
    step::run(workspace.cargo().args(["fmt", "--all"]))
}

impl Checker {
    fn check(&self, workspace: &Workspace) -> Result<(), Failure> {
        let folder = workspace.target.join("tools");
        let own = folder.join("bin").join(self.binary);
        if !own.exists() && tools::is_there(self.binary) {
            return step::run(workspace.command(self.binary).args(self.arguments));
        }
        if !own.exists() {
            println!("{} is not here yet: some minutes", self.package);
            let mut install = self.install(workspace);
            step::run(install.arg("--root").arg(&folder))?;
        }
        step::run(workspace.command(own).args(self.arguments))
    }

    fn install(&self, workspace: &Workspace) -> Command {
        let mut cargo = workspace.cargo();
        cargo.args(["install", "--locked", self.package, "--version", self.version]);
        // What `cargo run` says of this package is not true of that one.
        let ours = env::vars_os().map(|(name, _)| name).filter(is_of_this_package);
        ours.for_each(|name| {
            cargo.env_remove(name);
        });
        cargo
    }
}

fn is_of_this_package(name: &OsString) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}
