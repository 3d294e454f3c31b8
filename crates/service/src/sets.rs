//! Who has which sessions, for whoever decides the next batch: by the index, and by the batch before it, which the index
//! has yet to get.

use crate::following::Following;
use parking_lot::Mutex;
use rollcall_index::Standing;
use rollcall_model::{Happening, Seq, SessionNo, UserNo};
use rollcall_store::{ChainEnd, Committed, LiveSets, Missed};
use std::collections::HashMap;
use std::sync::Arc;

pub(crate) struct Sets {
    standing: Arc<Standing>,
    following: Arc<Following>,
    ahead: Mutex<Arc<Ahead>>,
}

/// What a batch did to sessions.
#[derive(Default)]
struct Ahead {
    last: Seq,
    of_user: HashMap<UserNo, Vec<Change>>,
}

enum Change {
    Opened(SessionNo),
    Ended(SessionNo),
}

impl Sets {
    pub fn new(standing: Arc<Standing>, following: Arc<Following>) -> Self {
        Self { standing, following, ahead: Mutex::default() }
    }

    /// Takes note of a batch that the index gets later. The one before it the index has.
    pub fn go_ahead(&self, committed: &Committed) {
        let mut ahead = Ahead { last: committed.end.seq, of_user: HashMap::new() };
        for event in &committed.events {
            let change = match (&event.happening, event.session) {
                (Happening::SessionOpened(session), _) => Change::Opened(session.no),
                (Happening::SessionEnded { .. }, Some(session)) => Change::Ended(session),
                _ => continue,
            };
            if let Some(user) = event.subject {
                ahead.of_user.entry(user).or_default().push(change);
            }
        }
        *self.ahead.lock() = Arc::new(ahead);
    }

    /// What the index says, with what the batch ahead of it did to a user's sessions.
    fn with_ahead<T>(&self, user: UserNo, of_index: impl Fn() -> T, take: impl Fn(&mut T, &Change)) -> T {
        let ahead = self.ahead.lock().clone();
        loop {
            let end = self.following.end();
            let mut known = of_index();
            if ahead.last > end.seq {
                ahead.of_user.get(&user).into_iter().flatten().for_each(|change| take(&mut known, change));
            }
            // When the index got something meanwhile, it may have been counted twice.
            if self.following.end() == end {
                return known;
            }
        }
    }
}

impl LiveSets for Sets {
    fn sessions_of(&self, user: UserNo) -> Vec<SessionNo> {
        self.with_ahead(
            user,
            || self.standing.sessions_of(user),
            |sessions, change| match change {
                Change::Opened(session) => sessions.push(*session),
                Change::Ended(session) => sessions.retain(|one| one != session),
            },
        )
    }

    fn count_of(&self, user: UserNo) -> usize {
        self.with_ahead(
            user,
            || self.standing.count_of(user),
            |count, change| match change {
                Change::Opened(_) => *count += 1,
                Change::Ended(_) => *count = count.saturating_sub(1),
            },
        )
    }

    fn end(&self) -> Option<ChainEnd> {
        Some(self.following.end())
    }

    fn take_in(&self, missed: Missed) {
        self.following.take_in(missed);
    }
}
