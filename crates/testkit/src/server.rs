//! A server for one test.

use crate::waits::in_time;
use crate::{Caller, TestClock};
use rollcall::checkpoint_file::CheckpointFile;
use rollcall::commands::key_file::{DEFAULT_NAME, cluster_key};
use rollcall::config::Config;
use rollcall::wiring::Server;
use rollcall_auth::SystemRandomness;
use rollcall_mail::{Stored, read_outbox};
use rollcall_service::{FirstAdministrator, Service};
use rollcall_store::Store;
use rollcall_store_sqlite::SqliteStore;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// The administrator's name.
pub const ADMIN: &str = "boss";
/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple";

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
    config: Config,
    directory: TempDir,
    server: Option<Server>,
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
        let server = Self::at(TempDir::new().unwrap(), config, Arc::default()).await;
        server.server.as_ref().unwrap().open_doors();
        server
    }

    /// A new server that listens and does not answer requests yet.
    pub async fn closed() -> Self {
        Self::at(TempDir::new().unwrap(), Config::default(), Arc::default()).await
    }

    async fn at(directory: TempDir, config: Config, clock: Arc<TestClock>) -> Self {
        let randomness = Arc::new(SystemRandomness);
        let path = directory.path().join("data");
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path, randomness.clone()).unwrap());
        let listener = rollcall_http::listen(([127, 0, 0, 1], 0).into()).unwrap();
        let key = cluster_key(&*store, &path.join(DEFAULT_NAME), &*randomness).await.unwrap();
        let (clocked, config_of) = (clock.clone(), config.clone());
        let mail = config.mail_transport(&path).unwrap();
        let checkpoints = Arc::new(CheckpointFile::of(&path));
        let started =
            Server::start(store.clone(), clocked, randomness, key, mail, checkpoints, config_of, listener);
        let server = started.await.unwrap();
        if !server.service.had_administrator().await.unwrap() {
            let made = server.service.first_administrator(ADMIN, PASSWORD).await.unwrap();
            assert_eq!(made, FirstAdministrator::Made);
        }
        let (address, service) = (server.address, server.service.clone());
        Self { address, clock, service, store, config, directory, server: Some(server) }
    }

    /// Stops it cleanly and starts it anew on the same directory, at the same time.
    pub async fn restart(mut self) -> Self {
        in_time("the end of a server", self.server.take().unwrap().stop()).await.unwrap();
        let Self { directory, config, clock, .. } = self;
        let server = Self::at(directory, config, clock).await;
        server.server.as_ref().unwrap().open_doors();
        server
    }

    /// Starts it anew on what is on the disk at this moment, at the same time: as after a kill.
    pub async fn restart_as_killed(mut self) -> Self {
        let (left, copy) = (self.data_dir(), TempDir::new().unwrap());
        let path = copy.path().join("data");
        std::fs::create_dir(&path).unwrap();
        for file in std::fs::read_dir(left).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), path.join(file.file_name())).unwrap();
        }
        in_time("the end of a server", self.server.take().unwrap().stop()).await.unwrap();
        let Self { config, clock, .. } = self;
        let server = Self::at(copy, config, clock).await;
        server.server.as_ref().unwrap().open_doors();
        server
    }

    /// Stops it cleanly.
    pub async fn stop(mut self) {
        in_time("the end of a server", self.server.take().unwrap().stop()).await.unwrap();
    }

    /// The data directory.
    pub fn data_dir(&self) -> std::path::PathBuf {
        Path::new(self.directory.path()).join("data")
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
