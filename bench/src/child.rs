//! The server as a process of its own: started, waited for until it is ready, and ended.

use crate::client::Connection;
use crate::process;
use anyhow::{Context, Result, bail};
use rollcall_model::limits;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How long a start may take.
const START_MAX: Duration = Duration::from_mins(10);
/// How long an end may take.
const END_MAX: Duration = Duration::from_secs(30);
/// Lines of the log that are kept, for when it goes wrong.
const LINES_KEPT: usize = 200;

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// From the start of the process to the first `/readyz` that says 200.
    pub ready_after: Duration,
    child: Child,
    input: Option<ChildStdin>,
    log: Arc<Mutex<Vec<String>>>,
}

/// What the server's log says of its load.
pub struct LoadLine {
    /// Sessions that were live.
    pub live: u64,
    /// How long the load took, the opening of the store not counted.
    pub took_ms: u64,
    /// Out of what the index was filled.
    pub from: String,
}

impl Server {
    /// Starts this program anew as a server, and waits until it is ready.
    pub async fn start(data_dir: &Path, core: Option<usize>) -> Result<Self> {
        Self::start_with(data_dir, core, limits::ARGON2_KIB).await
    }

    /// Starts it with hashes that take this much memory.
    pub async fn start_with(data_dir: &Path, core: Option<usize>, hash_kib: u32) -> Result<Self> {
        let started = Instant::now();
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve").arg("--data-dir").arg(data_dir).arg("--hash-kib").arg(hash_kib.to_string());
        if let Some(core) = core {
            command.arg("--core").arg(core.to_string());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot start the server")?;
        let input = child.stdin.take();
        let log = Arc::<Mutex<Vec<String>>>::default();
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        thread::spawn({
            let log = log.clone();
            move || {
                for line in
                    errors.into_iter().flat_map(|errors| BufReader::new(errors).lines()).map_while(Result::ok)
                {
                    let mut log = log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    if log.len() < LINES_KEPT {
                        log.push(line);
                    }
                }
            }
        });
        let mut first = String::new();
        if let Some(output) = output {
            BufReader::new(output).read_line(&mut first)?;
        }
        let mut server = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            ready_after: Duration::ZERO,
            child,
            input,
            log,
        };
        match first.trim().parse() {
            Ok(address) => server.address = address,
            Err(_) => bail!("the server did not start: {}", server.said()),
        }
        while !server.is_ready().await {
            if started.elapsed() > START_MAX || server.child.try_wait()?.is_some() {
                bail!("the server is not ready after {:?}: {}", started.elapsed(), server.said());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.ready_after = started.elapsed();
        Ok(server)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Bytes in memory, and the most that ever were.
    pub fn resident(&self) -> Result<(u64, u64)> {
        process::resident(self.pid())
    }

    /// The log's line about the load.
    pub fn load_line(&self) -> Result<LoadLine> {
        let log = self.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let lines = log.iter().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let line = lines
            .into_iter()
            .find(|line| line["message"] == "sessions are loaded")
            .context("the log has no line about the load")?;
        let number =
            |name: &str| line[name].as_u64().with_context(|| format!("the load line has no `{name}`"));
        let from = line["from"].as_str().context("the load line has no `from`")?.to_owned();
        Ok(LoadLine { live: number("live")?, took_ms: number("took_ms")?, from })
    }

    /// Ends it cleanly.
    pub fn stop(mut self) -> Result<()> {
        drop(self.input.take());
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                if !status.success() {
                    bail!("the server ended with {status}: {}", self.said());
                }
                return Ok(());
            }
            if began.elapsed() > END_MAX {
                bail!("the server did not end within {END_MAX:?}");
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    async fn is_ready(&self) -> bool {
        let request = format!("GET /readyz HTTP/1.1\r\nhost: {}\r\n\r\n", self.address);
        let Ok(mut connection) = Connection::open(self.address).await else { return false };
        connection.exchange(request.as_bytes()).await.is_ok_and(|answer| answer.ok)
    }

    fn said(&self) -> String {
        self.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner).join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After a clean end both do nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
