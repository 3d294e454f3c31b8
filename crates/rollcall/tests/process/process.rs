//! A server as its own process.

use rollcall_testkit::{Caller, PASSWORD};
use serde_json::Value;
use std::io::{BufRead, BufReader, Seek, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

/// A running server; killed when it is dropped.
pub struct Process {
    child: Child,
    /// `http://…`
    pub base: String,
    log: Arc<Mutex<Vec<String>>>,
    reading: Option<JoinHandle<()>>,
}

/// A command that serves a directory, with the administrator `boss` and a rate limit that nobody reaches.
pub fn serve(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data_dir)
        .env("ROLLCALL_ADMIN_USERNAME", rollcall_testkit::ADMIN)
        .env("ROLLCALL_ADMIN_PASSWORD", PASSWORD)
        .env("ROLLCALL__LIMITS__CALLS", "1000000")
        .stderr(Stdio::piped());
    command
}

/// The binary, in an environment without settings.
pub fn rollcall(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    command.args(arguments).env_clear();
    command
}

/// The binary on a data directory.
pub fn on(data: &Path, arguments: &[&str]) -> Command {
    let mut command = rollcall(arguments);
    command.arg("--data-dir").arg(data);
    command
}

/// Runs it to its end: exit code, stdout and stderr.
pub fn said(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// The same with this on its stdin.
pub fn told(command: &mut Command, input: &str) -> (i32, String, String) {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(input.as_bytes()).unwrap();
    file.rewind().unwrap();
    let Output { status, stdout, stderr } = command.stdin(file).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

impl Process {
    /// Starts it, and waits until it says where it listens.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (say, said) = mpsc::channel();
        let (stderr, lines) = (child.stderr.take().unwrap(), log.clone());
        let reading = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let event: Value = serde_json::from_str(&line).unwrap_or_default();
                if let Some(address) = event["address"].as_str() {
                    // Nobody waits for a second one.
                    let _ = say.send(format!("http://{address}"));
                }
                lines.lock().unwrap().push(line);
            }
        });
        let base = said.recv().unwrap_or_else(|_| panic!("no server: {:?}", log.lock().unwrap()));
        Self { child, base, log, reading: Some(reading) }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Somebody in a browser.
    pub fn caller(&self) -> Caller {
        Caller::new(&self.base)
    }

    /// The administrator, with a second factor that is remembered.
    pub async fn admin(&self) -> Caller {
        let admin = self.caller().sign_in(rollcall_testkit::ADMIN, PASSWORD).await;
        assert_eq!(admin.with_code(PASSWORD).get("sessions/list.all?count=1").await.status, 200);
        admin
    }

    /// As pulling the plug, for the process.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and gives how it did, with all that it ever wrote.
    pub fn terminate(self) -> (ExitStatus, Vec<String>) {
        self.ask_to_end();
        self.terminate_after_asking()
    }

    /// Waits for the end that was asked for.
    pub fn terminate_after_asking(mut self) -> (ExitStatus, Vec<String>) {
        let status = self.child.wait().unwrap();
        self.reading.take().unwrap().join().unwrap();
        (status, std::mem::take(&mut *self.log.lock().unwrap()))
    }

    /// Sends SIGTERM.
    pub fn ask_to_end(&self) {
        self.signal("TERM");
    }

    /// Stops it where it is, until it is told to go on.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    /// What it wrote so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
