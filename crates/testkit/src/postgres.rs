//! A PostgreSQL server of one's own: on a Unix socket in a directory of its own, and gone with whoever started it.
//!
//! It refuses to run as root. Where root starts it, it runs as `postgres` or `nobody`, and its data directory has to
//! be one that they can reach.

use crate::proxy::Proxy;
use crate::waits::in_time;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::env;
use std::fs::{self, Permissions};
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use tempfile::TempDir;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

/// Where Debian keeps each version's programs: its `PATH` has clients only.
const VERSIONS: &str = "/usr/lib/postgresql";
/// Who runs it when root may not.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];
/// Runs a server until standard input ends, however that comes to be, lets it end quickly, and removes what it is told
/// to.
const UNTIL_INPUT_ENDS: &str =
    r#""$@" < /dev/null & server=$!; cat > /dev/null; kill -INT $server; wait $server; rm -rf "$GONE_AFTER""#;
/// What the server says when it can be asked: for connections, or for read-only ones.
const READY: &str = "database system is ready to accept";
/// Faster, and good for a server that is thrown away after a crash.
const CARELESS: [(&str, &str); 3] =
    [("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")];

/// A running server. It is stopped when this is dropped, or when this process ends.
#[derive(Debug)]
pub struct Postgres {
    socket: TempDir,
    shell: Child,
}

/// Somebody that programs run as.
#[derive(Clone, Copy, Debug)]
struct Account {
    user: u32,
    group: u32,
}

impl Postgres {
    /// Starts a server with these settings. A data directory that is not there is made.
    pub fn start(data: &Path, settings: &[(&str, &str)]) -> io::Result<Self> {
        Self::run(data, settings, TempDir::new()?, Path::new(""))
    }

    /// Starts a server whose data is gone with it.
    fn start_for_now() -> io::Result<Self> {
        let directory = own_directory()?;
        let socket = TempDir::new_in(&directory)?;
        Self::run(&directory.join("data"), &[("max_connections", "500")], socket, &directory)
    }

    /// Starts a server that takes connections to 127.0.0.1 over TLS only, from who knows the password of its superuser;
    /// it proves to be `127.0.0.1`.
    pub async fn start_with_tls(password: &str) -> io::Result<WithTls> {
        let directory = own_directory()?;
        let data = directory.join("data");
        initialise(&programs()?, &data, unprivileged()?)?;
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["127.0.0.1".into()]).map_err(io::Error::other)?;
        let write = |name: &str, text: &str| -> io::Result<PathBuf> {
            let path = directory.join(name);
            fs::write(&path, text)?;
            fs::set_permissions(&path, Permissions::from_mode(0o600))?;
            if let Some(Account { user, group }) = unprivileged()? {
                chown(&path, Some(user), Some(group))?;
            }
            Ok(path)
        };
        let (certificate, key) =
            (write("certificate.pem", &cert.pem())?, write("key.pem", &signing_key.serialize_pem())?);
        let access = write("access", "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n")?;
        // Nobody else takes a port that was just free, mostly.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let settings = [
            ("listen_addresses", "127.0.0.1"),
            ("port", &port.to_string()),
            ("ssl", "on"),
            ("ssl_cert_file", &text(&certificate)),
            ("ssl_key_file", &text(&key)),
            ("hba_file", &text(&access)),
        ];
        let socket = TempDir::new_in(&directory)?;
        let server = Self::run(&data, &settings, socket, &directory)?;
        let mut config = Config::new();
        config.host_path(server.host()).port(port).user(Self::user());
        let set = format!("ALTER USER {} PASSWORD '{password}'", Self::user());
        connected(&config).await.batch_execute(&set).await.map_err(io::Error::other)?;
        Ok(WithTls { server, port, certificate })
    }

    /// Starts a server that others can follow, with data of its own that is gone with it.
    pub fn start_primary(settings: &[(&str, &str)]) -> io::Result<(Self, PathBuf)> {
        let directory = own_directory()?;
        let data = directory.join("data");
        let server = Self::run(&data, settings, TempDir::new_in(&directory)?, &directory)?;
        Ok((server, data))
    }

    /// Starts a server that follows this one, by streaming, from what this one has now.
    pub fn start_standby(&self) -> io::Result<Self> {
        let directory = own_directory()?;
        let data = directory.join("data");
        let mut command = run_as(programs()?.join("pg_basebackup"), unprivileged()?, &directory);
        command.arg("-D").arg(&data).arg("-h").arg(self.host()).args(["-U", Self::user()]);
        let output = command.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync"]).output()?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        Self::run(&data, &[], TempDir::new_in(&directory)?, &directory)
    }

    /// Answers no commit from now on before the standby has it.
    pub async fn wait_for_standby(&self) {
        self.execute("ALTER SYSTEM SET synchronous_standby_names = '*'").await;
        self.execute("SELECT pg_reload_conf()").await;
        self.until("SELECT COALESCE(MAX(sync_state), '') FROM pg_stat_replication", "sync").await;
    }

    /// Returns when this standby has all that the primary has; it hears of nothing from then on.
    pub async fn stop_following(&self, primary: &Self) {
        let all = "SELECT (MIN(replay_lsn) = pg_current_wal_lsn())::text FROM pg_stat_replication";
        primary.until(all, "true").await;
        self.execute("ALTER SYSTEM SET primary_conninfo = ''").await;
        self.execute("SELECT pg_reload_conf()").await;
        primary.until("SELECT COUNT(*)::text FROM pg_stat_replication", "0").await;
    }

    /// Makes a primary of this standby.
    pub async fn promote(&self) {
        self.execute("SELECT pg_promote()").await;
    }

    /// Runs a statement as the superuser.
    async fn execute(&self, statement: &str) {
        self.connect().await.batch_execute(statement).await.unwrap();
    }

    /// Asks for one text, again and again until it is this one.
    async fn until(&self, question: &str, answer: &str) {
        let client = self.connect().await;
        let asked = async {
            while client.query_one(question, &[]).await.unwrap().get::<_, String>(0) != answer {
                tokio::task::yield_now().await;
            }
        };
        in_time(question, asked).await;
    }

    async fn connect(&self) -> Client {
        let mut config = Config::new();
        config.host_path(self.host()).user(Self::user());
        connected(&config).await
    }

    /// Ends it as a crash does: nothing is written any more.
    pub fn crash(self, data: &Path) {
        let number = fs::read_to_string(data.join("postmaster.pid")).unwrap();
        let killed = Command::new("kill").args(["-QUIT", number.lines().next().unwrap()]).status();
        assert!(killed.unwrap().success());
    }

    fn run(data: &Path, settings: &[(&str, &str)], socket: TempDir, gone_after: &Path) -> io::Result<Self> {
        let programs = programs()?;
        let account = unprivileged()?;
        if !data.exists() {
            initialise(&programs, data, account)?;
        }
        if let Some(Account { user, group }) = account {
            chown(socket.path(), Some(user), Some(group))?;
        }
        let mut command = run_as("sh", account, data);
        command.args(["-c", UNTIL_INPUT_ENDS, "sh"]).arg(programs.join("postgres")).arg("-D").arg(data);
        command.arg("-k").arg(socket.path()).args(["-c", "listen_addresses="]);
        for (name, value) in CARELESS.iter().chain(settings) {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        command.env("GONE_AFTER", gone_after);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut server = Self { socket, shell: command.spawn()? };
        match server.shell.stderr.take() {
            Some(log) => wait_until_ready(log)?,
            None => return Err(io::Error::other("the server has no log")),
        }
        Ok(server)
    }

    /// The directory of its socket: the host to connect to.
    pub fn host(&self) -> &Path {
        self.socket.path()
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.host().join(".s.PGSQL.5432")
    }

    /// The name of its superuser, and of that one's database.
    pub const fn user() -> &'static str {
        "postgres"
    }
}

/// A server that is reached over TLS.
#[derive(Debug)]
pub struct WithTls {
    /// The server.
    pub server: Postgres,
    /// Its port on 127.0.0.1.
    pub port: u16,
    /// The file of its certificate, as PEM, which vouches for itself.
    pub certificate: PathBuf,
}

/// A directory that the server may be in. It is the shell's to remove: this process may end without a word.
fn own_directory() -> io::Result<PathBuf> {
    let directory = TempDir::new()?.keep();
    if let Some(Account { user, group }) = unprivileged()? {
        chown(&directory, Some(user), Some(group))?;
    }
    Ok(directory)
}

/// A database of its own, on a server that all tests of the process share.
#[derive(Clone, Debug)]
pub struct Database {
    name: String,
    /// Where it is reached, if not at the server's socket.
    way: Option<SocketAddr>,
}

const CUT_OFF: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";

static SERVER: OnceLock<Postgres> = OnceLock::new();
static DATABASES: AtomicUsize = AtomicUsize::new(0);

impl Database {
    /// Makes an empty one.
    pub async fn new() -> Self {
        let database = Self::next();
        on_the_server().await.batch_execute(&format!("CREATE DATABASE {}", database.name)).await.unwrap();
        database
    }

    /// Makes one that holds what this one holds at this moment. Whoever is connected to this one is cut off, at any
    /// place of what they do.
    pub async fn copy(&self) -> Self {
        let (copy, server) = (Self::next(), on_the_server().await);
        let create = format!("CREATE DATABASE {} TEMPLATE {}", copy.name, self.name);
        // Who was cut off comes back, and then the copy has to be tried again.
        in_time("a copy of a database", async {
            loop {
                server.execute(CUT_OFF, &[&self.name]).await.unwrap();
                match server.batch_execute(&create).await {
                    Ok(()) => return,
                    Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        })
        .await;
        copy
    }

    /// Changes the schema as a rollcall of tomorrow may, beside which nodes from this version on go on.
    pub async fn change_schema(&self, needs: u32) {
        let change = format!(
            "BEGIN; ALTER TABLE users ADD COLUMN of_tomorrow bigint; INSERT INTO migrations VALUES (2, '');
            UPDATE ledger_head SET needs = {needs}; COMMIT"
        );
        self.client().await.batch_execute(&change).await.unwrap();
    }

    /// Has all leases be over.
    pub async fn end_leases(&self) {
        self.client().await.batch_execute("UPDATE leases SET until_at = 0").await.unwrap();
    }

    async fn client(&self) -> Client {
        let mut config = Config::new();
        config.host_path(server().host()).user(Postgres::user()).dbname(&self.name);
        connected(&config).await
    }

    /// All that is in it, as text; bytes that are letters stand as they are.
    pub async fn contents(&self) -> String {
        let client = self.client().await;
        client.batch_execute("SET bytea_output = 'escape'").await.unwrap();
        let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
        let mut contents = String::new();
        for table in client.query(tables, &[]).await.unwrap() {
            let all = format!("SELECT t::text FROM {} AS t", table.get::<_, &str>(0));
            for row in client.query(&all, &[]).await.unwrap() {
                contents.push_str(row.get(0));
                contents.push('\n');
            }
        }
        contents
    }

    /// Lets nobody in any more, and cuts off who is.
    pub async fn shut(&self) {
        let server = on_the_server().await;
        server.batch_execute(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", self.name)).await.unwrap();
        server.execute(CUT_OFF, &[&self.name]).await.unwrap();
    }

    /// Lets everybody in again.
    pub async fn open(&self) {
        let open = format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", self.name);
        on_the_server().await.batch_execute(&open).await.unwrap();
    }

    fn next() -> Self {
        Self { name: format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed)), way: None }
    }

    /// The same, reached by a way that can be cut.
    #[must_use]
    pub fn over(&self, way: &Proxy) -> Self {
        Self { name: self.name.clone(), way: Some(way.address()) }
    }

    /// The server that tests share.
    pub(crate) fn server() -> &'static Postgres {
        server()
    }

    /// How to connect to it.
    pub fn url(&self) -> String {
        if let Some(way) = self.way {
            return format!("postgres://{}@{way}/{}?sslmode=disable", Postgres::user(), self.name);
        }
        let host = server().host().to_string_lossy().replace('/', "%2F");
        format!("postgres://{}@{host}/{}", Postgres::user(), self.name)
    }
}

/// The server that tests share.
fn server() -> &'static Postgres {
    SERVER.get_or_init(|| Postgres::start_for_now().unwrap())
}

/// Its superuser's connection.
async fn on_the_server() -> Client {
    let mut config = Config::new();
    config.host_path(server().host()).user(Postgres::user()).dbname(Postgres::user());
    connected(&config).await
}

async fn connected(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// The directory of the newest version's programs.
fn programs() -> io::Result<PathBuf> {
    let of_path = env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<PathBuf> = fs::read_dir(VERSIONS)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    // By number, the greatest first: 9.6 is older than 15.
    debian.sort_by_key(|bin| {
        let version = bin.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        std::cmp::Reverse(version.and_then(|version| version.split('.').next()?.parse::<u32>().ok()))
    });
    let needed = ["postgres", "initdb", "pg_basebackup"];
    let has_server = |bin: &PathBuf| needed.iter().all(|name| bin.join(name).is_file());
    env::split_paths(&of_path).chain(debian).find(has_server).ok_or_else(|| {
        let what = format!("no PostgreSQL server: {needed:?} are neither in PATH nor in {VERSIONS}/*/bin");
        io::Error::new(ErrorKind::NotFound, what)
    })
}

/// Whom to run as; nobody else, where this process is not root's.
fn unprivileged() -> io::Result<Option<Account>> {
    // A directory that was just made belongs to whoever made it.
    if TempDir::new()?.path().metadata()?.uid() != 0 {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd")?;
    let account = UNPRIVILEGED.iter().find_map(|name| account_of(&accounts, name));
    account
        .map(Some)
        .ok_or_else(|| io::Error::other("PostgreSQL does not run as root, and nobody else is known"))
}

/// Somebody out of the text of `/etc/passwd`.
fn account_of(accounts: &str, name: &str) -> Option<Account> {
    let mut fields =
        accounts.lines().map(|line| line.split(':')).find(|fields| fields.clone().next() == Some(name))?;
    let (user, group) = (fields.nth(2)?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(Account { user, group })
}

fn run_as(program: impl AsRef<Path>, account: Option<Account>, data: &Path) -> Command {
    let mut command = Command::new(program.as_ref());
    // Its messages are read here; and a directory that the account may be in.
    command.env("LC_ALL", "C").current_dir(data);
    if let Some(Account { user, group }) = account {
        command.uid(user).gid(group);
    }
    command
}

fn initialise(programs: &Path, data: &Path, account: Option<Account>) -> io::Result<()> {
    fs::create_dir_all(data)?;
    fs::set_permissions(data, Permissions::from_mode(0o700))?;
    if let Some(Account { user, group }) = account {
        chown(data, Some(user), Some(group))?;
    }
    let mut command = run_as(programs.join("initdb"), account, data);
    command.arg("-D").arg(data).args(["--username", Postgres::user(), "--auth", "trust", "--no-sync"]);
    command.args(["--encoding", "UTF8", "--locale", "C.UTF-8", "--lc-messages", "C"]);
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let _ = fs::remove_dir_all(data);
    Err(io::Error::other(format!("initdb: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

/// Reads the log until the server is ready, and after that, so that it never waits for a reader.
fn wait_until_ready(log: ChildStderr) -> io::Result<()> {
    let mut lines = BufReader::new(log).lines();
    let mut said = String::new();
    for line in lines.by_ref() {
        let line = line?;
        if line.contains(READY) {
            thread::spawn(move || lines.for_each(drop));
            return Ok(());
        }
        said.push('\n');
        said.push_str(&line);
    }
    Err(io::Error::other(format!("PostgreSQL does not start:{said}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_name() {
        let accounts =
            "root:x:0:0:root:/root:/bin/sh\npost:x:7:8::/:\npostgres:x:101:104:,,,:/var:/bin/sh\nbad:x\n";
        let found = |name| account_of(accounts, name).map(|Account { user, group }| (user, group));
        assert_eq!([found("postgres"), found("bad"), found("nobody")], [Some((101, 104)), None, None]);
    }
}
