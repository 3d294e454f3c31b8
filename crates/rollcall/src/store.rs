//! The store that the settings name: a database, or one of the data directory's own.

use crate::config::Config;
use anyhow::bail;
use rollcall_model::Randomness;
use rollcall_model::clock::{Clock, SystemClock};
use rollcall_store::directory::{self, Hold};
use rollcall_store::{Store, StoreError};
use rollcall_store_postgres::PostgresStore;
use rollcall_store_sqlite::SqliteStore;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

/// An open store, and the hold on the data directory.
#[expect(missing_debug_implementations, reason = "it is made of handles")]
pub struct OpenStore {
    /// The store.
    pub store: Arc<dyn Store>,
    /// With a database, the directory still is one process's; a store of its own holds it itself.
    _hold: Option<Hold>,
}

/// The clock that a store's changes go by: the database's, where nodes share one.
pub fn clock(store: &dyn Store) -> Arc<dyn Clock> {
    store.shared().map_or_else(|| Arc::new(SystemClock) as Arc<dyn Clock>, |shared| shared.clock())
}

/// What a command waits for a store on.
pub fn runtime() -> Result<Runtime, StoreError> {
    let built = Builder::new_current_thread().enable_all().build();
    built.map_err(|error| StoreError::Unavailable(format!("the runtime cannot start: {error}")))
}

/// Opens a store that is there: a database, beside its nodes, or a data directory that no server holds.
pub async fn open_existing(
    config: &Config,
    randomness: Arc<dyn Randomness>,
) -> anyhow::Result<Arc<dyn Store>> {
    // Opening would make one.
    if let Some(reach) = config.database()? {
        if !rollcall_store_postgres::exists(&reach).await? {
            bail!("there is no store in the database");
        }
        return Ok(Arc::new(PostgresStore::open(reach, randomness).await?));
    }
    let data_dir = config.data_dir()?;
    if !rollcall_store_sqlite::exists(data_dir)? {
        bail!("there is no store in {}", data_dir.display());
    }
    Ok(Arc::new(SqliteStore::open(data_dir, randomness)?))
}

/// Opens the store, making what is not there.
pub async fn open(config: &Config, randomness: Arc<dyn Randomness>) -> anyhow::Result<OpenStore> {
    let data_dir = config.data_dir()?;
    match config.database()? {
        Some(reach) => {
            let hold = Some(directory::hold(data_dir)?);
            let store = Arc::new(PostgresStore::open(reach, randomness).await?);
            Ok(OpenStore { store, _hold: hold })
        }
        None => Ok(OpenStore { store: Arc::new(SqliteStore::open(data_dir, randomness)?), _hold: None }),
    }
}
