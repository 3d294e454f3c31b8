//! What can be written at present: everything, or, on a full disk, only what room is kept in reserve for, or, after a
//! failed sync, nothing more. Whoever writes asks here before, and says here how it went.
//!
//! **Invariants**
//! - When the disk is found full, the reserve is given back, and only [`Command::has_reserve`] says what is taken,
//!   until the reserve can be kept again.
//! - After a failed sync nothing is written until the store is opened anew, not even what closing would write: pages
//!   that the system dropped are taken for written by SQLite, and only reading the whole log anew puts them right.
//!
//! [`Command::has_reserve`]: rollcall_model::Command::has_reserve

use crate::reserve::Reserve;
use rollcall_store::{Hindrance, StoreError};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// The condition of an open store.
#[derive(Debug, Default)]
pub struct Condition {
    /// One that is being filled has none.
    reserve: Option<Reserve>,
    full: AtomicBool,
    sync_failed: AtomicBool,
    failing: Mutex<Option<String>>,
    /// Whoever writes the log back holds it until it has said how that went.
    pub log: Mutex<()>,
}

impl Condition {
    /// That of a store in a directory.
    pub fn with_reserve(directory: &Path) -> Self {
        Self { reserve: Some(Reserve::of(directory)), ..Self::default() }
    }

    /// Keeps the reserve from now on, unless the disk is full.
    pub fn keep_reserve(&self) {
        if let Some(reserve) = &self.reserve
            && !self.is_full()
            && let Err(error) = reserve.keep()
        {
            tracing::error!(%error, "no room can be kept in reserve: {}", Hindrance::DiskFull);
            self.full.store(true, Ordering::Release);
        }
    }

    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Acquire)
    }

    /// Whether a sync failed.
    pub fn has_failed_sync(&self) -> bool {
        self.sync_failed.load(Ordering::Acquire)
    }

    /// Why not all is taken.
    pub fn hindrance(&self) -> Option<Hindrance> {
        if self.has_failed_sync() {
            return Some(Hindrance::SyncFailed);
        }
        if self.is_full() {
            return Some(Hindrance::DiskFull);
        }
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.clone().map(Hindrance::Failing)
    }

    /// Writes, unless nothing may be written any more. When the disk turns out to be full, it is tried once more with
    /// the reserve given back; `write` is told whether the disk is full.
    pub fn write<T>(&self, write: impl FnMut(bool) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let written = self.write_ahead(write)?;
        // It may be lost with what was not synced meanwhile.
        if self.has_failed_sync() { Err(StoreError::SyncFailed("one beside it".into())) } else { Ok(written) }
    }

    /// The same, where whoever settles it finds out whether it is on the disk.
    pub fn write_ahead<T>(
        &self,
        mut write: impl FnMut(bool) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.has_failed_sync() {
            return Err(StoreError::SyncFailed("an earlier one".into()));
        }
        let mut written = write(self.is_full());
        if matches!(written, Err(StoreError::DiskFull)) && self.give_reserve_back() {
            written = write(true);
        }
        if let Err(error) = &written {
            self.note(error);
        }
        written
    }

    /// Takes note of what went wrong with a write.
    pub fn note(&self, error: &StoreError) {
        match error {
            StoreError::DiskFull => _ = self.give_reserve_back(),
            StoreError::SyncFailed(_) => {
                if !self.sync_failed.swap(true, Ordering::AcqRel) {
                    tracing::error!(%error, "restart the server: what the log holds is written anew then");
                }
            }
            // It is about what was to be written.
            StoreError::Rejected(_) => {}
            error => self.set_failing(Some(error.to_string())),
        }
    }

    /// Takes note that something was written, and is on the disk.
    pub fn went_well(&self) {
        self.set_failing(None);
    }

    fn set_failing(&self, failing: Option<String>) {
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = failing;
    }

    /// Gives it back when the disk was not known to be full; says whether that was so.
    fn give_reserve_back(&self) -> bool {
        let Some(reserve) = self.reserve.as_ref().filter(|_| !self.is_full()) else { return false };
        if let Err(error) = reserve.give_back() {
            tracing::error!(%error, "the room in reserve is not to be had");
        }
        let is_news = !self.full.swap(true, Ordering::AcqRel);
        if is_news {
            tracing::error!("{}", Hindrance::DiskFull);
        }
        is_news
    }

    /// Keeps the reserve again when there is room for it; then everything is taken again.
    pub fn look_for_room(&self) {
        if let Some(reserve) = &self.reserve
            && self.is_full()
            && reserve.keep().is_ok()
        {
            self.full.store(false, Ordering::Release);
            tracing::warn!("there is room on the disk again: everything is taken");
        }
    }
}
