//! Password hashing on threads of its own, so that token checks never queue behind it, and at one pace
//! whatever comes out.
//!
//! **Invariant:** the floor is above the slowest hash that a user has. Hashes of other costs come in by the operator's
//! hand only, so one of each is tried at the start, and when another node is told of a new user; what is replaced at a
//! sign-in is replaced by ours.

use crate::error::Refusal;
use crate::pool::Pool;
use parking_lot::Mutex;
use rollcall_auth::{Cost, Hasher, PasswordDigest};
use rollcall_model::event::PasswordHash;
use rollcall_model::{Randomness, limits};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The least that a floor is.
const FLOOR_MIN: Duration = Duration::from_millis(10);
/// The most that the one hash of ours which is tried may count for: it may have been disturbed.
const FLOOR_OF_OURS: Duration = Duration::from_millis(500);
/// The same of a hash that came from elsewhere, the slowest of which takes a second or so.
const FLOOR_OF_OTHERS: Duration = Duration::from_secs(5);

/// The hashing threads, and what they need to know.
#[derive(Debug)]
pub struct Hashing {
    pool: Pool,
    hasher: Hasher,
    nobodys: PasswordHash,
    /// Costs that the floor knows of.
    tried: Mutex<HashSet<Cost>>,
    floor_micros: AtomicU64,
}

impl Hashing {
    /// Hashes once, to learn how long it takes on this machine. Blocks that long.
    pub fn new(hasher: Hasher, randomness: &dyn Randomness) -> Self {
        let started = Instant::now();
        let nobodys = hasher.hash(&PasswordDigest::of("nobody's"), randomness);
        let floor = floor_above(started.elapsed(), FLOOR_OF_OURS);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        // One core is left to everything else.
        let pool = Pool::new(cores.saturating_sub(1).max(1), limits::HASHING_QUEUE);
        let tried = Mutex::new(HashSet::from([hasher.cost()]));
        Self { pool, hasher, nobodys, tried, floor_micros: AtomicU64::new(micros(floor)) }
    }

    /// Tries a hash of each cost that was not tried before, and raises the floor above the slowest.
    pub async fn try_others(&self, samples: Vec<PasswordHash>) -> Result<(), Refusal> {
        for sample in samples {
            let Some(cost) = Cost::of_stored(&sample).filter(|cost| !self.tried.lock().contains(cost)) else {
                continue;
            };
            let hasher = self.hasher.clone();
            let took = self.pool.run(move || {
                let started = Instant::now();
                hasher.verify(&PasswordDigest::of("nobody's"), &sample);
                started.elapsed()
            });
            let floor = floor_above(took.await?, FLOOR_OF_OTHERS);
            self.floor_micros.fetch_max(micros(floor), Ordering::Relaxed);
            self.tried.lock().insert(cost);
        }
        Ok(())
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

    /// Where hashes wait and are made.
    pub const fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Called now and then: gives back the memory of hashes that nobody asks for any more.
    pub fn rest(&self) {
        self.hasher.rest();
    }

    /// Whether a hash that its password was verified against is to be replaced.
    pub fn is_replaced(&self, hash: &PasswordHash) -> bool {
        self.hasher.is_replaced(hash)
    }

    /// The least time that a refused sign-in takes.
    pub fn floor(&self) -> Duration {
        Duration::from_micros(self.floor_micros.load(Ordering::Relaxed))
    }
}

/// A refusal takes at least half as long again as a hash, so that what differs before and after the hash does
/// not show.
fn floor_above(hash: Duration, most: Duration) -> Duration {
    (hash * 3 / 2).clamp(FLOOR_MIN, most)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_auth::SystemRandomness;

    fn bcrypt(cost: u32) -> PasswordHash {
        PasswordHash(format!("$2b${cost:02}$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"))
    }

    /// The least of three, since others may use the cores too.
    async fn time_of(hashing: &Hashing, hash: Option<PasswordHash>) -> Duration {
        let mut least = Duration::MAX;
        for _ in 0..3 {
            let started = Instant::now();
            assert!(!hashing.verify(PasswordDigest::of("x"), hash.clone()).await.unwrap());
            least = least.min(started.elapsed());
        }
        least
    }

    #[tokio::test]
    async fn the_floor_is_above_the_slowest_hash_that_a_user_has() {
        let hashing = Hashing::new(Hasher::default(), &SystemRandomness);
        let ours = hashing.floor();
        let nobodys = PasswordHash("of no known form".into());
        hashing.try_others(vec![hashing.nobodys.clone(), nobodys]).await.unwrap();
        assert_eq!(hashing.floor(), ours, "with our own hashes only");
        hashing.try_others(vec![bcrypt(4), bcrypt(12), bcrypt(10)]).await.unwrap();
        let slowest = time_of(&hashing, Some(bcrypt(12))).await;
        assert!(slowest > 2 * time_of(&hashing, Some(bcrypt(10))).await);
        assert!(hashing.floor() > slowest, "{:?} is not above {slowest:?}", hashing.floor());
        assert!(hashing.floor() > time_of(&hashing, None).await, "an unknown user is no faster refused");
    }
}
