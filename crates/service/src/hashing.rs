//! Password hashing on threads of its own, so that token checks never queue behind it, and at one pace
//! whatever comes out.

use crate::error::Refusal;
use crate::pool::Pool;
use rollcall_auth::{Hasher, PasswordDigest};
use rollcall_model::event::PasswordHash;
use rollcall_model::{Randomness, limits};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The hashing threads, and what they need to know.
#[derive(Debug)]
pub struct Hashing {
    pool: Pool,
    hasher: Hasher,
    nobodys: PasswordHash,
    floor: Duration,
}

impl Hashing {
    /// Hashes once, to learn how long it takes on this machine. Blocks that long.
    pub fn new(hasher: Hasher, randomness: &dyn Randomness) -> Self {
        let started = Instant::now();
        let nobodys = hasher.hash(&PasswordDigest::of("nobody's"), randomness);
        // A refusal takes at least half as long again as a hash, so that what differs before and after
        // the hash does not show; bounded, since the one measurement may have been disturbed.
        let floor = (started.elapsed() * 3 / 2).clamp(Duration::from_millis(10), Duration::from_millis(500));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        // One core is left to everything else.
        let pool = Pool::new(cores.saturating_sub(1).max(1), limits::HASHING_QUEUE);
        Self { pool, hasher, nobodys, floor }
    }

    /// Whether the password is the one hashed. With no hash, as slow, and no.
    pub async fn verify(&self, digest: PasswordDigest, hash: Option<PasswordHash>) -> Result<bool, Refusal> {
        let somebodys = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobodys.clone());
        let hasher = self.hasher.clone();
        let right = self.pool.run(move || hasher.verify(&digest, &hash)).await?;
        Ok(right && somebodys)
    }

    /// Hashes a new password.
    pub async fn hash(
        &self,
        digest: PasswordDigest,
        randomness: Arc<dyn Randomness>,
    ) -> Result<PasswordHash, Refusal> {
        let hasher = self.hasher.clone();
        self.pool.run(move || hasher.hash(&digest, &*randomness)).await
    }

    /// The least time that a refused sign-in takes.
    pub const fn floor(&self) -> Duration {
        self.floor
    }
}
