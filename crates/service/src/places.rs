//! Where in the ledger an instant lies. Times never fall along it, so halving finds the place: for any number of instants
//! with some thirty questions, each for one event an instant.

use crate::{Refusal, Service};
use rollcall_model::{Seq, Timestamp};
use rollcall_store::reading::Moment;
use std::collections::HashMap;

impl Service {
    /// Of each instant the last event of it or of before; `None` where there was none yet.
    pub(crate) async fn last_events(&self, instants: &[Timestamp]) -> Result<Vec<Option<Moment>>, Refusal> {
        let end = self.store.end().await?.seq;
        let mut places: Vec<Place> =
            instants.iter().map(|at| Place { at: *at, last: None, beyond: end.next() }).collect();
        loop {
            let mut asked: Vec<Seq> = places.iter().filter_map(Place::between).collect();
            if asked.is_empty() {
                return Ok(places.into_iter().map(|place| place.last).collect());
            }
            asked.sort_unstable();
            asked.dedup();
            let told = self.store.moments(asked).await?;
            let told: HashMap<Seq, Moment> = told.into_iter().map(|moment| (moment.seq, moment)).collect();
            for place in &mut places {
                let Some(between) = place.between() else { continue };
                match told.get(&between) {
                    Some(moment) if moment.at <= place.at => place.last = Some(*moment),
                    // The ledger has no gaps: what is not there is behind its end.
                    _ => place.beyond = between,
                }
            }
        }
    }
}

/// What is known of where an instant lies.
struct Place {
    at: Timestamp,
    /// The last event that is known to be of it or of before.
    last: Option<Moment>,
    /// The first that is known to be of after.
    beyond: Seq,
}

impl Place {
    /// The event in the middle of what is not known.
    fn between(&self) -> Option<Seq> {
        let last = self.last.map_or(0, |moment| moment.seq.0);
        let unknown = self.beyond.0 - last - 1;
        (unknown > 0).then(|| Seq(last + unknown.div_ceil(2)))
    }
}
