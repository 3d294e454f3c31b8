//! Who wants to hear at once that a session has ended: whatever is held open for it, such as a socket.
//!
//! The writer [tells](Endings::tell) each ending after the index has applied it, and answers the command that
//! caused it when everybody who was told has let go of the [`Ending`]. **Invariants:** nobody is told twice;
//! telling never waits; whoever does not let go delays only the command that ended its own session, and that
//! for [`limits::ENDING_HEARD`] at most.

use parking_lot::Mutex;
use rollcall_model::{SessionId, SessionNo, limits};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Those who wait, by session.
#[derive(Debug, Default)]
pub struct Endings(Mutex<Waiting>);

/// Tells one who waits, and hands over what is held until that one is done.
type Tell = oneshot::Sender<mpsc::Sender<()>>;

#[derive(Debug, Default)]
struct Waiting {
    by_session: HashMap<SessionNo, Vec<(u64, Tell)>>,
    next: u64,
}

/// A session has ended. Whoever holds this is not done with it yet.
#[derive(Debug)]
pub struct Ending {
    /// The session's id on the wire.
    pub session: SessionId,
    _held: mpsc::Sender<()>,
}

/// Waits for a session's end; dropped, it waits no more.
#[derive(Debug)]
pub struct Watch {
    endings: Arc<Endings>,
    session: SessionNo,
    id: SessionId,
    key: u64,
    told: oneshot::Receiver<mpsc::Sender<()>>,
}

impl Watch {
    /// The ending, when it comes.
    pub async fn ended(&mut self) -> Ending {
        match (&mut self.told).await {
            Ok(held) => Ending { session: self.id, _held: held },
            // It was told before: nothing more will come.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let waiting = &mut *self.endings.0.lock();
        if let Some(of_session) = waiting.by_session.get_mut(&self.session) {
            of_session.retain(|(key, _)| *key != self.key);
            if of_session.is_empty() {
                waiting.by_session.remove(&self.session);
            }
        }
    }
}

/// Endings that were told.
#[derive(Debug)]
pub struct Told(mpsc::Receiver<()>);

impl Told {
    /// Returns when everybody who was told is done with it.
    pub async fn heard(mut self) {
        if tokio::time::timeout(limits::ENDING_HEARD, self.0.recv()).await.is_err() {
            tracing::warn!("something that was open for an ended session was not closed in time");
        }
    }
}

impl Endings {
    /// Waits for the end of a session. It may have ended already: whoever waits looks after this whether it
    /// still lives.
    pub fn watch(self: &Arc<Self>, session: SessionNo, id: SessionId) -> Watch {
        let (tell, told) = oneshot::channel();
        let waiting = &mut *self.0.lock();
        let key = waiting.next;
        waiting.next += 1;
        waiting.by_session.entry(session).or_default().push((key, tell));
        Watch { endings: self.clone(), session, id, key, told }
    }

    /// Tells those who wait for the end of these sessions; `None` when nobody did.
    pub fn tell(&self, ended: impl IntoIterator<Item = SessionNo>) -> Option<Told> {
        let mut ended = ended.into_iter().peekable();
        ended.peek()?;
        let waiting = &mut *self.0.lock();
        let (held, told) = mpsc::channel(1);
        let mut any = false;
        for session in ended {
            for (_, tell) in waiting.by_session.remove(&session).unwrap_or_default() {
                any |= tell.send(held.clone()).is_ok();
            }
        }
        any.then_some(Told(told))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Poll;

    fn watch(endings: &Arc<Endings>, session: u64) -> Watch {
        endings.watch(SessionNo(session), "aaaaaaaaaaaaaaaaa".parse().unwrap())
    }

    #[tokio::test]
    async fn a_command_is_answered_when_all_who_were_told_let_go() {
        let endings = Arc::new(Endings::default());
        let mut watches = [1, 1, 2].map(|no| watch(&endings, no));
        let told = endings.tell([1, 3].map(SessionNo)).unwrap();
        let [one, two, other] = &mut watches;
        let (one, two) = (one.ended().await, two.ended().await);
        assert!(futures_pending(&mut Box::pin(other.ended())));
        let mut heard = Box::pin(told.heard());
        drop(one);
        assert!(futures_pending(&mut heard));
        drop(two);
        heard.await;
    }

    #[tokio::test]
    async fn nobody_is_told_who_waits_no_more_or_was_told_before() {
        let endings = Arc::new(Endings::default());
        drop(watch(&endings, 1));
        assert!(endings.tell([SessionNo(1)]).is_none());
        let _watch = watch(&endings, 1);
        assert!(endings.tell([SessionNo(1)]).is_some());
        assert!(endings.tell([SessionNo(1)]).is_none());
        assert!(endings.0.lock().by_session.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_let_go_delays_for_a_bounded_time() {
        let endings = Arc::new(Endings::default());
        let mut watch = watch(&endings, 1);
        let told = endings.tell([SessionNo(1)]).unwrap();
        let _held = watch.ended().await;
        let before = tokio::time::Instant::now();
        told.heard().await;
        assert_eq!(before.elapsed().as_millis(), limits::ENDING_HEARD.as_millis());
    }

    /// Whether a future is not done when it is asked once.
    fn futures_pending(future: &mut (impl Future + Unpin)) -> bool {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        matches!(std::pin::Pin::new(future).poll(&mut context), Poll::Pending)
    }
}
