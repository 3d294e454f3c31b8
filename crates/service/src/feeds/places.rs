//! How many streams a user or a program has.

use crate::{AnyPrincipal, Refusal, Service};
use parking_lot::Mutex;
use rollcall_model::{Actor, limits};
use std::collections::HashMap;
use std::sync::Arc;

/// Streams that are open, by whose they are.
#[derive(Debug, Default)]
pub(crate) struct Places(Mutex<HashMap<Actor, usize>>);

/// A stream's place; it is free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    of: Actor,
    places: Arc<Places>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let open = &mut *self.places.0.lock();
        if let Some(count) = open.get_mut(&self.of) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.of);
            }
        }
    }
}

impl Service {
    /// A place for one more stream of the principal.
    pub fn stream_place(&self, principal: &AnyPrincipal) -> Result<Place, Refusal> {
        let (of, places) = (principal.actor(), self.stream_places.clone());
        let count = &mut *places.0.lock();
        let open = count.entry(of).or_default();
        if *open >= limits::STREAMS_PER_USER {
            return Err(Refusal::TooManyStreams);
        }
        *open += 1;
        Ok(Place { of, places: self.stream_places.clone() })
    }

    /// Returns when the service takes no new work any more.
    pub async fn left(&self) {
        let _ = self.leaving.subscribe().wait_for(|leaving| *leaving).await;
    }
}
