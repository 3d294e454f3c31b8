//! Waits that end.

use std::time::Duration;

/// What has not come after so long will not come: far more than the slowest machine needs for one answer.
pub const HANGS: Duration = Duration::from_mins(2);

/// Waits for what has to come. A hang fails the test that hangs, and does not hold up all others.
pub async fn in_time<T>(what: &str, work: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(HANGS, work).await;
    done.unwrap_or_else(|_| panic!("{what}: nothing in {HANGS:?}"))
}
