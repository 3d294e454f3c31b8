//! Logs on stderr: readable on a terminal, JSON lines elsewhere. `ROLLCALL_LOG` sets the level.

use std::io::{IsTerminal, stderr};
use tracing::level_filters::LevelFilter;

/// Sets logging up for the process. A level that cannot be read is as `info`.
pub fn start() {
    let level = std::env::var("ROLLCALL_LOG").ok().and_then(|level| level.parse().ok());
    let logs =
        tracing_subscriber::fmt().with_max_level(level.unwrap_or(LevelFilter::INFO)).with_writer(stderr);
    if stderr().is_terminal() {
        logs.compact().with_target(false).init();
    } else {
        logs.json().flatten_event(true).with_current_span(true).with_span_list(false).init();
    }
}
