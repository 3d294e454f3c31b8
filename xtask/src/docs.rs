//! `cargo xtask docs`: the half of docs/reference that is printed from the code.

use crate::step::{self, Failure};
use crate::tools;
use crate::workspace::Workspace;
use std::fs;
use std::path::Path;

/// The packages that have pages, and the example of each that prints them.
const PRINTERS: &[(&str, &str)] = &[("rollcall-http", "print_docs"), ("rollcall", "print_settings")];

/// Prints the pages; with `check` beside the ones that are there, and compares.
pub fn docs(workspace: &Workspace, check: bool) -> Result<(), Failure> {
    tools::need(tools::BUILD)?;
    let reference = workspace.root.join("docs/reference");
    if !check {
        return print(workspace, &reference);
    }
    let printed = workspace.target.join("docs-check");
    let cannot = |error: std::io::Error| Failure::new(format!("cannot use {}: {error}", printed.display()));
    if printed.exists() {
        fs::remove_dir_all(&printed).map_err(cannot)?;
    }
    print(workspace, &printed)?;
    let differ = differences(&printed, &reference).map_err(cannot)?;
    if differ.is_empty() {
        return Ok(());
    }
    let lines: Vec<_> = differ.iter().map(|name| format!("  docs/reference/{name}")).collect();
    Err(Failure::new(format!("not as the code prints them; run `cargo xtask docs`:\n{}", lines.join("\n"))))
}

fn print(workspace: &Workspace, folder: &Path) -> Result<(), Failure> {
    PRINTERS.iter().try_for_each(|(package, example)| {
        let example = ["run", "--quiet", "--locked", "--package", package, "--example", example, "--"];
        step::run(workspace.cargo().args(example).arg(workspace.shown(folder)))
    })
}

/// Names of the printed files that the reference lacks or has otherwise.
fn differences(printed: &Path, reference: &Path) -> std::io::Result<Vec<String>> {
    let mut differ = Vec::new();
    for entry in fs::read_dir(printed)? {
        let entry = entry?;
        if fs::read(entry.path())? != fs::read(reference.join(entry.file_name())).unwrap_or_default() {
            differ.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    differ.sort();
    Ok(differ)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_differ_or_are_missing_are_named() {
        let folder = std::env::temp_dir().join(format!("xtask-docs-{}", std::process::id()));
        let (printed, reference) = (folder.join("printed"), folder.join("reference"));
        for (page, text) in [("same.md", "a"), ("edited.md", "b"), ("new.md", "c")] {
            fs::create_dir_all(&printed).unwrap();
            fs::write(printed.join(page), text).unwrap();
        }
        for (page, text) in [("same.md", "a"), ("edited.md", "B"), ("by-hand.md", "d")] {
            fs::create_dir_all(&reference).unwrap();
            fs::write(reference.join(page), text).unwrap();
        }
        assert_eq!(differences(&printed, &reference).unwrap(), ["edited.md", "new.md"]);
        fs::remove_dir_all(folder).unwrap();
    }
}
