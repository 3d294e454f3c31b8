//! Rules about the text of one file.

use super::{File, Finding};

/// A file with more lines holds a second idea.
const LINES_MAX: usize = 600;

const RULES: &[fn(&File) -> Vec<Finding>] =
    &[first_line, length, silenced, skipped_test, one_machine, white_space, web_framework, sql];

pub fn findings(file: &File) -> Vec<Finding> {
    RULES.iter().flat_map(|rule| rule(file)).collect()
}

/// A Rust file says what it is for, first of all.
fn first_line(file: &File) -> Vec<Finding> {
    if !file.is("rs") || file.text.starts_with("//!") {
        return vec![];
    }
    vec![file.finding(1, "no module doc; the first line should be `//! ` and the file's purpose")]
}

fn length(file: &File) -> Vec<Finding> {
    let lines = file.text.lines().count();
    if !file.is("rs") || lines <= LINES_MAX {
        return vec![];
    }
    vec![file.finding(
        LINES_MAX + 1,
        format!("{lines} lines; at {LINES_MAX} the second idea should get its own file"),
    )]
}

/// A silenced lint stays silent when its reason is gone.
fn silenced(file: &File) -> Vec<Finding> {
    let what = format!(
        "`{}`; `#[expect(…, reason = \"…\")]` says why, and tells when it is not needed any more",
        attribute("allow(…)")
    );
    attributes(
        file,
        |line| line.contains("[allow(") || (line.contains("cfg_attr(") && line.contains(" allow(")),
        &what,
    )
}

/// A test that nobody runs.
fn skipped_test(file: &File) -> Vec<Finding> {
    let what = format!("`{}`; a test should run always, or go", attribute("ignore"));
    let skips =
        |line: &str| line.contains("[ignore") || (line.contains("cfg_attr(") && line.contains(" ignore"));
    attributes(file, skips, &what)
}

fn attribute(inner: &str) -> String {
    format!("#[{inner}]")
}

fn attributes(file: &File, wrong: impl Fn(&str) -> bool, what: &str) -> Vec<Finding> {
    if !file.is("rs") {
        return vec![];
    }
    let is_attribute =
        |line: &str| line.trim_start().starts_with("#[") || line.trim_start().starts_with("#![");
    lines_where(file, |line| is_attribute(line) && wrong(line), what)
}

/// Paths and hosts of one machine mean nothing on another.
fn one_machine(file: &File) -> Vec<Finding> {
    // In two halves, so that this file names none.
    let folders = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];
    let names = |line: &str| {
        line.to_lowercase().contains(concat!("artif", "actory"))
            || folders.iter().any(|folder| has_path(line, folder))
    };
    lines_where(
        file,
        names,
        "names a path or a host of one machine; use a relative path, or an environment variable",
    )
}

/// Whether the line has the folder at the beginning of a path.
fn has_path(line: &str, folder: &str) -> bool {
    let inside =
        |before: char| before.is_alphanumeric() || matches!(before, '.' | '-' | '_' | '}' | '/' | '~');
    line.match_indices(folder).any(|(at, _)| !line[..at].ends_with(inside))
}

fn white_space(file: &File) -> Vec<Finding> {
    lines_where(
        file,
        |line| line.ends_with([' ', '\t', '\r']),
        "white space at the end of the line; there should be none",
    )
}

/// What passes the guard need not have come by HTTP.
fn web_framework(file: &File) -> Vec<Finding> {
    if !file.path.starts_with("crates/http/src/guard/") {
        return vec![];
    }
    let what = "the guard names axum; translate in crates/http/src/app.rs, so that other wires can pass the same guard";
    lines_where(file, |line| line.contains("axum"), what)
}

/// Above the store nobody knows SQL.
fn sql(file: &File) -> Vec<Finding> {
    let manifest = file.path.starts_with("crates/") && file.is("toml");
    // The bench asks other databases what our index is asked.
    let rooms = [
        "crates/store-sqlite/",
        "crates/store-postgres/",
        "crates/faulty-vfs/",
        "crates/testkit/src/postgres.rs",
        "bench/src/anchors/",
    ];
    if rooms.iter().any(|room| file.path.starts_with(room)) || !(file.is("rs") || file.is("sql") || manifest)
    {
        return vec![];
    }
    let what = "SQL, or the engine's crate; both belong into crates/store-sqlite or store-postgres, behind the trait `Store`";
    let speaks = |line: &str| !line.trim_start().starts_with("//") && speaks_sql(line);
    lines_where(file, speaks, what)
}

fn speaks_sql(line: &str) -> bool {
    let statement = |first: &str, second: &str| {
        let rest = line.split_once(&format!("{first} ")).map(|(_, rest)| rest);
        rest.is_some_and(|rest| {
            second.is_empty()
                || rest.starts_with(&format!("{second} "))
                || rest.contains(&format!(" {second} "))
        })
    };
    let statements = [
        ("SELECT", "FROM"),
        ("INSERT", "INTO"),
        ("UPDATE", "SET"),
        ("DELETE", "FROM"),
        ("CREATE", "TABLE"),
        ("PRAGMA", ""),
    ];
    // The bare name may be a word in a text.
    [concat!("rusq", "lite::"), concat!("use rusq", "lite"), concat!("rusq", "lite.")]
        .iter()
        .any(|name| line.contains(name))
        || statements.iter().any(|(first, second)| statement(first, second))
}

fn lines_where(file: &File, wrong: impl Fn(&str) -> bool, what: &str) -> Vec<Finding> {
    let lines = file.text.split('\n').enumerate().filter(|(_, line)| wrong(line));
    lines.map(|(number, _)| file.finding(number + 1, what)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    /// The lines at which a rule finds something.
    fn found(rule: fn(&File) -> Vec<Finding>, path: &str, text: &str) -> Vec<usize> {
        rule(&file(path, text)).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_finding_names_file_and_line_what_is_wrong_and_what_would_be_right() {
        let findings = findings(&file("a.rs", "//! A.\nlet a = 1; \n"));
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].to_string(),
            "a.rs:2: white space at the end of the line; there should be none"
        );
    }

    #[test]
    fn a_rust_file_begins_with_its_purpose() {
        assert_eq!(found(first_line, "a.rs", "//! A.\n"), [0; 0]);
        assert_eq!(found(first_line, "a.md", "# A\n"), [0; 0]);
        for text in ["", "\n//! A.\n", "// A.\n", "use std::fs;\n"] {
            assert_eq!(found(first_line, "a.rs", text), [1], "{text}");
        }
    }

    #[test]
    fn a_long_file_is_found() {
        assert_eq!(found(length, "a.rs", &"\n".repeat(600)), [0; 0]);
        assert_eq!(found(length, "a.rs", &"\n".repeat(601)), [601]);
        assert_eq!(found(length, "a.json", &"\n".repeat(601)), [0; 0]);
    }

    #[test]
    fn silenced_lints_are_found() {
        let silence =
            ["    #[al", "low(dead_code)]\n#![al", "low(missing_docs)]\n#[cfg_attr(test, al", "low(x))]\n"]
                .concat();
        assert_eq!(found(silenced, "a.rs", &silence), [1, 2, 3]);
        assert_eq!(found(silenced, "a.rs", "#[expect(dead_code, reason = \"r\")]\nfn allow() {}\n"), [0; 0]);
    }

    #[test]
    fn skipped_tests_are_found() {
        let skip =
            ["#[test]\n#[ign", "ore]\n#[ign", "ore = \"slow\"]\n#[cfg_attr(miri, ign", "ore)]\n"].concat();
        assert_eq!(found(skipped_test, "a.rs", &skip), [2, 3, 4]);
        assert_eq!(found(skipped_test, "a.rs", "#[test]\nfn a_line_to_ignore() {}\n"), [0; 0]);
    }

    #[test]
    fn traces_of_one_machine_are_found() {
        let (one, other) = (["/wo", "rk/main"].concat(), ["/ro", "ot/.cargo"].concat());
        let host = ["https://Artif", "actory.example/npm"].concat();
        let text = format!("cd {one}\nHOME=\"{other}\"\n{host}\n");
        assert_eq!(found(one_machine, "a.md", &text), [1, 2, 3]);
        assert_eq!(
            found(one_machine, "a.md", &format!("docs{one} target{other} https://example.com{one}\n")),
            [0; 0]
        );
    }

    #[test]
    fn white_space_at_the_end_is_found() {
        assert_eq!(found(white_space, "a.md", "a\nb \nc\t\n\r\n \n"), [2, 3, 4, 5]);
    }

    #[test]
    fn the_guard_knows_no_web_framework() {
        let text = "//! A stage.\nuse axum::http::StatusCode;\n";
        assert_eq!(found(web_framework, "crates/http/src/guard/admit.rs", text), [2]);
        assert_eq!(found(web_framework, "crates/http/src/app.rs", text), [0; 0]);
    }

    #[test]
    fn sql_is_found_outside_its_crate() {
        // In pieces, so that this file speaks none.
        let text = [
            "query(\"SELECT",
            " a FROM b\")\n\"INSERT",
            " INTO a VALUES (1)\"\n\"PRAGMA",
            " synchronous\"\nuse rusq",
            "lite::Connection;\n\"UPDATE",
            " a SET b = 1\"\n",
        ]
        .concat();
        assert_eq!(found(sql, "crates/service/src/a.rs", &text), [1, 2, 3, 4, 5]);
        assert_eq!(found(sql, "crates/store-sqlite/src/a.rs", &text), [0; 0]);
        assert_eq!(found(sql, "docs/a.md", &text), [0; 0]);
        assert_eq!(found(sql, "crates/model/Cargo.toml", &["rusq", "lite.workspace = true\n"].concat()), [1]);
        let no_statement =
            ["names(\"rusq", "lite\")\n// SELECT", " one FROM the list\nselect(\"UPDATE\", \"DELETE\")\n"]
                .concat();
        assert_eq!(found(sql, "a.rs", &no_statement), [0; 0]);
    }
}
