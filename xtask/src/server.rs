//! A server's process: whether it answers, and one of our own with a store of its own for the clients' tests.

use crate::credentials::Credentials;
use crate::step::Failure;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often a state is looked at again.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a server with an empty store may take to answer, and any to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where a server that listens on `listen` is reached from this machine.
pub fn reached_at(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The address with a port that can be listened on now: port 0 becomes a free one. An error when it is taken.
pub fn free(listen: SocketAddr) -> io::Result<SocketAddr> {
    TcpListener::bind(listen)?.local_addr()
}

/// Waits until the server answers requests; false when it ended before. Forever, if it must.
pub fn answers(address: SocketAddr, mut stands: impl FnMut() -> bool) -> bool {
    loop {
        if is_ready(address).unwrap_or(false) {
            return true;
        }
        if !stands() {
            return false;
        }
        sleep(PAUSE);
    }
}

/// Asks `/readyz`.
fn is_ready(address: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    // In one piece: a server may answer to the first.
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    Ok(head == *b"HTTP/1.1 200")
}

/// Sends a signal, by the shell's own `kill`: false when there is no such process.
pub fn signal(process: u32, signal: &str) -> bool {
    let mut shell = Command::new("sh");
    shell.args(["-c", "kill -s \"$1\" \"$2\"", "sh", signal, &process.to_string()]).stderr(Stdio::null());
    shell.status().is_ok_and(|status| status.success())
}

/// Whether there is such a process.
pub fn stands(process: u32) -> bool {
    signal(process, "0")
}

/// What is in a server's workspace when it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filling {
    /// The administrator.
    Nothing,
    /// The demo's people too.
    Demo,
    /// A test workspace of that size.
    MadeUp { users: u32, sessions: u32 },
}

/// The binary without what this shell may have set for another.
fn without_settings(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ROLLCALL_")) {
        command.env_remove(name);
    }
    command
}

/// A server with a store of its own, gone when this is dropped.
pub struct Server {
    child: Child,
    log: PathBuf,
    /// Its data directory.
    pub data: PathBuf,
    /// Where it is reached.
    pub address: SocketAddr,
    /// Its administrator.
    pub administrator: Credentials,
}

impl Server {
    /// Starts the binary on a free port, with its data and its log in `folder` under `name`, and with these
    /// settings, as variables.
    pub fn start(
        binary: &Path,
        folder: &Path,
        name: &str,
        settings: &[(&str, &str)],
    ) -> Result<Self, Failure> {
        Self::start_filled(Filling::Nothing, binary, folder, name, settings)
    }

    /// The same with a workspace in it.
    pub fn start_filled(
        filling: Filling,
        binary: &Path,
        folder: &Path,
        name: &str,
        settings: &[(&str, &str)],
    ) -> Result<Self, Failure> {
        let (data, log) = (folder.join(name), folder.join(format!("{name}.log")));
        let (administrator, failed) =
            (Credentials::random()?, |error| Failure::new(format!("no server: {error}")));
        forget(&data).and_then(|()| fs::create_dir_all(folder)).map_err(failed)?;
        let address = free(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0)).map_err(failed)?;
        if let Filling::MadeUp { users, sessions } = filling {
            let (users, sessions) = (users.to_string(), sessions.to_string());
            let mut generate = without_settings(binary);
            generate.args(["generate", "--users", &users, "--sessions", &sessions, "--data-dir"]).arg(&data);
            crate::step::run(generate.envs(settings.iter().copied()))?;
        }
        let child = without_settings(binary)
            .args(["serve", "--listen", &address.to_string(), "--data-dir"])
            .arg(&data)
            .args((filling == Filling::Demo).then_some("--demo"))
            .envs(settings.iter().copied())
            .env("ROLLCALL_ADMIN_USERNAME", &administrator.username)
            .env("ROLLCALL_ADMIN_PASSWORD", &administrator.password)
            .stdin(Stdio::null())
            .stderr(File::create(&log).map_err(failed)?)
            .spawn()
            .map_err(failed)?;
        let mut server = Self { child, log, data, address, administrator };
        let start = Instant::now();
        if answers(address, || start.elapsed() < PATIENCE && matches!(server.child.try_wait(), Ok(None))) {
            Ok(server)
        } else {
            Err(Failure::new(format!(
                "the server does not answer; its log ends with\n{}",
                server.last_words()
            )))
        }
    }

    /// Asks it to stop, and waits for its clean end.
    pub fn stop(mut self) -> Result<(), Failure> {
        signal(self.child.id(), "TERM");
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(None) => sleep(PAUSE),
                _ => break,
            }
        }
        Err(Failure::new(format!(
            "the server did not stop cleanly; its log ends with\n{}",
            self.last_words()
        )))
    }

    /// The end of its log.
    pub fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is well.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = forget(&self.data);
    }
}

/// Removes a folder, if it is there.
pub fn forget(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    /// One answer on a port of its own.
    fn once(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 256]);
            stream.write_all(answer.as_bytes()).unwrap();
        });
        address
    }

    #[test]
    fn only_200_is_ready() {
        assert!(answers(once("HTTP/1.1 200 OK\r\n\r\n"), || false));
        assert!(!answers(once("HTTP/1.1 503 Service Unavailable\r\n\r\n"), || false));
        assert!(!answers(once("HTTP"), || false));
    }

    #[test]
    fn every_address_is_reached_at_this_machines_own() {
        for (listen, reached) in [
            ("0.0.0.0:3000", "127.0.0.1:3000"),
            ("[::]:3000", "[::1]:3000"),
            ("192.0.2.1:80", "192.0.2.1:80"),
        ] {
            assert_eq!(reached_at(listen.parse().unwrap()), reached.parse().unwrap());
        }
    }

    #[test]
    fn a_taken_port_is_not_free() {
        let local = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
        assert_ne!(free(local).unwrap().port(), 0);
        let listener = TcpListener::bind(local).unwrap();
        assert!(free(listener.local_addr().unwrap()).is_err());
    }

    #[test]
    fn a_process_stands_until_it_is_told_to_end() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        assert!(stands(child.id()));
        assert!(signal(child.id(), "TERM"));
        child.wait().unwrap();
        assert!(!stands(child.id()));
    }
}
