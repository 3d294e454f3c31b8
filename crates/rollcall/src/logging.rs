//! Logs on stderr: readable on a terminal, JSON lines elsewhere, unless the settings say otherwise.

use std::io::{IsTerminal, stderr};
use tracing::level_filters::LevelFilter;

/// Settings of the log.
#[derive(Clone, Copy, Debug)]
pub struct Logs {
    /// What is not below this is written.
    pub level: LevelFilter,
    /// How it is written.
    pub format: LogFormat,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text when stderr is a terminal, JSON otherwise.
    #[default]
    Auto,
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Logs {
    fn default() -> Self {
        Self { level: LevelFilter::INFO, format: LogFormat::Auto }
    }
}

impl Logs {
    /// Whether lines are written for people.
    pub fn are_text(self) -> bool {
        match self.format {
            LogFormat::Auto => stderr().is_terminal(),
            LogFormat::Text => true,
            LogFormat::Json => false,
        }
    }
}

/// Sets logging up for the process.
pub fn start(settings: Logs) {
    let logs = tracing_subscriber::fmt().with_max_level(settings.level).with_writer(stderr);
    if settings.are_text() {
        logs.compact().with_target(false).with_ansi(stderr().is_terminal()).init();
    } else {
        logs.json().flatten_event(true).with_current_span(true).with_span_list(false).init();
    }
}
