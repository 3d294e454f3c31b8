//! How many files a server may have open: connections are files, and many systems let a process have 1,024
//! until it asks for more.

use rollcall_model::limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors beside those of connections: the store's, the log's, the listener's.
const OTHERS: u64 = 64;

/// Asks for as many as the system gives, and says so when they are fewer than connections may be.
pub fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
    let wanted = u64::from(limits::CONNECTIONS) + OTHERS;
    if let Some(current) = getrlimit(Resource::Nofile).current.filter(|current| *current < wanted) {
        tracing::warn!(
            current,
            wanted,
            "the system lets this process have fewer open files than connections"
        );
    }
}
