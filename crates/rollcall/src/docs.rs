//! What is printed from the table of settings: the help of `serve`, and a page of docs/reference, which a
//! test compares with the table.

use crate::config::Loaded;
use std::fmt::Write;

const HEAD: &str = "\
<!-- Printed from the code by `cargo xtask docs`; edits here are lost. -->

# Settings

What an operator can set. Limits that are not listed here are fixed; they stand in \
`crates/model/src/limits.rs`. Files of the data directory, the first start and the log: [running.md](running.md). \
What the limits do: [sign-in.md](sign-in.md#failure-limits), [rest.md](rest.md#rate-limit), [step-up.md](step-up.md).

## How to set

A setting has a name, `section.key`. It is taken from these places; a later one wins:

1. the default;
2. the file that `--config FILE` names, else the variable `ROLLCALL_CONFIG`: TOML, with a table for each section;
3. the environment: `ROLLCALL__SECTION__KEY`;
4. a flag: `--set section.key=value`, as often as needed; `rollcall serve` also has `--data-dir`, `--store`, `--listen` and `--key-file`, which win over `--set`.

| | in the file | in the environment | as a flag |
|---|---|---|---|
| text, duration | `lifetime = \"90d\"` | `ROLLCALL__SESSIONS__LIFETIME=90d` | `--set sessions.lifetime=90d` |
| number | `calls = 10` | `ROLLCALL__LIMITS__CALLS=10` | `--set limits.calls=10` |
| list | `trusted = [\"10.0.0.0/8\", \"fd00::1\"]` | `ROLLCALL__PROXIES__TRUSTED=10.0.0.0/8,fd00::1` | `--set proxies.trusted=10.0.0.0/8,fd00::1` |

- A duration is a whole number and one unit: `s`, `m`, `h` or `d`.
- In the environment and in flags, spaces around a value do not count, and an empty list is an empty text.
- A name that is not known, a value of another type and a value out of its range keep the server from starting. Each fault of all places is told at once: file, line and column, or the variable or flag; what would be right; for a name, the nearest that there is. The exit code is 2.
- A path that does not begin with `/` counts from the working directory.
- A value is checked also where a later place wins over it.
- Settings are read at the start. A change needs a restart.

`rollcall config check` says whether file, environment and flags are good, and what in them is not as by default. `rollcall config print` prints all settings in force as a file with comments; with `--defaults` those that nothing was done to, with `--json` for programs. Both end with 0, or with 2 when the settings are not good.
";

/// The printed pages: file name and text.
pub fn pages() -> Vec<(&'static str, String)> {
    vec![("settings.md", settings())]
}

/// The settings, for the command's help.
pub fn help() -> String {
    let mut text = "Settings, by --config FILE, by environment, or by --set; the later wins:\n".to_owned();
    for effective in Loaded::default().each() {
        let setting = effective.setting;
        let _ = write!(
            text,
            "\n  {} (default: {})\n      {}.\n      A {}.\n      {}\n",
            setting.name,
            effective.default_toml(),
            setting.meaning,
            setting.values(),
            setting.variable()
        );
    }
    text
}

fn settings() -> String {
    let (mut page, mut section) = (HEAD.to_owned(), "");
    for effective in Loaded::default().each() {
        let setting = effective.setting;
        if setting.section() != section {
            section = setting.section();
            let _ = write!(
                page,
                "\n## {section}\n\n| key | default | value | meaning | variable |\n|---|---|---|---|---|\n"
            );
        }
        let default = effective.default_toml();
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | `{}` |",
            setting.key(),
            if default.starts_with("not") { default } else { format!("`{default}`") },
            setting.values(),
            setting.meaning,
            setting.variable()
        );
    }
    page
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_printed_pages_are_as_the_code_says() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
        for (name, text) in super::pages() {
            let printed = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
            assert_eq!(printed, text, "{name}: run `cargo xtask docs`");
        }
    }
}
