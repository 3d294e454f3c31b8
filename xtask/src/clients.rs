//! Published clients against the release binary, each on a fresh server: the limit of ten sign-ins a minute
//! would make the second wait.

use crate::server::Server;
use crate::step::{self, Failure};
use crate::workspace::Workspace;
use std::path::{Path, PathBuf};

/// The project's own drivers.
const OURS: &str = "tests/clients";

/// Installs the published clients, as locked.
pub fn install(workspace: &Workspace) -> Result<(), Failure> {
    let mut npm = workspace.command("npm");
    step::run(
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(workspace.root.join(OURS)),
    )
}

/// The project's own driver.
pub fn ours(workspace: &Workspace, binary: &Path) -> Result<(), Failure> {
    drive(workspace, binary, "clients", &workspace.root.join(OURS))
}

/// The folder of acceptance scripts beside the project, when it is there.
pub fn acceptance(workspace: &Workspace) -> Option<PathBuf> {
    let folder = workspace.root.parent()?.join("shared/acceptance");
    folder.join("api_client.mjs").exists().then_some(folder)
}

/// The acceptance scripts' driver, with the clients that are installed for ours.
pub fn given(workspace: &Workspace, binary: &Path, folder: &Path) -> Result<(), Failure> {
    drive(workspace, binary, "acceptance", folder)
}

fn drive(workspace: &Workspace, binary: &Path, name: &str, folder: &Path) -> Result<(), Failure> {
    let server = Server::start(binary, &workspace.target.join("test-servers"), name)?;
    let mut node = workspace.command("node");
    let driven = step::run(
        node.arg(folder.join("api_client.mjs"))
            .env("BASE_URL", format!("http://{}", server.address))
            .env("ADMIN_USER", &server.administrator.username)
            .env("ADMIN_PASS", &server.administrator.password)
            .env("CLIENTS_DIR", workspace.root.join(OURS)),
    );
    if driven.is_err() {
        println!("the server's log ends with\n{}", server.last_words());
    }
    driven.and(server.stop())
}
