//! Published clients and a page in a browser against our binary, and its answers against the published types.
//!
//! Each driver has a fresh server: the limit of ten sign-ins a minute would make the next one wait. Ours leave the
//! answers that they were given in a folder, which the type checks then read.

use crate::server::{self, Server};
use crate::step::{self, Failure, Parts};
use crate::tools;
use crate::workspace::{Build, Workspace};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The project's own drivers.
const OURS: &str = "tests/clients";

/// A script that drives a server, and the part that it is.
struct Driver {
    part: &'static str,
    script: &'static str,
}

const DRIVERS: &[Driver] = &[
    Driver { part: "api-client", script: "api_client.mjs" },
    Driver { part: "ddp-client", script: "ddp_client.mjs" },
    Driver { part: "rocketchat-api", script: "rocketchat_api.py" },
];

/// What holds the server against its own document. It asks more than the limits let anybody ask, and mostly wrongly.
const OPENAPI: Driver = Driver { part: "openapi", script: "openapi.py" };
const WITHOUT_LIMITS: &[(&str, &str)] = &[
    ("ROLLCALL__LIMITS__CALLS", "1000000"),
    ("ROLLCALL__LIMITS__PRINCIPAL_CALLS", "1000000"),
    ("ROLLCALL__FAILURES__USER", "1000"),
    ("ROLLCALL__FAILURES__ADDRESS", "100000"),
    ("ROLLCALL__FAILURES__CODE", "1000"),
];

/// The page's driver. Its server lets pages of one other origin in.
const PAGE: Driver = Driver { part: "page in Chromium", script: "page.mjs" };

/// Scripts beside the project, written by others.
const GIVEN: &[Driver] = &[
    Driver { part: "given api-client", script: "api_client.mjs" },
    Driver { part: "given ddp-client", script: "ddp_client.mjs" },
    Driver { part: "given rocketchat-api", script: "rocketchat_api.py" },
];

/// `cargo xtask clients`: all of it against a debug build, which is quick to make.
pub fn clients(workspace: &Workspace) -> Result<(), Failure> {
    let mut parts = Parts::default();
    let result = parts
        .part("tools", || tools::need(tools::CLIENTS))
        .and_then(|()| parts.part("debug build", || workspace.build_server(Build::Debug)))
        .and_then(|binary| drive_all(workspace, &mut parts, &binary));
    println!("\n{}", parts.table());
    result
}

/// Every part that drives this binary.
pub fn drive_all(workspace: &Workspace, parts: &mut Parts, binary: &Path) -> Result<(), Failure> {
    let clients = Clients::new(workspace, binary);
    parts.part("install clients", || clients.install())?;
    let ours = workspace.root.join(OURS);
    for driver in DRIVERS {
        parts.part(driver.part, || clients.drive(driver, &ours))?;
    }
    parts.part(PAGE.part, || clients.drive_page(&ours))?;
    parts.part(OPENAPI.part, || clients.drive_with(&OPENAPI, &ours, WITHOUT_LIMITS))?;
    parts.part("types", || clients.compile("types.mjs", &ours))?;
    parts.part("openapi types", || clients.compile("openapi_types.mjs", &ours))?;
    let Some(given) = given(workspace) else {
        println!("\nno ../shared/acceptance here: its scripts are left out");
        return Ok(());
    };
    GIVEN.iter().try_for_each(|driver| parts.part(driver.part, || clients.drive(driver, &given)))
}

/// The folder of acceptance scripts beside the project, when it is there.
fn given(workspace: &Workspace) -> Option<PathBuf> {
    let folder = workspace.root.parent()?.join("shared/acceptance");
    folder.join(GIVEN[0].script).exists().then_some(folder)
}

/// The clients as installed, and the binary that they are to drive.
struct Clients<'a> {
    workspace: &'a Workspace,
    binary: &'a Path,
    /// The Python client's own environment.
    python: PathBuf,
    /// What the server answered to our drivers.
    answers: PathBuf,
}

impl<'a> Clients<'a> {
    fn new(workspace: &'a Workspace, binary: &'a Path) -> Self {
        let folder = workspace.target.join("clients");
        Self { workspace, binary, python: folder.join("python"), answers: folder.join("answers") }
    }

    /// Installs everything anew, as locked, and forgets earlier answers.
    fn install(&self) -> Result<(), Failure> {
        let ours = self.workspace.root.join(OURS);
        let mut npm = self.workspace.command("npm");
        step::run(npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&ours))?;
        step::run(self.workspace.command("python3").args(["-m", "venv", "--clear"]).arg(&self.python))?;
        let mut pip = self.workspace.command(self.python.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check", "--require-hashes"]);
        step::run(pip.arg("--requirement").arg(ours.join("requirements.txt")))?;
        server::forget(&self.answers)
            .and_then(|()| fs::create_dir_all(&self.answers))
            .map_err(|error| Failure::new(format!("no folder for the answers: {error}")))
    }

    /// Runs a driver of that folder against a fresh server.
    fn drive(&self, driver: &Driver, folder: &Path) -> Result<(), Failure> {
        self.drive_with(driver, folder, &[])
    }

    /// The same against one with these settings.
    fn drive_with(&self, driver: &Driver, folder: &Path, settings: &[(&str, &str)]) -> Result<(), Failure> {
        let server = self.start(driver, settings)?;
        self.run(driver, folder, server, &[])
    }

    /// Runs the page's driver, and tells it and the server from where the page comes.
    fn drive_page(&self, folder: &Path) -> Result<(), Failure> {
        let page = server::free(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0))
            .map_err(|error| Failure::new(format!("no port for the page: {error}")))?;
        let origin = format!("http://{page}");
        let chromium = tools::chromium().ok_or_else(|| Failure::asked("no Chromium here any more"))?;
        let server = self.start(&PAGE, &[("ROLLCALL__CORS__ORIGINS", &origin)])?;
        self.run(&PAGE, folder, server, &[("PAGE_ORIGIN", &origin), ("CHROMIUM", chromium)])
    }

    fn start(&self, driver: &Driver, settings: &[(&str, &str)]) -> Result<Server, Failure> {
        let name = driver.part.replace(' ', "-");
        Server::start(self.binary, &self.workspace.target.join("test-servers"), &name, settings)
    }

    fn run(
        &self,
        driver: &Driver,
        folder: &Path,
        server: Server,
        variables: &[(&str, &str)],
    ) -> Result<(), Failure> {
        let outcome = step::run(
            self.program(driver.script)
                .arg(folder.join(driver.script))
                .env("BASE_URL", format!("http://{}", server.address))
                .env("ADMIN_USER", &server.administrator.username)
                .env("ADMIN_PASS", &server.administrator.password)
                .env("CLIENTS_DIR", self.workspace.root.join(OURS))
                .env("SERVER_BINARY", self.binary)
                .env("SERVER_DATA", &server.data)
                .envs(variables.iter().copied()),
        );
        if outcome.is_err() {
            println!("the server's log ends with\n{}", server.last_words());
        }
        outcome.and(server.stop())
    }

    /// Runs a script that asks no server: one that compiles.
    fn compile(&self, script: &str, folder: &Path) -> Result<(), Failure> {
        step::run(self.program(script).arg(folder.join(script)))
    }

    /// What runs a script.
    fn program(&self, script: &str) -> Command {
        let python = Path::new(script).extension().is_some_and(|extension| extension == "py");
        let mut program =
            self.workspace.command(if python { self.python.join("bin/python") } else { "node".into() });
        // Nothing is left between the sources.
        program.env("ANSWERS", &self.answers).env("PYTHONDONTWRITEBYTECODE", "1");
        program
    }
}
