//! What is done over and over until the service stops.

use crate::{Phase, Service};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Instants at which something is due: now, and then one after each period. One that is late puts off those behind it.
pub(crate) struct Ticks {
    ticks: Interval,
    phase: watch::Receiver<Phase>,
}

impl Service {
    pub(crate) fn ticks(&self, period: Duration) -> Ticks {
        let mut ticks = interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ticks { ticks, phase: self.phase.subscribe() }
    }
}

impl Ticks {
    /// Waits for the next; false when the service stops.
    pub async fn next(&mut self) -> bool {
        let Self { ticks, phase } = self;
        tokio::select! {
            () = stopped(phase) => false,
            _ = ticks.tick() => true,
        }
    }

    /// Returns when the service stops.
    pub async fn stopped(&mut self) {
        stopped(&mut self.phase).await;
    }
}

async fn stopped(phase: &mut watch::Receiver<Phase>) {
    // One that is gone has stopped.
    let _ = phase.wait_for(|phase| *phase == Phase::Stopping).await;
}
