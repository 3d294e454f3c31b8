//! What must be installed: looks for it, installs what Debian has where it may, and names the rest all at once.

use crate::step::{self, Failure};
use std::io::Write;
use std::process::{Command, Stdio};

/// A program that a command calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    CCompiler,
    CppCompiler,
    Git,
    Node,
    Npm,
    /// With what makes environments of its own.
    Python,
    /// Chromium, or Chrome.
    Chromium,
    /// Wanted, not needed: the clients' driver does without.
    Curl,
    /// A server of it, with its trigram index.
    PostgreSql,
    Rustfmt,
    Clippy,
}

/// To build: the store's engine is compiled from its source.
pub const BUILD: &[Tool] = &[Tool::CCompiler];
/// To build the console's pages, and the server with them.
pub const WEB: &[Tool] = &[Tool::CCompiler, Tool::Node, Tool::Npm];
/// To measure, other databases beside ours.
pub const BENCH: &[Tool] = &[Tool::CCompiler, Tool::PostgreSql];
/// To fuzz: the fuzzer is C++.
pub const FUZZ: &[Tool] = &[Tool::CCompiler, Tool::CppCompiler];
/// To look at the source.
pub const LINT: &[Tool] = &[Tool::CCompiler, Tool::Git, Tool::Rustfmt, Tool::Clippy];
/// To let published clients and a browser's page at the server.
pub const CLIENTS: &[Tool] =
    &[Tool::CCompiler, Tool::Node, Tool::Npm, Tool::Python, Tool::Chromium, Tool::Curl];
/// To test everything.
pub const TEST: &[Tool] = &[
    Tool::CCompiler,
    Tool::Git,
    Tool::Rustfmt,
    Tool::Clippy,
    Tool::Node,
    Tool::Npm,
    Tool::Python,
    Tool::Chromium,
    Tool::Curl,
    Tool::PostgreSql,
];
/// To look at the source, and to run the tests that cargo runs.
pub const QUICK: &[Tool] = &[Tool::CCompiler, Tool::Git, Tool::Rustfmt, Tool::Clippy, Tool::PostgreSql];

/// The oldest node that the published clients run on.
const NODE_MAJOR_MIN: u32 = 20;
/// Looks whether this Python can make environments, and is not older than what the published client stands on.
const PYTHON: &str = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))";
/// What Chromium is called here and there; the page's driver does with any.
const CHROMIUMS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// Who may install Debian packages here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packages {
    AsRoot,
    BySudo,
    No,
}

/// What to do about tools that are not there.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    packages: Vec<&'static str>,
    sudo: bool,
    /// What a person has to install.
    by_hand: Vec<&'static str>,
}

/// Makes sure that the tools are there, or says what is missing.
pub fn need(tools: &[Tool]) -> Result<(), Failure> {
    let missing = missing(tools);
    if missing.is_empty() {
        return Ok(());
    }
    let first = plan(&missing, packages());
    if first.packages.is_empty() {
        return refuse(&first.by_hand);
    }
    install(&first)?;
    // A package may hold a version that is too old: what is still missing is for a person.
    refuse(&plan(&self::missing(tools), Packages::No).by_hand)
}

/// The name of the Chromium that is here.
pub fn chromium() -> Option<&'static str> {
    CHROMIUMS.iter().copied().find(|program| is_there(program))
}

/// Whether a program is there and runs.
pub fn is_there(program: &str) -> bool {
    answer(program, &["--version"]).is_some()
}

fn plan(missing: &[Tool], packages: Packages) -> Plan {
    let mut plan = Plan { sudo: packages == Packages::BySudo, ..Plan::default() };
    for tool in missing {
        let (debian, by_hand) = tool.sources();
        if packages != Packages::No && !debian.is_empty() {
            plan.packages.extend(debian);
        } else if *tool != Tool::Curl {
            plan.by_hand.push(by_hand);
        }
    }
    plan
}

impl Tool {
    /// Its Debian packages, and what to tell a person elsewhere.
    const fn sources(self) -> (&'static [&'static str], &'static str) {
        match self {
            Self::CCompiler => (
                &["gcc", "libc6-dev"],
                "a C compiler `cc` with the C library's headers (Debian: gcc libc6-dev; macOS: xcode-select --install)",
            ),
            Self::CppCompiler => {
                (&["g++"], "a C++ compiler `c++` (Debian: g++; macOS: xcode-select --install)")
            }
            Self::Git => (&["git"], "git"),
            Self::Node => (&["nodejs"], "Node.js 20 or newer (nodejs.org, or your system's packages)"),
            Self::Npm => (&["npm"], "npm (comes with Node.js; Debian: npm)"),
            Self::Python => (
                &["python3", "python3-venv"],
                "Python 3.10 or newer with venv (python.org; Debian: python3 python3-venv)",
            ),
            Self::Chromium => (&["chromium"], "Chromium or Chrome, as `chromium` or `google-chrome`"),
            Self::Curl => (&["curl"], "curl"),
            Self::PostgreSql => (
                &["postgresql"],
                "a PostgreSQL server (Debian: postgresql); the bench does without when told so: --without-sql",
            ),
            Self::Rustfmt => (&[], "rustfmt: rustup component add rustfmt"),
            Self::Clippy => (&[], "clippy: rustup component add clippy"),
        }
    }

    fn is_there(self) -> bool {
        match self {
            Self::CCompiler => compiles(),
            Self::CppCompiler => is_there("c++"),
            Self::Git => is_there("git"),
            Self::Node => answer("node", &["--version"]).is_some_and(|version| node_is_new(&version)),
            Self::Npm => is_there("npm"),
            Self::Python => answer("python3", &["-c", PYTHON]).is_some(),
            Self::Chromium => chromium().is_some(),
            Self::Curl => is_there("curl"),
            Self::PostgreSql => postgresql_is_there(),
            Self::Rustfmt => answer("cargo", &["fmt", "--version"]).is_some(),
            Self::Clippy => answer("cargo", &["clippy", "--version"]).is_some(),
        }
    }
}

fn missing(tools: &[Tool]) -> Vec<Tool> {
    tools.iter().copied().filter(|tool| !tool.is_there()).collect()
}

fn refuse(by_hand: &[&str]) -> Result<(), Failure> {
    if by_hand.is_empty() {
        return Ok(());
    }
    Err(Failure::asked(format!("please install first:\n  {}", by_hand.join("\n  "))))
}

fn install(plan: &Plan) -> Result<(), Failure> {
    println!("not here yet, installing: {}", plan.packages.join(" "));
    let apt = |arguments: &[&str]| {
        let mut command = if plan.sudo { Command::new("sudo") } else { Command::new("env") };
        if plan.sudo {
            command.args(["-n", "env"]);
        }
        step::run(
            command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(arguments).stdin(Stdio::null()),
        )
    };
    apt(&["update"])?;
    apt(&[&["install", "-y", "--no-install-recommends"], &plan.packages[..]].concat())
}

fn packages() -> Packages {
    let system = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    if !is_like_debian(&system) {
        Packages::No
    } else if answer("id", &["-u"]).is_some_and(|id| id.trim() == "0") {
        Packages::AsRoot
    } else if answer("sudo", &["-n", "true"]).is_some() {
        Packages::BySudo
    } else {
        Packages::No
    }
}

/// Reads /etc/os-release.
fn is_like_debian(system: &str) -> bool {
    let values =
        system.lines().filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")));
    values
        .flat_map(|value| value.trim_matches('"').split_whitespace())
        .any(|id| id == "debian" || id == "ubuntu")
}

fn node_is_new(version: &str) -> bool {
    let major = version.trim().trim_start_matches('v').split('.').next();
    major.and_then(|major| major.parse().ok()).is_some_and(|major: u32| major >= NODE_MAJOR_MIN)
}

/// Whether a server of PostgreSQL is there; Debian has it in no `PATH`.
fn postgresql_is_there() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    is_there("postgres") || versions.into_iter().any(|version| version.path().join("bin/postgres").is_file())
}

/// Whether `cc` is there and finds the C library's headers.
fn compiles() -> bool {
    let mut command = Command::new("cc");
    command.args(["-E", "-x", "c", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return false };
    let written =
        child.stdin.take().is_some_and(|mut source| source.write_all(b"#include <stdlib.h>\n").is_ok());
    child.wait().is_ok_and(|status| status.success()) && written
}

/// What a program prints, when it runs well.
fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_packages_are_installed_where_that_is_allowed() {
        let missing = [Tool::CCompiler, Tool::Node, Tool::Npm, Tool::Curl];
        let wanted = vec!["gcc", "libc6-dev", "nodejs", "npm", "curl"];
        assert_eq!(plan(&missing, Packages::AsRoot), Plan { packages: wanted.clone(), ..Plan::default() });
        assert_eq!(plan(&missing, Packages::BySudo), Plan { packages: wanted, sudo: true, by_hand: vec![] });
    }

    #[test]
    fn elsewhere_all_that_is_missing_is_named_at_once() {
        let plan = plan(TEST, Packages::No);
        assert_eq!(plan.packages, [""; 0]);
        assert_eq!(plan.by_hand.len(), TEST.len() - 1, "curl is not needed: {:?}", plan.by_hand);
        let refusal = refuse(&plan.by_hand).unwrap_err();
        assert_eq!(refusal.code, 2);
        assert_eq!(refusal.to_string().lines().count(), TEST.len());
    }

    #[test]
    fn parts_of_the_toolchain_are_rustups_everywhere() {
        let plan = plan(&[Tool::Clippy, Tool::Git], Packages::AsRoot);
        assert_eq!(plan.packages, ["git"]);
        assert_eq!(plan.by_hand, ["clippy: rustup component add clippy"]);
    }

    #[test]
    fn nothing_missing_needs_nothing() {
        assert_eq!(plan(&[], Packages::AsRoot), Plan::default());
        assert!(refuse(&[]).is_ok());
    }

    #[test]
    fn systems_are_told_apart() {
        for (system, debian) in [
            ("NAME=\"Debian GNU/Linux\"\nID=debian\n", true),
            ("ID=ubuntu\nID_LIKE=debian\n", true),
            ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", true),
            ("ID=fedora\nID_LIKE=\"rhel\"\nVARIANT_ID=debian\n", false),
            ("", false),
        ] {
            assert_eq!(is_like_debian(system), debian, "{system}");
        }
    }

    #[test]
    fn old_nodes_are_not_taken() {
        for (version, new) in [("v20.20.2\n", true), ("v100.0.0", true), ("v18.20.4", false), ("", false)] {
            assert_eq!(node_is_new(version), new, "{version}");
        }
    }
}
