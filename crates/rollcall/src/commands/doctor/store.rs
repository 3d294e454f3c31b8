//! The store: can it be read, who holds it, and is the end of its ledger as it was written?

use super::finding::Finding;
use crate::config::Config;
use crate::store::runtime;
use rollcall_model::factor::KeyFingerprint;
use rollcall_model::{Seq, Timestamp};
use rollcall_store::directory::is_held;
use rollcall_store::{BadEvent, ChainEnd, StoreError};
use rollcall_store_postgres::{PostgresReader, Reach};
use rollcall_store_sqlite::{SqliteReader, exists};
use std::path::Path;

/// Events that are verified: a look that ends soon, however long the ledger is.
const VERIFIED_EVENTS: u64 = 10_000;

/// What was seen of a store.
pub struct LookedAt {
    /// What is told of it.
    pub finding: Finding,
    /// Whether a server holds the directory.
    pub held: bool,
    /// What other checks are held against; `None` when it could not be read.
    pub store: Option<Seen>,
}

/// What other checks are held against.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// The cluster key that it is sealed with.
    pub key: Option<KeyFingerprint>,
    /// The last event.
    pub end: Option<Seq>,
    /// When the last event was committed.
    pub last_event_at: Option<Timestamp>,
}

/// Looks at the store that the settings name.
pub fn check(config: &Config, data_dir: &Path) -> LookedAt {
    let held = is_held(data_dir).unwrap_or(false);
    let unseen = |finding| LookedAt { finding, held, store: None };
    let looked_at = match config.database() {
        Ok(Some(reach)) => look_into(&reach, held),
        Ok(None) => look(data_dir),
        Err(error) => return unseen(Finding::bad("store", error.to_string(), "put the setting right")),
    };
    looked_at.unwrap_or_else(|error| unseen(Finding::bad("store", error.to_string(), to_do(&error))))
}

/// Looks into a database.
fn look_into(reach: &Reach, held: bool) -> Result<LookedAt, StoreError> {
    runtime()?.block_on(async {
        let reader = PostgresReader::open(reach).await?;
        let verified = reader.verify_last(VERIFIED_EVENTS).await?;
        let key = reader.workspace().await?.and_then(|workspace| workspace.key);
        let end = verified.as_ref().ok().map(|end| end.seq);
        let store = Some(Seen { key, end, last_event_at: reader.last_event_at().await? });
        Ok(LookedAt { finding: of_chain(verified, reader.schema(), held), held, store })
    })
}

/// What is told of the end of a chain that was verified.
fn of_chain(verified: Result<ChainEnd, BadEvent>, schema: usize, held: bool) -> Finding {
    match verified {
        Ok(end) => {
            let holder = if held { "a server holds it" } else { "no server holds it" };
            let what = format!(
                "schema {schema}, {} events, the last {} of them unbroken; {holder}",
                end.seq,
                end.seq.0.min(VERIFIED_EVENTS)
            );
            Finding::good("store", what)
        }
        Err(BadEvent { seq, what }) => {
            let what = format!("event {seq} of the ledger is not as it was written: {what}");
            Finding::bad(
                "store",
                what,
                "`rollcall audit verify` names the first; keep a copy of the store as it is",
            )
        }
    }
}

fn look(data_dir: &Path) -> Result<LookedAt, StoreError> {
    if !exists(data_dir)? {
        let what = format!("there is none in {}; the first start makes it", data_dir.display());
        let finding = Finding::warning("store", what, "if there should be one, name its directory");
        return Ok(LookedAt { finding, held: false, store: Some(Seen::default()) });
    }
    let held = is_held(data_dir)?;
    let reader = SqliteReader::open(data_dir)?;
    let verified = reader.verify_last(VERIFIED_EVENTS)?;
    let key = reader.workspace()?.and_then(|workspace| workspace.key);
    let end = verified.as_ref().ok().map(|end| end.seq);
    let store = Some(Seen { key, end, last_event_at: reader.last_event_at()? });
    let finding = of_chain(verified, reader.schema(), held);
    Ok(LookedAt { finding, held, store })
}

fn to_do(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable(_) | StoreError::Rejected(_) | StoreError::InDoubt(_) => {
            "run this as the user that runs the server, and look at the disk, or at the database"
        }
        StoreError::Corrupt(_) | StoreError::Forked(_) => {
            "keep a copy of the store as it is, and restore a backup"
        }
        StoreError::DiskFull => "make room on its disk",
        StoreError::SyncFailed(_) => "look at the disk, and restart the server",
        StoreError::NotOurs(_) => "do what it says; nothing was changed",
    }
}
