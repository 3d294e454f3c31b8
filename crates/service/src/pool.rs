//! Work that blocks, off the async threads: a bounded number at once, a bounded number waiting, and a
//! clear refusal past that.

use crate::error::Refusal;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// A bounded way to the blocking threads.
#[derive(Clone, Debug)]
pub struct Pool {
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
    places: usize,
}

impl Pool {
    /// At most `at_once` run, and `waiting` more wait.
    pub fn new(at_once: usize, waiting: usize) -> Self {
        Self {
            admitted: Arc::new(Semaphore::new(at_once + waiting)),
            running: Arc::new(Semaphore::new(at_once)),
            places: at_once + waiting,
        }
    }

    /// How much can wait or run.
    pub const fn places(&self) -> usize {
        self.places
    }

    /// How much waits or runs.
    pub fn under_way(&self) -> usize {
        self.places - self.admitted.available_permits()
    }

    /// Runs `work` when its turn comes; refused as unavailable when too many wait. Work that has begun is
    /// finished, and keeps its place, also when nobody waits for it any more.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let admitted = self.admitted.clone().try_acquire_owned().map_err(|_| Refusal::Unavailable)?;
        let running = self.running.clone().acquire_owned().await.map_err(|_| Refusal::Unavailable)?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((running, admitted));
            result
        });
        done.await.map_err(|panic| {
            tracing::error!(%panic, "blocking work panicked");
            Refusal::Unavailable
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn past_its_bound_work_is_turned_away_and_the_rest_is_done() {
        let pool = Pool::new(1, 1);
        let (go, gone) = std::sync::mpsc::channel::<()>();
        let first = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(move || gone.recv().is_ok()).await }
        });
        let second = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(|| 2).await }
        });
        while pool.admitted.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.run(|| 3).await, Err(Refusal::Unavailable));
        go.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(true));
        assert_eq!(second.await.unwrap(), Ok(2));
    }
}
