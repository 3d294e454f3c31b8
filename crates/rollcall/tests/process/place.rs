//! Where a server under test keeps everything: in a data directory, or in a database beside it.

use crate::process::serve;
use rollcall::config::Config;
use rollcall::store;
use rollcall_auth::SystemRandomness;
use rollcall_model::clock::{Clock, SystemClock};
use rollcall_model::{Command as Change, Seq, SessionId, SessionNo, Timestamp, UserNo};
use rollcall_store::{ChainEnd, LiveSets, Loading, Store};
use rollcall_testkit::Database;
use std::collections::HashSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// The variable that names the engine: `postgres`, or `sqlite` when it is not set.
const ENGINE: &str = "ROLLCALL_TEST_STORE";

/// The place.
pub struct Place {
    directory: TempDir,
    database: Option<Database>,
}

/// What is kept there.
pub struct Kept {
    /// The ledger's end; the chain was verified up to it.
    pub end: ChainEnd,
    /// The sessions that have not been ended.
    pub live: HashSet<String>,
}

impl Place {
    /// A new one, on the engine that the environment names.
    pub async fn new() -> Self {
        let database = match std::env::var(ENGINE).as_deref() {
            Ok("postgres") => Some(Database::new().await),
            Ok("sqlite") | Err(_) => None,
            Ok(other) => panic!("{ENGINE} is {other:?}, and can be `sqlite` or `postgres`"),
        };
        Self { directory: TempDir::new().unwrap(), database }
    }

    fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// A command that serves it.
    pub fn serve(&self) -> Command {
        let mut command = serve(&self.data_dir());
        if let Some(database) = &self.database {
            let key = self.directory.path().join("key");
            command.args(["--store", &database.url(), "--key-file"]).arg(key);
        }
        command
    }

    /// Reads everything while no server runs, and verifies the chain; it goes on where it ended before. Of a data
    /// directory it is a copy that is read: to recover the original is the server's part.
    pub async fn kept(&self, before: Option<ChainEnd>) -> Kept {
        let copy = TempDir::new().unwrap();
        let mut config = Config::default();
        if let Some(database) = &self.database {
            config.store.url = Some(database.url().parse().unwrap());
        } else {
            for file in std::fs::read_dir(self.data_dir()).unwrap() {
                let file = file.unwrap();
                std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
            }
            config.server.data_dir = Some(copy.path().to_owned());
        }
        let store = store::open_existing(&config, Arc::new(SystemRandomness)).await.unwrap();
        // What a killed server had sent may be on its way in the database still: it holds the head until it is done.
        let nothing = Change::ExpireSessions { sessions: Vec::new(), idle: None };
        store.commit([nothing].into(), Arc::new(Nobody), SystemClock.now()).await.unwrap();
        let end = store.verify().await.unwrap().unwrap();
        if let Some(before) = before {
            let then = store.ledger(Seq(before.seq.0 - 1), 1).await.unwrap().remove(0);
            assert_eq!((then.envelope.seq, then.hash), (before.seq, before.hash), "the past is another one");
        }
        let live = live(&*store).await;
        store.close().await.unwrap();
        Kept { end, live }
    }
}

/// Whoever commits nothing needs to know of nobody's sessions.
struct Nobody;

impl LiveSets for Nobody {
    fn sessions_of(&self, _user: UserNo) -> Vec<SessionNo> {
        Vec::new()
    }
}

async fn live(store: &dyn Store) -> HashSet<String> {
    let found = Arc::new(Mutex::new(HashSet::new()));
    let found_by_the_store = found.clone();
    let visit = move |piece: Loading| {
        if let Loading::Sessions(sessions) = piece {
            let ids = sessions.iter().map(|(session, _)| SessionId::as_str(&session.id).to_owned());
            found_by_the_store.lock().unwrap().extend(ids);
        }
    };
    store.load(Timestamp::from_ms(i64::MAX), Box::new(visit)).await.unwrap();
    std::mem::take(&mut *found.lock().unwrap())
}
