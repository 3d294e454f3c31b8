//! A server for one test.

use crate::waits::in_time;
use crate::{Caller, Database, Proxy, TestClock};
use rollcall::checkpoint_file::CheckpointFile;
use rollcall::commands::key_file::{DEFAULT_NAME, cluster_key};
use rollcall::config::Config;
use rollcall::store::{self, OpenStore};
use rollcall::wiring::{Listeners, Server};
use rollcall_auth::SystemRandomness;
use rollcall_mail::{Stored, read_outbox};
use rollcall_service::{FirstAdministrator, Service};
use rollcall_store::Store;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// The administrator's name.
pub const ADMIN: &str = "boss";
/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple";

/// The variable that names the engine of all test servers: `postgres`, or `sqlite` when it is not set.
const ENGINE: &str = "ROLLCALL_TEST_STORE";

/// The file of the room that is kept on the disk.
const RESERVE: &str = "reserve";

/// The code that a mail's text shows.
pub fn code_in(text: &str) -> String {
    let (_, rest) = text.split_once("code is ").unwrap();
    rest[..7].to_owned()
}

/// A running server.
#[expect(missing_debug_implementations, reason = "it is made of handles")]
pub struct TestServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its time.
    pub clock: Arc<TestClock>,
    /// Its use cases.
    pub service: Arc<Service>,
    /// Its engine.
    pub store: Arc<dyn Store>,
    opened: OpenStore,
    config: Config,
    directory: TempDir,
    /// Where it keeps everything that it does not keep in the directory.
    database: Option<Database>,
    server: Server,
}

impl TestServer {
    /// A new server with an administrator, whose rate limit nobody reaches.
    pub async fn start() -> Self {
        let mut config = Config::default();
        config.wire.rate_calls = 1_000_000;
        Self::with(config).await
    }

    /// A new server with these settings.
    pub async fn with(config: Config) -> Self {
        let server = Self::new(config).await;
        server.server.open_doors();
        server
    }

    /// A new server that listens and does not answer requests yet.
    pub async fn closed() -> Self {
        Self::new(Config::default()).await
    }

    /// A server whose store is its directory's own, whatever the engine of other servers, with a rate limit that nobody
    /// reaches.
    pub async fn on_its_directory() -> Self {
        let mut config = Config::default();
        config.wire.rate_calls = 1_000_000;
        Self::open(TempDir::new().unwrap(), None, config, Arc::default()).await
    }

    /// A node that others can be started beside, whatever the engine of other servers.
    pub async fn one_of_several(config: Config) -> Self {
        let database = Some(Database::new().await);
        Self::open(TempDir::new().unwrap(), database, config, Arc::default()).await
    }

    /// Another node beside this one, at the same time.
    pub async fn another_node(&self) -> Self {
        self.another_node_on(self.database.clone()).await
    }

    /// The same, whose way to the database can be cut.
    pub async fn another_node_over(&self, way: &Proxy) -> Self {
        self.another_node_on(self.database.as_ref().map(|database| database.over(way))).await
    }

    async fn another_node_on(&self, database: Option<Database>) -> Self {
        let directory = TempDir::new().unwrap();
        let data = directory.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::copy(self.data_dir().join(DEFAULT_NAME), data.join(DEFAULT_NAME)).unwrap();
        Self::open(directory, database, self.config.clone(), self.clock.clone()).await
    }

    /// The database of one of several nodes.
    pub fn database(&self) -> &Database {
        self.database.as_ref().unwrap()
    }

    /// Lets the node have all that others have committed.
    pub async fn catch_up(&self) {
        self.service.catch_up().await.unwrap();
    }

    async fn open(
        directory: TempDir,
        database: Option<Database>,
        config: Config,
        clock: Arc<TestClock>,
    ) -> Self {
        // Some KB, and tests hold several in one future.
        let server = Box::pin(Self::at(directory, database, config, clock)).await;
        server.server.open_doors();
        server
    }

    async fn new(config: Config) -> Self {
        let database = match std::env::var(ENGINE).as_deref() {
            Ok("postgres") => Some(Database::new().await),
            Ok("sqlite") | Err(_) => None,
            Ok(other) => panic!("{ENGINE} is {other:?}, and can be `sqlite` or `postgres`"),
        };
        Box::pin(Self::at(TempDir::new().unwrap(), database, config, Arc::default())).await
    }

    async fn at(
        directory: TempDir,
        database: Option<Database>,
        mut config: Config,
        clock: Arc<TestClock>,
    ) -> Self {
        let randomness = Arc::new(SystemRandomness);
        let path = directory.path().join("data");
        config.server.data_dir = Some(path.clone());
        config.server.key_file = Some(path.join(DEFAULT_NAME));
        config.store.url = database.as_ref().map(|database| database.url().parse().unwrap());
        let opened = store::open(&config, randomness.clone()).await.unwrap();
        let store = opened.store.clone();
        let listener = || rollcall_http::listen(([127, 0, 0, 1], 0).into()).unwrap();
        let listeners = Listeners { requests: listener(), metrics: Some(listener()) };
        let key = cluster_key(&*store, &path.join(DEFAULT_NAME), &*randomness).await.unwrap();
        let (clocked, config_of) = (clock.clone(), config.clone());
        let mail = config.mail_transport(&path).unwrap();
        let checkpoints = Arc::new(CheckpointFile::of(&path));
        let started =
            Server::start(store.clone(), clocked, randomness, key, mail, checkpoints, config_of, listeners);
        let server = started.await.unwrap();
        if !server.service.had_administrator().await.unwrap() {
            let made = server.service.first_administrator(ADMIN, PASSWORD).await.unwrap();
            assert_eq!(made, FirstAdministrator::Made);
        }
        let (address, service) = (server.address, server.service.clone());
        Self { address, clock, service, store, opened, config, directory, database, server }
    }

    /// Stops it cleanly and starts it anew on the same directory, at the same time.
    pub async fn restart(self) -> Self {
        let Self { directory, database, config, clock, opened, server, .. } = self;
        stopped(server).await;
        drop(opened);
        Self::open(directory, database, config, clock).await
    }

    /// Starts it anew on what is on the disk at this moment, at the same time: as after a kill.
    pub async fn restart_as_killed(self) -> Self {
        let (left, copy) = (self.data_dir(), TempDir::new().unwrap());
        let path = copy.path().join("data");
        std::fs::create_dir(&path).unwrap();
        for file in std::fs::read_dir(left).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), path.join(file.file_name())).unwrap();
        }
        let Self { database, config, clock, server, .. } = self;
        let database = match database {
            Some(database) => Some(database.copy().await),
            None => None,
        };
        stopped(server).await;
        Self::open(copy, database, config, clock).await
    }

    /// Stops it cleanly.
    pub async fn stop(self) {
        stopped(self.server).await;
    }

    /// The data directory.
    pub fn data_dir(&self) -> std::path::PathBuf {
        Path::new(self.directory.path()).join("data")
    }

    /// Where it tells of itself.
    pub fn metrics_address(&self) -> SocketAddr {
        self.server.metrics_address.unwrap()
    }

    /// The bytes of all that it keeps, by what they are in: files, and the database.
    pub async fn kept(&self) -> Vec<(String, Vec<u8>)> {
        let mut kept = Vec::new();
        for entry in std::fs::read_dir(self.data_dir()).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with(RESERVE) {
                // It holds nothing, and much of it.
                continue;
            }
            kept.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
        if let Some(database) = &self.database {
            kept.push(("the database".into(), database.contents().await.into_bytes()));
        }
        kept
    }

    /// Lets time pass, and has done what is due then.
    pub async fn pass(&self, time: Duration) {
        // A delivery that is under way would take the new time for the one at which it failed.
        self.service.deliver_mails().await;
        self.clock.advance(time);
        self.service.do_what_is_due().await;
        self.service.deliver_mails().await;
    }

    /// Somebody without credentials, in a browser.
    pub fn caller(&self) -> Caller {
        Caller::new(&format!("http://{}", self.address))
    }

    /// The administrator, signed in; no second factor was proved.
    pub async fn admin(&self) -> Caller {
        self.caller().sign_in(ADMIN, PASSWORD).await
    }

    /// The administrator, signed in, with a second factor that is remembered.
    pub async fn elevated_admin(&self) -> Caller {
        let admin = self.admin().await;
        let answer = admin.with_code(PASSWORD).get("sessions/list.all?count=1").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        admin
    }

    /// All mails that were sent, as far as the outbox keeps them.
    pub async fn outbox(&self) -> Vec<Stored> {
        self.service.deliver_mails().await;
        read_outbox(&self.data_dir()).unwrap()
    }

    /// The newest code that was mailed to a user.
    pub async fn mailed_code(&self, username: &str) -> String {
        let to = format!("{username}@example.test");
        let mails = self.outbox().await;
        code_in(&mails.iter().rfind(|stored| stored.mail.to == to).unwrap().mail.text)
    }

    /// Makes a user of that name, with the password of everybody, and gives its id.
    pub async fn user(&self, username: &str) -> String {
        self.user_with(username, false).await
    }

    /// The same, its address verified or not.
    pub async fn user_with(&self, username: &str, verified: bool) -> String {
        let admin = self.admin().await;
        let body = serde_json::json!({
            "username": username,
            "name": format!("Name of {username}"),
            "email": format!("{username}@example.test"),
            "password": PASSWORD,
            "verified": verified,
        });
        let answer = admin.post("users.create", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        admin.post("logout", &serde_json::json!({})).await;
        answer.body["user"]["_id"].as_str().unwrap().into()
    }
}

async fn stopped(server: Server) {
    in_time("the end of a server", server.stop()).await.unwrap();
}
