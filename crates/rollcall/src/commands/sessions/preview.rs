//! What a filter found, frozen, as somebody is shown it before it is ended.

use super::columns::columns;
use super::list::counts;
use crate::clean::clean;
use crate::commands::connection::tabled;
use crate::remote::{Session, Tally};
use crate::table::grouped;
use rollcall_model::Timestamp;
use serde::Deserialize;
use std::fmt::Write;

/// Values of each breakdown, and sessions, that are shown.
const SHOWN: usize = 5;

/// A preview.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Preview {
    /// Its id.
    #[serde(rename = "preview")]
    pub id: String,
    /// Which set it is.
    pub digest: String,
    /// How many sessions it has.
    pub count: u64,
    filter: String,
    includes_current: bool,
    breakdown: Breakdown,
    sample: Vec<Session>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Breakdown {
    user: Tally,
    device: Tally,
    role: Tally,
}

impl Preview {
    /// As text, as of now.
    pub fn shown(&self, now: Timestamp) -> String {
        let filter = if self.filter.is_empty() { "all sessions".into() } else { clean(&self.filter, 500) };
        let mut text = format!("{filter}: {} to be ended\n", sessions(self.count));
        let Breakdown { user, device, role } = &self.breakdown;
        for (name, tally) in [("user", user), ("device", device), ("role", role)] {
            let more = tally.more + tally.values.len().saturating_sub(SHOWN) as u64;
            let values = tally.values.iter().take(SHOWN).cloned().collect();
            // Text is always writable.
            let _ = write!(text, "\n{}", counts(name, &Tally { values, more }));
        }
        let sample: Vec<&Session> = self.sample.iter().take(SHOWN).collect();
        let _ = write!(text, "\nthe newest:\n{}", tabled(&columns(&sample, now)));
        if self.includes_current {
            text.push_str("\nThe session that asks is among them.\n");
        }
        text
    }
}

/// So many sessions.
pub fn sessions(count: u64) -> String {
    if count == 1 { "1 session".into() } else { format!("{} sessions", grouped(count)) }
}
