//! The store that is measured: made once by the demo's seeded generator, and kept for the next run.

use crate::caller::{ADMIN, PASSWORD};
use crate::serve::store_key;
use anyhow::{Context, Result, bail};
use rollcall::config::Config;
use rollcall_auth::{Hasher, PasswordDigest, SystemRandomness};
use rollcall_demo::Size;
use rollcall_http::client_fragment;
use rollcall_index::Loaded;
use rollcall_model::clock::{Clock, SystemClock};
use rollcall_model::limits;
use rollcall_service::{Filling, FirstAdministrator, Parts, Service, Settings, fill};
use rollcall_store::{Loading, Store};
use rollcall_store_sqlite::{SqliteStore, UnfinishedStore};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// How large one with so many live sessions is.
const fn size(sessions: u32) -> Size {
    Size { users: sessions / 100 * 38, live_sessions: sessions, ended_sessions: sessions / 10 * 3, days: 60 }
}
/// The generator's seed.
pub const SEED: u64 = 1;

/// KiB of memory that the hash of the invented people's one password takes, so that thousands can sign in every
/// second: the store is a test workspace. The administrator's costs what it does everywhere.
pub const HASH_KIB: u32 = limits::ARGON2_KIB_MIN;

/// Sessions are up to 60 days old and live for 90: before the first ones end, the store is made anew.
const KEPT_FOR: Duration = Duration::from_hours(24 * 25);

/// A filled store.
pub struct Data {
    /// Its directory.
    pub directory: PathBuf,
    /// How long it took to fill, when it was filled.
    pub filled_in: Duration,
    /// Events in its ledger then.
    pub events: u64,
    /// Whether that was just now.
    pub fresh: bool,
}

/// The store under `root`; made when there is none, or none that will do.
pub fn ready(root: &Path, runtime: &Runtime, sessions: u32, anew: bool) -> Result<Data> {
    let size = size(sessions);
    let directory = root.join(format!("data-{sessions}"));
    // Beside the directory, and written last: a store without it was not finished.
    let note = note(root, sessions);
    let kept = fs::read(&note).ok().and_then(|note| serde_json::from_slice::<Value>(&note).ok());
    if let Some(kept) = kept.filter(|kept| !anew && kept["of"] == of(&size) && directory.is_dir()) {
        let filled_at = kept["at_ms"].as_i64().unwrap_or(0);
        let age_ms = SystemClock.now().as_ms().saturating_sub(filled_at);
        if u128::try_from(age_ms).is_ok_and(|age_ms| age_ms < KEPT_FOR.as_millis()) {
            let number = |name: &str| kept[name].as_u64().unwrap_or(0);
            let filled_in = Duration::from_millis(number("took_ms"));
            return Ok(Data { directory, filled_in, events: number("events"), fresh: false });
        }
    }
    println!("filling the store ({sessions} live sessions) ...");
    let _ = fs::remove_file(&note);
    if directory.exists() {
        fs::remove_dir_all(&directory).with_context(|| format!("cannot remove {}", directory.display()))?;
    }
    fs::create_dir_all(root).with_context(|| format!("cannot make {}", root.display()))?;
    let at_ms = SystemClock.now().as_ms();
    let (filled_in, events) = runtime.block_on(make(&directory, size))?;
    let took_ms = u64::try_from(filled_in.as_millis())?;
    let kept = json!({ "of": of(&size), "at_ms": at_ms, "took_ms": took_ms, "events": events });
    fs::write(&note, kept.to_string()).with_context(|| format!("cannot write {}", note.display()))?;
    Ok(Data { directory, filled_in, events, fresh: true })
}

/// Where it is written what the store was made of, and when.
pub fn note(root: &Path, sessions: u32) -> PathBuf {
    root.join(format!("data-{sessions}.json"))
}

/// What the store was made of.
fn of(size: &Size) -> Value {
    json!(format!("seed {SEED}, {size:?}, {HASH_KIB} KiB, {}", env!("CARGO_PKG_VERSION")))
}

async fn make(directory: &Path, size: Size) -> Result<(Duration, u64)> {
    let began = Instant::now();
    let randomness = Arc::new(SystemRandomness);
    let unfinished = UnfinishedStore::begin(directory, randomness.clone())?;
    let password = Hasher::with_memory(HASH_KIB).hash(&PasswordDigest::of(PASSWORD), &*randomness);
    let filling = Filling { seed: SEED, size, now: SystemClock.now(), password };
    fill(unfinished.store(), &filling, randomness, |_| ()).await?;
    unfinished.finish().await?;
    let took = began.elapsed();
    make_administrator(open(directory)?, directory).await?;
    Ok((took, filling.events()))
}

/// A store with nothing but an administrator.
pub async fn administrator(directory: &Path) -> Result<()> {
    make_administrator(open(directory)?, directory).await
}

fn open(directory: &Path) -> Result<Arc<dyn Store>> {
    Ok(Arc::new(SqliteStore::open(directory, Arc::new(SystemRandomness))?))
}

async fn make_administrator(store: Arc<dyn Store>, directory: &Path) -> Result<()> {
    let randomness = Arc::new(SystemRandomness);
    let key = store_key(&*store, directory, &*randomness).await?;
    let (clock, settings) = (Arc::new(SystemClock), Settings::default());
    let mail = Config::default().mail_transport(directory)?;
    let service = Service::new(Parts { store, clock, randomness, key, mail, settings, client_fragment });
    service.load().await?;
    let made = service.first_administrator(ADMIN, PASSWORD).await;
    service.close().await.ok().context("the store did not close cleanly")?;
    match made {
        Ok(FirstAdministrator::Made) => Ok(()),
        _ => bail!("the administrator was not made"),
    }
}

/// A copy of a store, for those who change it.
pub fn copy(directory: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to)?;
    // The product insists on it.
    fs::set_permissions(to, fs::metadata(directory)?.permissions())?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Its sessions that have not ended, in the order of their numbers.
pub async fn sessions(directory: &Path) -> Result<Vec<Loaded>> {
    let store = SqliteStore::open(directory, Arc::new(SystemRandomness))?;
    let loaded = Arc::<Mutex<Vec<Loaded>>>::default();
    let visit = {
        let loaded = loaded.clone();
        move |piece| {
            if let Loading::Sessions(sessions) = piece {
                let pieces = sessions.into_iter().map(|(session, seen_at)| Loaded { session, seen_at });
                loaded.lock().unwrap_or_else(PoisonError::into_inner).extend(pieces);
            }
        }
    };
    store.load(SystemClock.now() - limits::KNOWN_ADDRESS_FOR, Box::new(visit)).await?;
    store.close().await?;
    Ok(std::mem::take(&mut *loaded.lock().unwrap_or_else(PoisonError::into_inner)))
}
