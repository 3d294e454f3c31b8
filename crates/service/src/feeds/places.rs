//! How many streams a user has.

use crate::{Principal, Refusal, Service};
use parking_lot::Mutex;
use rollcall_model::{UserNo, limits};
use std::collections::HashMap;
use std::sync::Arc;

/// Streams that are open, by user.
#[derive(Debug, Default)]
pub(crate) struct Places(Mutex<HashMap<UserNo, usize>>);

/// A stream's place; it is free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    user: UserNo,
    places: Arc<Places>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let by_user = &mut *self.places.0.lock();
        if let Some(count) = by_user.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                by_user.remove(&self.user);
            }
        }
    }
}

impl Service {
    /// A place for one more stream of the principal.
    pub fn stream_place(&self, principal: &Principal) -> Result<Place, Refusal> {
        let (user, places) = (principal.user(), self.stream_places.clone());
        let count = &mut *places.0.lock();
        let open = count.entry(user).or_default();
        if *open >= limits::STREAMS_PER_USER {
            return Err(Refusal::TooManyStreams);
        }
        *open += 1;
        Ok(Place { user, places: self.stream_places.clone() })
    }

    /// Returns when the service stops.
    pub async fn stopping(&self) {
        crate::ticks::stopped(&mut self.phase.subscribe()).await;
    }
}
