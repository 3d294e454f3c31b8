//! Mails on their way out of the process: the queue is the store's, and what carries them is the binary's.
//!
//! **Invariants:** no answer waits for a delivery; a mail that was queued is handed over at least once, or
//! dropped with a line in the log; what the log and `/readyz` tell of the server is no answer of its own, and
//! holds no secret.

use crate::Service;
use crate::leases::Held;
use parking_lot::Mutex;
use rollcall_model::mail::Mail;
use rollcall_model::{Seq, Timestamp, limits};
use rollcall_store::{Lease, QueuedMail, Settled};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// What carries mails out of the process.
pub trait MailTransport: Send + Sync + 'static {
    /// Hands mails over, in their order.
    fn hand_over<'a>(
        &'a self,
        mails: &'a [Outgoing],
    ) -> Pin<Box<dyn Future<Output = HandedOver> + Send + 'a>>;

    /// Whether people get what is sent to them; otherwise the operator reads it.
    fn reaches_people(&self) -> bool;
}

/// A mail that is handed over.
#[derive(Debug)]
pub struct Outgoing {
    /// Its number: the same at each attempt, and no other mail's.
    pub no: Seq,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// What it says.
    pub mail: Mail,
}

/// What became of mails.
#[derive(Debug, Default)]
pub struct HandedOver {
    /// Of each, in their order, as far as they were tried.
    pub outcomes: Vec<Outcome>,
    /// Why the others were not tried.
    pub broken: Option<String>,
}

/// What became of a mail. A reason is in our words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is delivered, as far as this process can do it.
    Taken,
    /// It is not taken now.
    PutOff(String),
    /// It is never taken.
    Refused(String),
}

/// Where delivery stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailState {
    /// Since when it fails, and why; `None` while it does not.
    pub failing: Option<(Timestamp, String)>,
    /// Mails that wait, as of the last look.
    pub waiting: u64,
}

/// Delivery's own things.
pub(crate) struct Delivery {
    pub transport: Arc<dyn MailTransport>,
    /// Rung when a mail was queued.
    pub queued: Arc<Notify>,
    /// Whoever delivers holds it: one at a time.
    turn: tokio::sync::Mutex<Turn>,
    state: Mutex<MailState>,
}

/// How the transport did so far.
#[derive(Default)]
struct Turn {
    failures: u32,
    not_before: Timestamp,
    held: Held,
}

impl Delivery {
    pub fn new(transport: Arc<dyn MailTransport>, queued: Arc<Notify>) -> Self {
        Self { transport, queued, turn: tokio::sync::Mutex::default(), state: Mutex::default() }
    }

    /// Takes note of how a delivery went; the log hears of it when that is another than before.
    fn note(&self, failing: Option<String>, now: Timestamp) {
        let state = &mut *self.state.lock();
        match (&mut state.failing, failing) {
            (None, Some(reason)) => {
                tracing::warn!(reason, "mails cannot be delivered; they wait");
                state.failing = Some((now, reason));
            }
            (Some((since, _)), None) => {
                tracing::info!(failing_since = %since, "mails are delivered again");
                state.failing = None;
            }
            (Some((_, before)), Some(reason)) => *before = reason,
            (None, None) => {}
        }
    }
}

impl Service {
    /// Where the delivery of mails stands.
    pub fn mail_state(&self) -> MailState {
        self.delivery.state.lock().clone()
    }

    /// Delivers what is due, over and over, until the service stops.
    pub(crate) async fn keep_delivering(self: Arc<Self>) {
        let mut ticks = self.ticks(limits::SWEEP_PERIOD);
        loop {
            tokio::select! {
                goes_on = ticks.next() => if !goes_on { return },
                () = self.delivery.queued.notified() => {}
            }
            tokio::select! {
                // What is under way is given up; it stays in the queue.
                () = ticks.stopped() => return,
                () = self.deliver_mails() => {}
            }
        }
    }

    /// Delivers what is due. Tests call it when their clock has moved.
    pub async fn deliver_mails(&self) {
        let mut turn = self.delivery.turn.lock().await;
        while self.holds(Lease::Mails, &mut turn.held).await && self.deliver_some(&mut turn).await {}
    }

    /// Leaves the delivery to other nodes.
    pub(crate) async fn deliver_no_more(&self) {
        let mut turn = self.delivery.turn.lock().await;
        self.leave(Lease::Mails, &mut turn.held).await;
    }

    /// Delivers some of what is due; gives whether there may be more.
    async fn deliver_some(&self, turn: &mut Turn) -> bool {
        let now = self.clock.now();
        let queue = match self.store.mails(now, limits::MAILS_AT_ONCE).await {
            Ok(queue) => queue,
            Err(error) => {
                tracing::warn!(%error, "the queue of mails cannot be read; the next turn tries again");
                return false;
            }
        };
        self.delivery.state.lock().waiting = queue.waiting;
        let more = queue.due.len() == limits::MAILS_AT_ONCE;
        let (over, due): (Vec<_>, Vec<_>) = queue.due.into_iter().partition(|mail| mail.until <= now);
        let mut settled: Vec<_> =
            over.iter().map(|mail| drop_mail(mail, "it is of no use any more")).collect();
        let mut broken = now < turn.not_before;
        if !broken && !due.is_empty() {
            broken = self.hand_over(due, turn, &mut settled).await;
        }
        if settled.is_empty() {
            return false;
        }
        let gone = settled.iter().filter(|(_, settled)| *settled == Settled::Gone).count() as u64;
        if let Err(error) = self.store.settle_mails(settled).await {
            tracing::warn!(%error, "what became of mails cannot be written down: they may be delivered twice");
            return false;
        }
        let waiting = &mut self.delivery.state.lock().waiting;
        *waiting = waiting.saturating_sub(gone);
        more && !broken || !over.is_empty()
    }

    /// Hands mails over, and says what became of them; gives whether the transport takes no more now.
    async fn hand_over(
        &self,
        due: Vec<QueuedMail>,
        turn: &mut Turn,
        settled: &mut Vec<(Seq, Settled)>,
    ) -> bool {
        let (mut queued, mut outgoing) = (Vec::new(), Vec::new());
        for mail in due {
            match self.key.open_mail(&mail.sealed) {
                Some(content) => {
                    outgoing.push(Outgoing { no: mail.no, queued_at: mail.queued_at, mail: content });
                    queued.push(mail);
                }
                None => settled.push(drop_mail(&mail, "it cannot be opened")),
            }
        }
        let HandedOver { outcomes, broken } = self.delivery.transport.hand_over(&outgoing).await;
        let now = self.clock.now();
        let (mut taken, mut put_off) = (false, None);
        for (mail, outcome) in queued.iter().zip(outcomes) {
            settled.push(match outcome {
                Outcome::Taken => {
                    taken = true;
                    (mail.no, Settled::Gone)
                }
                Outcome::PutOff(reason) if mail.attempts + 1 >= limits::MAIL_ATTEMPTS => {
                    drop_mail(mail, &format!("it was put off too often, at last because {reason}"))
                }
                Outcome::PutOff(reason) => {
                    put_off = Some(reason);
                    (mail.no, Settled::PutOff(now + wait(mail.attempts, limits::MAIL_WAIT_MAX)))
                }
                Outcome::Refused(reason) => drop_mail(mail, &reason),
            });
        }
        let is_broken = broken.is_some();
        if is_broken {
            turn.not_before = now + wait(turn.failures, limits::MAIL_SERVER_WAIT_MAX);
            turn.failures = turn.failures.saturating_add(1);
            self.delivery.note(broken, now);
        } else {
            turn.failures = 0;
            // A server that puts all of the mails off is as good as none; one that refuses some is none the worse.
            if taken || put_off.is_some() {
                self.delivery.note(put_off.filter(|_| !taken), now);
            }
        }
        is_broken
    }
}

/// What is done with a mail that is not delivered, and said of it.
fn drop_mail(mail: &QueuedMail, why: &str) -> (Seq, Settled) {
    let QueuedMail { no, about, attempts, .. } = mail;
    tracing::warn!(mail = no.0, about, attempts, why, "a mail is dropped");
    (*no, Settled::Gone)
}

/// How long to wait after so many failures and one more.
fn wait(failures: u32, most: Duration) -> Duration {
    limits::MAIL_WAIT.saturating_mul(1 << failures.min(16)).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_further_failure_doubles_the_wait_up_to_its_bound() {
        let waits = |most| [0, 1, 2, 3, 4, 100].map(|failures| wait(failures, most).as_secs());
        assert_eq!(waits(limits::MAIL_SERVER_WAIT_MAX), [5, 10, 20, 40, 60, 60]);
        assert_eq!(waits(limits::MAIL_WAIT_MAX), [5, 10, 20, 40, 80, 3_600]);
    }
}
