//! How late endings are known on each node, for receipts: a node tells the store how far it follows and how late it was,
//! and whoever finishes a revocation waits until all that are heard of follow to its end.

use crate::Service;
use parking_lot::Mutex;
use rollcall_model::limits;
use rollcall_model::revocation::NodeLag;
use rollcall_store::{NodeReport, SharedStore};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// How late others' endings were known on this node, of late.
#[derive(Default)]
pub(crate) struct Lags {
    /// When each was known, and how late.
    known: Mutex<VecDeque<(Duration, Duration)>>,
    /// Rung for each.
    noted: Notify,
}

impl Lags {
    /// Takes down that endings are known now, this late.
    pub fn note(&self, now: Duration, lag: Duration) {
        let mut known = self.known.lock();
        known.push_back((now, lag));
        forget(&mut known, now);
        self.noted.notify_one();
    }

    fn longest(&self, now: Duration) -> Duration {
        let mut known = self.known.lock();
        forget(&mut known, now);
        known.iter().map(|(_, lag)| *lag).max().unwrap_or_default()
    }
}

fn forget(known: &mut VecDeque<(Duration, Duration)>, now: Duration) {
    while known.front().is_some_and(|(at, _)| *at + limits::LAGS_TOLD < now) {
        known.pop_front();
    }
}

/// The longest lags of other nodes, as they told them in the course of a revocation.
#[derive(Default)]
pub(crate) struct LagsOfOthers {
    longest: BTreeMap<u64, Duration>,
    asked_at: Option<Duration>,
}

impl LagsOfOthers {
    fn note(&mut self, report: &NodeReport) {
        let longest = self.longest.entry(report.node).or_default();
        *longest = report.lag.max(*longest);
    }
}

impl Service {
    /// Tells the store how far this node follows, each second and when it has heard of endings, until the service stops.
    pub(crate) async fn keep_reporting(self: Arc<Self>) {
        let Some(shared) = self.store.shared() else { return };
        let mut ticks = self.ticks(limits::REPORT_PERIOD);
        loop {
            tokio::select! {
                goes_on = ticks.next() => if !goes_on { return },
                () = self.following.lags.noted.notified() => {}
            }
            let lag = self.following.lags.longest(self.clock.running());
            let report = NodeReport { node: self.node, followed: self.following.end().seq, lag };
            // A node that cannot tell is not heard of; that the store does not answer is in the log already.
            let _ = shared.report(report).await;
        }
    }

    /// Hears what others tell while a revocation goes on: what they tell of is over after some seconds.
    pub(crate) async fn hear_lags(&self, lags: &mut LagsOfOthers) {
        let Some(shared) = self.store.shared() else { return };
        let now = self.clock.running();
        if lags.asked_at.is_none_or(|asked_at| asked_at + limits::REPORT_PERIOD < now) {
            lags.asked_at = Some(now);
            self.hear_of_others(shared, lags).await;
        }
    }

    /// The lag of each node, this one first. Waits until all that are heard of follow to where this one stands, whoever
    /// made the last step, and no longer than their next report takes: one that does not follow by then is left out, and
    /// refuses by itself what it is not sure of.
    pub(crate) async fn lags_of_all(&self, own: Duration, mut others: LagsOfOthers) -> Vec<NodeLag> {
        let mut all = vec![NodeLag { node: name(self.node), lag: own }];
        let Some(shared) = self.store.shared() else { return all };
        let (last, until) = (self.following.end().seq, self.clock.running() + limits::REPORT_PERIOD * 2);
        let behind = loop {
            let behind = self.hear_of_others(shared, &mut others).await;
            let behind: Vec<u64> =
                behind.iter().filter(|report| report.followed < last).map(|report| report.node).collect();
            if behind.is_empty() || self.clock.running() >= until {
                break behind;
            }
            sleep(limits::FOLLOW_PERIOD).await;
        };
        let known = others.longest.into_iter().filter(|(node, _)| !behind.contains(node));
        all.extend(known.map(|(node, lag)| NodeLag { node: name(node), lag }));
        all
    }

    /// What the other nodes told last, if they are heard of.
    async fn hear_of_others(&self, shared: &dyn SharedStore, lags: &mut LagsOfOthers) -> Vec<NodeReport> {
        let mut reports = shared.reports(limits::REPORT_PERIOD * 3).await.unwrap_or_default();
        reports.retain(|report| report.node != self.node);
        for report in &reports {
            lags.note(report);
        }
        reports
    }
}

/// A node's number as receipts, logs and metrics write it.
fn name(node: u64) -> String {
    format!("{node:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_lag_counts_until_it_is_told() {
        let lags = Lags::default();
        let at = Duration::from_millis;
        lags.note(at(1_000), at(7));
        lags.note(at(1_500), at(3));
        assert_eq!(lags.longest(at(2_000)), at(7));
        let later = at(1_001) + limits::LAGS_TOLD;
        assert_eq!(lags.longest(later), at(3));
        assert_eq!(lags.longest(later + at(500)), at(0));
    }
}
