//! `cargo xtask run`: the demo server, and how to reach it.
//!
//! This process becomes the server, so that signals and the exit code are the server's own. A second
//! process waits beside it until it answers, says so, and ends.

use crate::credentials::Credentials;
use crate::step::{Failure, Parts};
use crate::web::Pages;
use crate::workspace::{Build, Workspace};
use crate::{server, tools};
use std::fs;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

/// Where the demo lives.
struct Demo {
    data: PathBuf,
    credentials: PathBuf,
}

impl Demo {
    fn of(workspace: &Workspace) -> Self {
        let folder = workspace.target.join("demo");
        Self { data: folder.join("data"), credentials: folder.join("credentials") }
    }
}

/// Builds the server and becomes it.
pub fn run(workspace: &Workspace, listen: SocketAddr) -> Result<(), Failure> {
    tools::need(tools::WEB)?;
    Pages::of(workspace).build(&mut Parts::default())?;
    let binary = workspace.build_server(Build::Release)?;
    let demo = Demo::of(workspace);
    let credentials = credentials(workspace, &demo)?;
    // A taken port is the server's to complain about; whoever has it must not be announced as ours.
    let address = match server::free(listen) {
        Ok(address) => {
            begin_to_announce(address)?;
            address
        }
        Err(_) => listen,
    };
    let (data, address) = (workspace.shown(&demo.data), address.to_string());
    println!("$ rollcall serve --data-dir {data} --demo --listen {address}");
    let error = workspace
        .command(binary)
        .args(["serve", "--data-dir", &data, "--demo", "--listen", &address])
        .env("ROLLCALL_ADMIN_USERNAME", credentials.username)
        .env("ROLLCALL_ADMIN_PASSWORD", credentials.password)
        .exec();
    Err(Failure::new(format!("the server cannot start: {error}")))
}

/// Waits until the server answers, and says how to reach it. Says nothing when the server ends before.
pub fn announce(workspace: &Workspace, server: u32, address: SocketAddr) -> Result<(), Failure> {
    let address = server::reached_at(address);
    if !server::answers(address, || server::stands(server)) {
        return Ok(());
    }
    let demo = Demo::of(workspace);
    let credentials = credentials(workspace, &demo)?;
    print!(
        "{}",
        words(address, &credentials, &workspace.shown(&demo.credentials), &workspace.shown(&demo.data))
    );
    Ok(())
}

/// The administrator's, made at the first start.
fn credentials(workspace: &Workspace, demo: &Demo) -> Result<Credentials, Failure> {
    let begun = fs::read_dir(&demo.data).is_ok_and(|mut entries| entries.next().is_some());
    if begun && Credentials::read(&demo.credentials)?.is_none() {
        return Err(Failure::new(format!(
            "{} holds a store, but {} with its password is gone: remove both and run again",
            workspace.shown(&demo.data),
            workspace.shown(&demo.credentials)
        )));
    }
    Credentials::kept(&demo.credentials)
}

/// Starts `announce` as a process that is nobody's child: the server knows none.
fn begin_to_announce(address: SocketAddr) -> Result<(), Failure> {
    let this = std::env::current_exe().map_err(|error| Failure::new(format!("where am I? {error}")))?;
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$@\" &", "sh"]).arg(this).arg("announce");
    shell.args([std::process::id().to_string(), address.to_string()]);
    match shell.status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Failure::new("sh cannot start")),
    }
}

fn words(address: SocketAddr, credentials: &Credentials, kept: &str, data: &str) -> String {
    let Credentials { username, password } = credentials;
    let line = curl_line(address, credentials);
    format!(
        "
Rollcall, with a demo workspace of invented people:

  address   http://{address}
  username  {username}
  password  {password}
  kept in   {kept}

Every invented user signs in with the password in {data}/demo-password.
Two of all sessions, signed in and with the second factor proved; paste this into a shell:

{line}

Ctrl-C ends it.

"
    )
}

/// Signs in, proves the second factor by the password, and lists: one line for any shell with curl.
fn curl_line(address: SocketAddr, credentials: &Credentials) -> String {
    let Credentials { username, password } = credentials;
    let login = format!("curl -s $A/login -d 'user={username}&password={password}'");
    let pick = r#"sed -E 's/.*"userId":"([^"]*)".*"authToken":"([^"]*)".*/\1 \2/'"#;
    let code = format!("$(printf %s {password} | sha256sum | cut -c1-64)");
    let list = format!(
        "curl -s \"$A/sessions/list.all?count=2\" -H \"X-User-Id: $1\" -H \"X-Auth-Token: $2\" \
         -H 'x-2fa-method: password' -H \"x-2fa-code: {code}\""
    );
    format!("(A=http://{address}/api/v1; set -- $({login} | {pick}); {list}; echo)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_needed_is_said_and_the_curl_line_is_one_line() {
        let credentials = Credentials { username: "admin".into(), password: "5eC9et".into() };
        let words = words(
            "127.0.0.1:3456".parse().unwrap(),
            &credentials,
            "target/demo/credentials",
            "target/demo/data",
        );
        for said in
            ["http://127.0.0.1:3456", "admin", "5eC9et", "target/demo/credentials", "data/demo-password"]
        {
            assert!(words.contains(said), "{said} in {words}");
        }
        let line = words.lines().find(|line| line.contains("curl")).unwrap();
        assert!(line.contains("list.all?count=2") && line.contains("login"), "{line}");
        let status = Command::new("sh").args(["-n", "-c", line]).status().unwrap();
        assert!(status.success(), "a shell understands {line}");
    }
}
