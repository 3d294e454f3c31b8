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
    tools::need(if is_with_sql(arguments) { tools::BENCH } else { tools::BUILD })?;
    step::run(
        workspace.cargo().args(["run", "--release", "--locked", "--package", PACKAGE, "--"]).args(arguments),
    )
}

/// Whether other databases are measured beside ours: in the main run only, unless it is told not to.
fn is_with_sql(arguments: &[String]) -> bool {
    let is_main = arguments.first().is_none_or(|first| first.starts_with('-'));
    is_main && !arguments.iter().any(|argument| ["--without-sql", "--help", "-h"].contains(&&**argument))
}

/// Whether there is something to measure with.
pub fn is_there(workspace: &Workspace) -> bool {
    workspace.packages.iter().any(|package| package.name == PACKAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgresql_is_asked_for_only_where_it_is_measured() {
        for (arguments, with_sql) in [
            ("", true),
            ("--quick --only filter", true),
            ("--quick --without-sql", false),
            ("--help", false),
            ("sockets", false),
        ] {
            let arguments: Vec<String> = arguments.split_whitespace().map(String::from).collect();
            assert_eq!(is_with_sql(&arguments), with_sql, "{arguments:?}");
        }
    }
}
