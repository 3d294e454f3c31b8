//! Filters that are followed: what comes, changes, leaves and ends among the sessions that one finds.
//!
//! All who follow the same filter share one [`Feed`]: a task that holds each change against the filter once, and a set of
//! what the filter finds, so that leaving it is told apart from ending.
//!
//! **Invariants**
//! - What a feed has said, taken in the order in which it said it, makes of the list that stood at its beginning the list
//!   that stands now.
//! - A feed remembers a bounded number of what it said; who comes back for more, or is too slow, is told so.

mod feed;
mod places;

use crate::{Refusal, Service};
use feed::{Feed, Said};
use parking_lot::Mutex;
pub use places::Place;
pub(crate) use places::Places;
use rollcall_index::Row;
use rollcall_index::filter::{Leaf, Tree};
use rollcall_model::{EndReason, Seq, SessionId, SessionNo, limits};
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use tokio::sync::broadcast::{self, error::RecvError};

/// How an item is written.
pub type WriteItem = fn(&Row<'_>) -> Vec<u8>;

/// The filters that are followed.
#[derive(Default)]
pub(crate) struct Feeds(Mutex<HashMap<Followed, Weak<Feed>>>);

/// What is followed, and by whom where that matters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Followed {
    /// The filter's canonical text.
    filter: Box<str>,
    /// The session of whoever asks, when the filter asks of it.
    caller: Option<SessionNo>,
    /// Whether what it finds changes with time alone.
    each_minute: bool,
}

/// What is said of a session.
#[derive(Clone, Debug)]
pub enum Notice {
    /// One was opened that the filter finds: its item.
    Opened(Arc<[u8]>),
    /// One that the filter finds is another than before, or is found only now: its item.
    Changed(Arc<[u8]>),
    /// One is live, and found no more.
    Left(SessionId),
    /// One has ended, and why, where this node knows.
    Ended(SessionId, Option<EndReason>),
}

/// Where somebody begins to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// At the list as it stands.
    Ready {
        /// How many sessions it has.
        total: u64,
        /// Whether the filter is looked at anew each minute, since what it asks of moves by itself.
        each_minute: bool,
    },
    /// Where it was.
    Resumed,
    /// Something was missed: the list is to be read anew.
    Missed,
}

/// Somebody who follows a filter.
pub struct Follower {
    /// Where it begins.
    pub beginning: Beginning,
    /// Up to where in the ledger it stands at the beginning.
    pub up_to: Seq,
    backlog: std::vec::IntoIter<Arc<Said>>,
    rest: broadcast::Receiver<Arc<Said>>,
    /// A feed lives as long as somebody holds it.
    _feed: Arc<Feed>,
}

/// What comes next.
#[derive(Debug)]
pub enum Next {
    /// Notices, and up to where in the ledger one stands with them; with what a minute brought, where one stood.
    Notices(Option<Seq>, Vec<Notice>),
    /// Something was missed: the list is to be read anew.
    Missed,
}

impl Follower {
    /// The next that is said.
    pub async fn next(&mut self) -> Next {
        if let Some(said) = self.backlog.next() {
            return said.next();
        }
        match self.rest.recv().await {
            Ok(said) => said.next(),
            Err(RecvError::Lagged(_) | RecvError::Closed) => Next::Missed,
        }
    }
}

impl Said {
    fn next(&self) -> Next {
        if self.is_cut {
            return Next::Missed;
        }
        Next::Notices(self.is_of_commit.then_some(self.up_to), self.notices.clone())
    }
}

impl Service {
    /// Follows what a filter finds, for whoever asks from a session or none, from what was heard last on, or from now.
    ///
    /// # Errors
    /// When the filter cannot be read, or too many are followed.
    pub async fn follow(
        self: &Arc<Self>,
        filter: &str,
        caller: Option<SessionNo>,
        heard: Option<Seq>,
        write: WriteItem,
    ) -> Result<Follower, Refusal> {
        let tree = Tree::parse(filter).map_err(|error| Refusal::Filter(Box::new(error)))?;
        let is_of_caller = tree.leaves().iter().any(|leaf| matches!(leaf, Leaf::Current(_)));
        let caller = caller.filter(|_| is_of_caller);
        let each_minute = tree.moves_by_itself();
        let followed = Followed { filter: tree.to_string().into(), caller, each_minute };
        let feed = self.feed(followed, write)?;
        feed.is_ready().await.then_some(()).ok_or(Refusal::FilterTooCostly)?;
        let (beginning, up_to, backlog, rest) = feed.begin(heard);
        Ok(Follower { beginning, up_to, backlog: backlog.into_iter(), rest, _feed: feed })
    }

    /// The feed of a filter: the one that there is, or a new one.
    fn feed(self: &Arc<Self>, followed: Followed, write: WriteItem) -> Result<Arc<Feed>, Refusal> {
        let feeds = &mut *self.feeds.0.lock();
        if let Some(feed) = feeds.get(&followed).and_then(Weak::upgrade).filter(|feed| feed.lives()) {
            return Ok(feed);
        }
        feeds.retain(|_, feed| feed.strong_count() > 0);
        if feeds.len() >= limits::FEEDS {
            return Err(Refusal::TooManyFollowed);
        }
        let feed = Arc::new(Feed::new(self.following.end().seq));
        feeds.insert(followed.clone(), Arc::downgrade(&feed));
        let changes = self.following.changes.follow();
        tokio::spawn(feed::run(self.clone(), Arc::downgrade(&feed), followed, changes, write));
        Ok(feed)
    }
}
