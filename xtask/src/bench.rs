//! `cargo xtask bench`: the bench's own program, in release.

use crate::step::{self, Failure};
use crate::tools;
use crate::workspace::Workspace;

const PACKAGE: &str = "rollcall-bench";

/// Measures; the arguments are the bench's own.
pub fn bench(workspace: &Workspace, arguments: &[String]) -> Result<(), Failure> {
    tools::need(if is_with_sql(arguments) { tools::BENCH } else { tools::BUILD })?;
    step::run(
        workspace.cargo().args(["run", "--release", "--locked", "--package", PACKAGE, "--"]).args(arguments),
    )
}

/// What shows that the bench works, not how fast anything is: small, and of the build that the tests have made already.
const SMOKE: &[&[&str]] = &[
    &["--quick", "--without-sql", "--sessions", "2000"],
    &["api", "--sessions", "2000", "--rounds", "1", "--seconds", "0.2", "--ended", "500", "--streams", "20"],
    &["as-of", "--sessions", "2000", "--rounds", "1", "--seconds", "0.2"],
    &["commits", "--engine", "sqlite", "--rounds", "1", "--seconds", "0.2"],
];

/// Runs each part of the bench, roughly.
pub fn smoke(workspace: &Workspace) -> Result<(), Failure> {
    SMOKE.iter().try_for_each(|arguments| {
        let run = ["run", "--locked", "--package", PACKAGE, "--"];
        step::run(workspace.cargo().args(run).args(*arguments))
    })
}

/// Whether other databases are measured beside ours: in the main run only, unless it is told not to.
fn is_with_sql(arguments: &[String]) -> bool {
    let is_main = arguments.first().is_none_or(|first| first.starts_with('-'));
    is_main && !arguments.iter().any(|argument| ["--without-sql", "--help", "-h"].contains(&&**argument))
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
