//! `cargo xtask test`: all that CI checks, in the order of what fails soonest.

use crate::step::{self, Failure, Parts};
use crate::workspace::{Build, Workspace};
use crate::{bench, clients, lint, tools};

/// Runs every part until one fails; the times of those that ran are told in any case.
pub fn test(workspace: &Workspace, quick: bool) -> Result<(), Failure> {
    let mut parts = Parts::default();
    let result = source(workspace, &mut parts, quick)
        .and_then(|()| if quick { Ok(()) } else { release(workspace, &mut parts) });
    println!("\n{}", parts.table());
    result
}

/// The source, and all tests that cargo runs.
fn source(workspace: &Workspace, parts: &mut Parts, quick: bool) -> Result<(), Failure> {
    parts.part("tools", || tools::need(if quick { tools::QUICK } else { tools::TEST }))?;
    lint::source(workspace, parts)?;
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

/// The release binary: published clients against it and a page, the types of its answers, and its speed.
fn release(workspace: &Workspace, parts: &mut Parts) -> Result<(), Failure> {
    let binary = parts.part("release build", || workspace.build_server(Build::Release))?;
    clients::drive_all(workspace, parts, &binary)?;
    if bench::is_there(workspace) {
        // Without other databases: what is to be shown is that the bench works.
        let arguments = ["--quick", "--without-sql"].map(String::from);
        return parts.part("bench", || bench::bench(workspace, &arguments));
    }
    println!("\nno bench package in the workspace yet: left out");
    Ok(())
}
