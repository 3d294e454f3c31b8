//! Reads and refusals on their way to the ledger: the first of a kind is written at the next turn, its
//! repeats within a window are counted and written when the window closes.
//!
//! **Invariant:** at most `limits::OBSERVATIONS` different ones are kept in a window; the rest are counted
//! together, so that a flood cannot fill the ledger.

use parking_lot::Mutex;
use rollcall_model::event::{Observation, Observed};
use rollcall_model::{Actor, Timestamp, limits};
use std::collections::HashMap;

/// What was seen and not yet written.
#[derive(Debug, Default)]
pub struct Observations(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    fresh: Vec<Observation>,
    /// By the observation with `times` at zero.
    windows: HashMap<Observation, Window>,
}

#[derive(Debug)]
struct Window {
    opened_at: Timestamp,
    repeats: u64,
}

impl Observations {
    /// Takes note of one. Its `times` counts for nothing.
    pub fn note(&self, mut observation: Observation, now: Timestamp) {
        observation.times = 0;
        let seen = &mut *self.0.lock();
        if seen.windows.len() >= limits::OBSERVATIONS && !seen.windows.contains_key(&observation) {
            observation = others(&observation.what);
        }
        if let Some(window) = seen.windows.get_mut(&observation) {
            window.repeats += 1;
        } else {
            seen.fresh.push(Observation { times: 1, ..observation.clone() });
            seen.windows.insert(observation, Window { opened_at: now, repeats: 0 });
        }
    }

    /// How many different ones are kept.
    pub fn kept(&self) -> usize {
        self.0.lock().windows.len()
    }

    /// What is to be written at `now`: the first of each kind, and the repeats of windows that closed.
    pub fn due(&self, now: Timestamp) -> Vec<Observation> {
        let seen = &mut *self.0.lock();
        let mut due = std::mem::take(&mut seen.fresh);
        seen.windows.retain(|observation, window| {
            let open = now < window.opened_at + limits::OBSERVATION_WINDOW;
            if !open && window.repeats > 0 {
                due.push(Observation { times: window.repeats, ..observation.clone() });
            }
            open
        });
        due
    }

    /// All that was not written yet, at the end of the process.
    pub fn rest(&self) -> Vec<Observation> {
        self.due(Timestamp::from_ms(i64::MAX))
    }
}

/// What stands for those that found no place: one for reads, one for refusals.
fn others(what: &Observed) -> Observation {
    let what = match what {
        Observed::Read { .. } => Observed::Read { filter: String::new(), as_of: None },
        Observed::Refused { .. } => Observed::Refused { reason: "other" },
    };
    Observation { by: Actor::Anyone, from: None, endpoint: "other", what, times: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(n: u64) -> Observation {
        let by = Actor::User(rollcall_model::UserNo(n));
        Observation { by, from: None, endpoint: "me", what: Observed::Refused { reason: "x" }, times: 9 }
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn repeats_are_counted_and_written_when_the_window_closes() {
        let observations = Observations::default();
        for ms in 0..5 {
            observations.note(refused(1), at(ms));
        }
        let times = |due: Vec<Observation>| due.iter().map(|seen| seen.times).collect::<Vec<_>>();
        assert_eq!(times(observations.due(at(1_000))), [1]);
        assert!(observations.due(at(59_999)).is_empty());
        assert_eq!(times(observations.due(at(60_000))), [4]);
        observations.note(refused(1), at(60_001));
        assert_eq!(times(observations.due(at(60_002))), [1]);
    }

    #[test]
    fn a_flood_is_counted_together() {
        let observations = Observations::default();
        let many = limits::OBSERVATIONS as u64 + 500;
        for n in 0..many {
            observations.note(refused(n), at(0));
        }
        assert_eq!(observations.due(at(1)).len(), limits::OBSERVATIONS + 1);
        let rest = observations.rest();
        assert_eq!(rest.len(), 1);
        assert_eq!((rest[0].endpoint, rest[0].times), ("other", 499));
    }
}
