//! `cargo xtask test`: all that CI checks, in the order of what fails soonest.

use crate::step::{self, Failure, Parts};
use crate::web::Pages;
use crate::workspace::{Build, Workspace};
use crate::{bench, clients, lint, tools};

/// Runs every part until one fails; the times of those that ran are told in any case.
pub fn test(workspace: &Workspace, quick: bool) -> Result<(), Failure> {
    let mut parts = Parts::default();
    let result = if quick { source(workspace, &mut parts) } else { everything(workspace, &mut parts) };
    println!("\n{}", parts.table());
    result
}

/// The source, and all tests that cargo runs.
fn source(workspace: &Workspace, parts: &mut Parts) -> Result<(), Failure> {
    parts.part("tools", || tools::need(tools::QUICK))?;
    lint::source(workspace, parts)?;
    cargo_test(workspace, parts)
}

/// The same and the console; then the binary with the console in it, used by published clients, a page and a browser. All of
/// it is the debug build, which the tests have made already: a release build tells nothing more, and takes as long as they do.
fn everything(workspace: &Workspace, parts: &mut Parts) -> Result<(), Failure> {
    parts.part("tools", || tools::need(tools::TEST))?;
    // Before the console: the source has to be right without it.
    lint::source(workspace, parts)?;
    let pages = Pages::of(workspace);
    pages.build(parts)?;
    pages.check(parts)?;
    cargo_test(workspace, parts)?;
    let binary = parts.part("debug build", || workspace.build_server(Build::Debug))?;
    clients::drive_all(workspace, parts, &binary)?;
    parts.part("console in Chromium", || pages.drive(&binary, "tests"))?;
    parts.part("bench", || bench::smoke(workspace))
}

fn cargo_test(workspace: &Workspace, parts: &mut Parts) -> Result<(), Failure> {
    let test = ["test", "--workspace", "--locked"];
    parts.part("cargo test", || step::run(workspace.cargo().args(test)))?;
    // What a client meets is the same on both engines, and so is what survives.
    parts.part("behaviour on PostgreSQL", || {
        [vec!["--test", "it"], vec!["--test", "process", "--", "every_answer_survives"]].iter().try_for_each(
            |which| {
                let mut command = workspace.cargo();
                step::run(command.args(test).args(which).env("ROLLCALL_TEST_STORE", "postgres"))
            },
        )
    })
}
