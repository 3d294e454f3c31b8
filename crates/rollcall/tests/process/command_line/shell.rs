//! A shell that asks a server, and servers that say what they are told to.

use crate::process::{Process, serve};
use rollcall_testkit::{ADMIN, PASSWORD};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use tempfile::TempDir;

/// A shell of somebody with nothing set, at no terminal.
pub struct Shell {
    pub home: TempDir,
    pub url: String,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code.
    pub code: i32,
    /// Its stdout.
    pub out: String,
    /// Its stderr.
    pub err: String,
}

impl Shell {
    pub fn at(url: &str) -> Self {
        Self { home: TempDir::new().unwrap(), url: url.into() }
    }

    /// What a command prints that asks for JSON and succeeds.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(ended.code, 0, "{arguments:?}: {ended:?}");
        serde_json::from_str(&ended.out).unwrap()
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, &[], "")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        command
            .args(arguments)
            .env_clear()
            .env("XDG_CONFIG_HOME", self.home.path())
            .env("ROLLCALL_URL", &self.url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Ended {
        let mut child = self.command(arguments).envs(variables.iter().copied()).spawn().unwrap();
        // It need not read it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    pub fn login_file(&self) -> PathBuf {
        self.home.path().join("rollcall").join("login.json")
    }

    pub fn login(&self, user: &str, password: &str) -> Ended {
        self.run_with(&["login", "--user", user], &[], &format!("{password}\n"))
    }

    /// Signed in as the administrator, with a second factor that is remembered.
    pub fn admin(server: &Process) -> Self {
        let shell = Self::at(&server.base);
        assert_eq!(shell.login(ADMIN, PASSWORD).code, 0);
        let list = ["sessions", "list", "--count", "1"];
        assert_eq!(shell.run_with(&list, &[("ROLLCALL_CODE", PASSWORD)], "").code, 0);
        shell
    }

    pub fn stored(&self, field: &str) -> String {
        let text = std::fs::read_to_string(self.login_file()).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()[field].as_str().unwrap().to_owned()
    }
}

pub fn server() -> (TempDir, Process) {
    let directory = TempDir::new().unwrap();
    let process = Process::start(serve(&directory.path().join("data")));
    (directory, process)
}

/// One that gives each connection the next of these answers, and tells what it was asked.
pub fn parrot(answers: &[String]) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answers = answers.to_vec();
    let heard = std::thread::spawn(move || {
        let mut said = String::new();
        for answer in answers {
            let (mut connection, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                connection.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            connection.read_exact(&mut body).unwrap();
            said.extend([head, String::from_utf8(body).unwrap()]);
            connection.write_all(answer.as_bytes()).unwrap();
        }
        said
    });
    (url, heard)
}

/// An answer, whole.
pub fn answer(status: &str, header: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{header}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}
