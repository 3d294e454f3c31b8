//! `cargo xtask bench`: the bench's own program, in release.

use crate::step::{self, Failure};
use crate::tools;
use crate::workspace::Workspace;

const PACKAGE: &str = "rollcall-bench";

/// Measures; the arguments are the bench's own.
pub fn bench(workspace: &Workspace, arguments: &[String]) -> Result<(), Failure> {
    if !is_there(workspace) {
        return Err(Failure::new(format!("the workspace has no package {PACKAGE}")));
    }
    tools::need(tools::BUILD)?;
    step::run(
        workspace.cargo().args(["run", "--release", "--locked", "--package", PACKAGE, "--"]).args(arguments),
    )
}

/// Whether there is something to measure with.
pub fn is_there(workspace: &Workspace) -> bool {
    workspace.packages.iter().any(|package| package.name == PACKAGE)
}
