//! What the process counts and measures of itself, for Prometheus: [`Service::metrics`].
//!
//! **Invariant:** the values of a label are few and known beforehand. None is a name, an address, an id or a token.

use crate::{Refusal, Service, SignInRefusal};
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use rollcall_model::{Event, Happening, limits};
use rollcall_store::StoreError;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// Upper bounds of times in histograms, in seconds: from a page out of the index to a store that hangs.
pub const TIMES: [f64; 15] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// The same of how many commands one commit carries out.
const SIZES: [f64; 8] = [1.0, 4.0, 16.0, 64.0, 256.0, 1_024.0, 2_048.0, 4_096.0];

/// One label.
type Label = [(&'static str, &'static str); 1];
type Counters = Family<Label, Counter>;
type Histograms = Family<Label, Histogram, fn() -> Histogram>;
type Seconds = Gauge<f64, AtomicU64>;

/// What is counted and measured as it happens.
pub(crate) struct Metrics {
    registry: Registry,
    sign_ins: Counters,
    opened: Counter,
    ended: Counters,
    commands: Histogram,
    revocations: Histograms,
    fills: Histogram,
    pub store: StoreMetrics,
    levels: Levels,
}

/// What is measured of the store.
#[derive(Clone)]
pub(crate) struct StoreMetrics {
    calls: Histograms,
    errors: Counters,
}

/// What is looked up when somebody asks.
#[derive(Default)]
struct Levels {
    ready: Gauge,
    live: Gauge,
    index_bytes: Gauge,
    as_of_sessions: Gauge,
    seq: Gauge,
    behind: Seconds,
    queues: Family<Label, Gauge>,
    bounds: Family<Label, Gauge>,
    mail_failing: Gauge,
}

/// Whose commit ended a session.
#[derive(Clone, Copy)]
pub(crate) enum CommittedBy {
    ThisNode,
    AnotherNode,
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("rollcall");
        let metrics = Self {
            sign_ins: Family::default(),
            opened: Counter::default(),
            ended: Family::default(),
            commands: Histogram::new(SIZES),
            revocations: times(),
            fills: Histogram::new(TIMES),
            store: StoreMetrics { calls: times(), errors: Family::default() },
            levels: Levels::default(),
            registry: Registry::default(),
        };
        metrics.describe(&mut registry);
        Self { registry, ..metrics }
    }

    /// Names everything. The library puts a full stop behind each text, and `_total` behind a counter's name.
    fn describe(&self, to: &mut Registry) {
        let Self { sign_ins, opened, ended, commands, revocations, fills, store, levels, registry: _ } = self;
        to.register("sign_ins", "Sign-ins by password on this node, by what came of them", sign_ins.clone());
        to.register("sessions_opened", "Sessions opened by commits of this node", opened.clone());
        to.register("sessions_ended", "Sessions ended by commits of this node, by reason", ended.clone());
        to.register("commit_commands", "Commands that one commit carried out", commands.clone());
        let text = "Time from the commit that ended a session until this node refused its token and told its sockets, \
                    for each session; for another node's commit the most that it can have been";
        to.register("revocation_lag_seconds", text, revocations.clone());
        let text = "Time that it took to fill the sessions of a past instant into memory";
        to.register("as_of_fill_seconds", text, fills.clone());
        to.register("store_call_seconds", "Time that the store took to answer, by call", store.calls.clone());
        to.register("store_errors", "Calls that the store did not answer, by reason", store.errors.clone());
        to.register("ready", "Whether this node answers requests: 1 or 0", levels.ready.clone());
        to.register("live_sessions", "Sessions that are live", levels.live.clone());
        to.register("index_bytes", "Memory that the live index takes, about", levels.index_bytes.clone());
        let text = "Sessions of past instants that are held in memory";
        to.register("as_of_sessions", text, levels.as_of_sessions.clone());
        to.register(
            "ledger_seq",
            "The last event of the ledger that this node has taken in",
            levels.seq.clone(),
        );
        let text = "Time since this node last asked where the ledger ends and had taken in what it was told; 0 with a \
                    store of its own";
        to.register("ledger_behind_seconds", text, levels.behind.clone());
        to.register("queue_length", "What waits or is under way, by queue", levels.queues.clone());
        to.register(
            "queue_bound",
            "The most that a queue takes; past it, work is refused",
            levels.bounds.clone(),
        );
        let text = "Whether mails cannot be delivered at present: 1 or 0";
        to.register("mail_failing", text, levels.mail_failing.clone());
    }

    /// A sign-in by password had this outcome.
    pub fn signed_in<T>(&self, outcome: &Result<T, Refusal>) {
        let outcome = match outcome {
            Ok(_) => "signed-in",
            Err(Refusal::SignIn(refusal)) => match refusal {
                SignInRefusal::Unauthorized => "unauthorized",
                SignInRefusal::UserNotActive => "user-not-active",
                SignInRefusal::BlockedForUser(_) => "blocked-for-user",
                SignInRefusal::BlockedForAddress(_) => "blocked-for-address",
                SignInRefusal::SecondFactor(_) => "second-factor",
                SignInRefusal::TokenNotLive => "token-not-live",
            },
            Err(_) => "unavailable",
        };
        self.sign_ins.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// This node committed so many commands, and these events came of them.
    pub fn committed(&self, commands: usize, events: &[Event]) {
        self.commands.observe(f64::from(u32::try_from(commands).unwrap_or(u32::MAX)));
        for event in events {
            match &event.happening {
                Happening::SessionOpened { .. } => drop(self.opened.inc()),
                Happening::SessionEnded { reason, .. } => {
                    self.ended.get_or_create(&[("reason", reason.as_str())]).inc();
                }
                _ => {}
            }
        }
    }

    /// The sessions of a past instant were filled in so long.
    pub fn filled(&self, took: Duration) {
        self.fills.observe(took.as_secs_f64());
    }

    /// So many sessions are refused from now on, each this long after the commit that ended it.
    pub fn revoked(&self, sessions: usize, by: CommittedBy, lag: Duration) {
        let by = match by {
            CommittedBy::ThisNode => "this-node",
            CommittedBy::AnotherNode => "another-node",
        };
        let revocations = self.revocations.get_or_create(&[("committed_by", by)]);
        (0..sessions).for_each(|_| revocations.observe(lag.as_secs_f64()));
    }
}

impl StoreMetrics {
    /// A call was answered, or not.
    pub fn called(&self, call: &'static str, took: Duration, error: Option<&StoreError>) {
        self.calls.get_or_create(&[("call", call)]).observe(took.as_secs_f64());
        if let Some(reason) = error.map(reason) {
            self.errors.get_or_create(&[("reason", reason)]).inc();
        }
    }
}

const fn reason(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable(_) => "unavailable",
        StoreError::Corrupt(_) => "corrupt",
        StoreError::NotOurs(_) => "not-ours",
        StoreError::Rejected(_) => "rejected",
        StoreError::InDoubt(_) => "in-doubt",
        StoreError::Forked(_) => "forked",
        StoreError::DiskFull => "disk-full",
        StoreError::SyncFailed(_) => "sync-failed",
    }
}

fn times() -> Histograms {
    Family::new_with_constructor(|| Histogram::new(TIMES))
}

fn level(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

impl Service {
    /// All of it, in the text format of Prometheus (version 0.0.4).
    pub fn metrics(&self) -> String {
        self.look_up_levels();
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = prometheus_text::encode(&mut text, &self.metrics.registry);
        text
    }

    fn look_up_levels(&self) {
        let levels = &self.metrics.levels;
        let mail = self.mail_state();
        levels.ready.set((self.phase().is_ready() && self.is_current()).into());
        levels.live.set(level(self.standing.live(self.clock.now())));
        levels.index_bytes.set(level(self.standing.size()));
        levels.as_of_sessions.set(level(self.pasts.sessions()));
        levels.seq.set(level(self.following.end().seq.0));
        let behind = self.store.shared().map_or(Duration::ZERO, |_| self.following.age());
        levels.behind.set(behind.as_secs_f64());
        levels.mail_failing.set(mail.failing.is_some().into());
        for (queue, length, bound) in [
            ("writer", level(self.writer.waiting()), level(limits::WRITER_QUEUE)),
            ("hashing", level(self.hashing.pool().under_way()), level(self.hashing.pool().places())),
            ("scans", level(self.scans.under_way()), level(self.scans.places())),
            ("as-of", level(self.pasts.under_way()), level(limits::PASTS_WAITING)),
            ("mails", level(mail.waiting), level(limits::MAILS_QUEUED)),
            ("observations", level(self.observations.kept()), level(limits::OBSERVATIONS)),
        ] {
            levels.queues.get_or_create(&[("queue", queue)]).set(length);
            levels.bounds.get_or_create(&[("queue", queue)]).set(bound);
        }
    }
}
