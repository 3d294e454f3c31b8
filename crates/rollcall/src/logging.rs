//! Logs on stderr: readable on a terminal, JSON lines elsewhere, unless the settings say otherwise.

use std::fmt;
use std::io::{IsTerminal, stderr};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormattedFields;
use tracing_subscriber::fmt::format::{FormatFields, Writer};

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
        let logs = logs.json().flatten_event(true).with_current_span(true).with_span_list(false);
        logs.fmt_fields(SpanFields).init();
    }
}

/// Fields of a span as a JSON object. Every request has a span, few of them a line in the log: the crate's own
/// makes a sorted map of values first, which cost more than the rest of the span.
struct SpanFields;

impl<'writer> FormatFields<'writer> for SpanFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        writer.write_char('{')?;
        let mut object = Object { writer, separator: "", written: Ok(()) };
        fields.record(&mut object);
        object.written?;
        object.writer.write_char('}')
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        // Into the object that is there.
        current.fields.pop();
        let separator = if current.fields.len() > 1 { "," } else { "" };
        let mut object = Object { writer: current.as_writer(), separator, written: Ok(()) };
        fields.record(&mut object);
        object.written?;
        object.writer.write_char('}')
    }
}

/// A JSON object while its fields are written.
struct Object<'writer> {
    writer: Writer<'writer>,
    separator: &'static str,
    written: fmt::Result,
}

impl Object<'_> {
    fn field(&mut self, field: &Field, value: &str) -> fmt::Result {
        let value = serde_json::to_string(value).map_err(|_| fmt::Error)?;
        write!(self.writer, "{}\"{}\":{value}", self.separator, field.name())?;
        self.separator = ",";
        Ok(())
    }
}

impl Visit for Object<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.written = self.written.and_then(|()| self.field(field, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_within_a_span_says_what_the_span_says() {
        let lines = Lines::default();
        let writer = lines.clone();
        let logs = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(true);
        let logs = logs.with_span_list(false).fmt_fields(SpanFields).with_writer(move || writer.clone());
        tracing::subscriber::with_default(logs.finish(), || {
            let span = tracing::info_span!("request", id = "a\"b\\\n", n = 7, late = tracing::field::Empty);
            span.record("late", "é");
            span.in_scope(|| tracing::info!("told"));
            tracing::info_span!("bare").in_scope(|| tracing::info!("told"));
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let spans: Vec<_> = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["span"].clone())
            .collect();
        let request = serde_json::json!({ "id": "a\"b\\\n", "n": "7", "late": "é", "name": "request" });
        assert_eq!(spans, [request, serde_json::json!({ "name": "bare" })]);
    }
}
