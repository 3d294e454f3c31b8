//! `cargo xtask web`: the console's pages, built to be embedded; with `--test` also checked, and used in a browser against
//! the server that embeds them; with `--measure` measured there.

use crate::server::{Filling, Server};
use crate::step::{self, Failure, Parts};
use crate::tools;
use crate::workspace::{Build, Workspace};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is done with the pages once they are built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Web {
    /// Nothing: they are there for the next build of the server.
    #[default]
    Build,
    /// They are checked and used.
    Test,
    /// They are shown, for the README's pictures.
    Screenshots,
    /// They are measured, at a million rows.
    Measure,
}

/// Everybody in the browser's tests comes from one address and tries much.
const SETTINGS: &[(&str, &str)] = &[
    ("ROLLCALL__LIMITS__CALLS", "100000"),
    ("ROLLCALL__LIMITS__PRINCIPAL_CALLS", "100000"),
    ("ROLLCALL__FAILURES__ADDRESS", "1000"),
];
/// What is measured, and what it is measured in: sign-ins there cost a table's changes and not a core.
const MILLION: Filling = Filling::MadeUp { users: 379_000, sessions: 1_000_000 };
const CHEAP_HASHES: (&str, &str) = ("ROLLCALL__PASSWORDS__ARGON2_KIB", "8");

/// Builds the pages, and does with them what is asked.
pub fn web(workspace: &Workspace, what: Web) -> Result<(), Failure> {
    let mut parts = Parts::default();
    let result = run(workspace, &mut parts, what);
    println!("\n{}", parts.table());
    result
}

fn run(workspace: &Workspace, parts: &mut Parts, what: Web) -> Result<(), Failure> {
    let pages = Pages::of(workspace);
    if what == Web::Build {
        tools::need(tools::WEB)?;
        return pages.build(parts);
    }
    tools::need(tools::CLIENTS)?;
    pages.build(parts)?;
    if what == Web::Test {
        pages.check(parts)?;
    }
    if what == Web::Measure {
        let binary = parts.part("release build", || workspace.build_server(Build::Release))?;
        let settings = [SETTINGS, &[CHEAP_HASHES]].concat();
        return parts.part("measure", || pages.drive_filled(MILLION, &settings, &binary, "measure"));
    }
    let binary = parts.part("debug build", || workspace.build_server(Build::Debug))?;
    match what {
        Web::Screenshots => parts.part("pictures", || pages.drive(&binary, "pictures")),
        _ => parts.part("console in Chromium", || pages.drive(&binary, "tests")),
    }
}

/// The console's source.
pub struct Pages<'a> {
    workspace: &'a Workspace,
    folder: PathBuf,
}

impl<'a> Pages<'a> {
    pub fn of(workspace: &'a Workspace) -> Self {
        Self { workspace, folder: workspace.root.join("web") }
    }

    /// Installs what they are built with, where that is not there as locked, and builds them.
    pub fn build(&self, parts: &mut Parts) -> Result<(), Failure> {
        if !self.is_installed() {
            parts.part("install console", || {
                step::run(&mut self.npm(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))
            })?;
        }
        let is_first = !self.folder.join("dist").exists();
        parts.part("build console", || step::run(&mut self.npm(&["run", "build"])))?;
        if is_first {
            self.note_built()?;
        }
        Ok(())
    }

    /// Has a server that was built without them built anew: until they are there, this is what its crate watches.
    fn note_built(&self) -> Result<(), Failure> {
        let touch = || {
            let built = fs::metadata(self.folder.join("dist/index.html"))?.modified()?;
            File::options().append(true).open(self.folder.join("package.json"))?.set_modified(built)
        };
        touch()
            .map_err(|error: io::Error| Failure::new(format!("web/package.json cannot be touched: {error}")))
    }

    /// Types, lints, format and unit tests.
    pub fn check(&self, parts: &mut Parts) -> Result<(), Failure> {
        parts.part("check console", || step::run(&mut self.npm(&["run", "check"])))?;
        parts.part("test console", || step::run(&mut self.npm(&["test"])))
    }

    /// Uses a server that embeds them, with the demo's workspace, in a browser: the tests, or the pictures.
    pub fn drive(&self, binary: &Path, project: &str) -> Result<(), Failure> {
        self.drive_filled(Filling::Demo, SETTINGS, binary, project)
    }

    fn drive_filled(
        &self,
        filling: Filling,
        settings: &[(&str, &str)],
        binary: &Path,
        project: &str,
    ) -> Result<(), Failure> {
        let chromium = tools::chromium().ok_or_else(|| Failure::asked("no Chromium here any more"))?;
        let folder = self.workspace.target.join("test-servers");
        let server = Server::start_filled(filling, binary, &folder, "console", settings)?;
        let mut npm = self.npm(&["run", "e2e", "--", "--project", project]);
        let driven = step::run(
            npm.env("ROLLCALL_URL", format!("http://{}", server.address))
                .env("ROLLCALL_ADMIN_USERNAME", &server.administrator.username)
                .env("ROLLCALL_ADMIN_PASSWORD", &server.administrator.password)
                .env("ROLLCALL_OUTBOX", server.data.join("outbox.jsonl"))
                // For servers of a test's own.
                .env("ROLLCALL_BINARY", binary)
                .env("CHROMIUM", chromium),
        );
        driven.map_err(|failure| {
            Failure::new(format!("{failure}; the server's log ends with\n{}", server.last_words()))
        })?;
        server.stop()
    }

    /// Whether what was installed is what the lock says.
    fn is_installed(&self) -> bool {
        let time = |name: &str| fs::metadata(self.folder.join(name)).and_then(|file| file.modified()).ok();
        // npm leaves its own copy of the lock when it is done.
        match (time("node_modules/.package-lock.json"), time("package-lock.json")) {
            (Some(installed), Some(locked)) => installed >= locked,
            _ => false,
        }
    }

    fn npm(&self, arguments: &[&str]) -> Command {
        let mut npm = self.workspace.command("npm");
        npm.args(arguments).current_dir(&self.folder);
        npm
    }
}
