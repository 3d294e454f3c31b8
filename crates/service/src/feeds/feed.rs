//! One filter that is followed.

use super::{Beginning, Followed, Notice, WriteItem};
use crate::changes::{Change, Changed};
use crate::{Refusal, Service};
use parking_lot::Mutex;
use roaring::RoaringTreemap;
use rollcall_index::{Finder, Row};
use rollcall_model::{Seq, SessionNo, Timestamp, limits};
use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{broadcast, watch};

/// How often a feed looks whether a minute has passed, and whether anybody is left.
const LOOK: Duration = Duration::from_secs(1);

/// What was said at once.
#[derive(Debug)]
pub struct Said {
    /// Up to where in the ledger the list is so.
    pub up_to: Seq,
    /// What is new.
    pub notices: Vec<Notice>,
    /// Whether a commit brought it: the next one ends elsewhere. What a minute brought stands where the ledger stood.
    pub is_of_commit: bool,
    /// Whether something is left out: the list is to be read anew.
    pub is_cut: bool,
}

/// What a feed and those who follow it share.
pub struct Feed {
    state: Mutex<State>,
    told: broadcast::Sender<Arc<Said>>,
    phase: watch::Sender<Stage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Searching,
    Ready,
    Over,
}

struct State {
    recent: VecDeque<Arc<Said>>,
    /// From where on all is remembered.
    from: Seq,
    up_to: Seq,
    total: u64,
    each_minute: bool,
}

impl Feed {
    pub fn new(at: Seq) -> Self {
        let state = State { recent: VecDeque::new(), from: at, up_to: at, total: 0, each_minute: false };
        Self {
            state: Mutex::new(state),
            told: broadcast::Sender::new(limits::FEED_KEPT),
            phase: watch::Sender::new(Stage::Searching),
        }
    }

    /// Whether it is not over.
    pub fn lives(&self) -> bool {
        *self.phase.borrow() != Stage::Over
    }

    /// Waits until the list is known; false when it never will be.
    pub async fn is_ready(&self) -> bool {
        let mut phase = self.phase.subscribe();
        let stage = phase.wait_for(|stage| *stage != Stage::Searching).await;
        stage.is_ok_and(|stage| *stage == Stage::Ready)
    }

    /// Begins to follow: what was said since, and the rest as it comes, of one state.
    pub fn begin(
        &self,
        heard: Option<Seq>,
    ) -> (Beginning, Seq, Vec<Arc<Said>>, broadcast::Receiver<Arc<Said>>) {
        let state = &*self.state.lock();
        let rest = self.told.subscribe();
        let (beginning, backlog) = match heard {
            None => {
                let State { total, each_minute, .. } = *state;
                (Beginning::Ready { total, each_minute }, Vec::new())
            }
            Some(heard) if (state.from..=state.up_to).contains(&heard) => {
                // What a minute brought is said again: whether it was heard is not known.
                let is_new =
                    |said: &&Arc<Said>| said.up_to > heard || said.up_to == heard && !said.is_of_commit;
                (Beginning::Resumed, state.recent.iter().filter(is_new).cloned().collect())
            }
            Some(_) => (Beginning::Missed, Vec::new()),
        };
        (beginning, state.up_to, backlog, rest)
    }

    /// Says what a commit brought, or a minute.
    fn say(&self, commit: Option<Seq>, notices: Vec<Notice>, total: u64) {
        let state = &mut *self.state.lock();
        let up_to = commit.unwrap_or_default().max(state.up_to);
        (state.up_to, state.total) = (up_to, total);
        if notices.is_empty() {
            return;
        }
        let said = Arc::new(Said { up_to, notices, is_of_commit: commit.is_some(), is_cut: false });
        state.recent.push_back(said.clone());
        while state.recent.len() > limits::FEED_KEPT
            && let Some(oldest) = state.recent.pop_front()
        {
            state.from = oldest.up_to;
        }
        // Those who followed may have gone.
        let _ = self.told.send(said);
    }

    /// Has everybody begin anew.
    fn cut(&self, up_to: Seq, total: u64) {
        let state = &mut *self.state.lock();
        state.recent.clear();
        (state.from, state.up_to, state.total) = (up_to, up_to, total);
        let _ =
            self.told.send(Arc::new(Said { up_to, notices: Vec::new(), is_of_commit: false, is_cut: true }));
    }
}

/// The list as a feed knows it.
struct Watched {
    service: Arc<Service>,
    followed: Followed,
    write: WriteItem,
    finder: Option<Finder>,
    /// The sessions that the filter found.
    found: RoaringTreemap,
    minute: i64,
}

/// Follows the filter as long as somebody holds the feed.
pub async fn run(
    service: Arc<Service>,
    feed: Weak<Feed>,
    followed: Followed,
    changes: broadcast::Receiver<Arc<Changed>>,
    write: WriteItem,
) {
    let (found, minute) = (RoaringTreemap::new(), minute(service.now()));
    let mut watched = Watched { service, followed, write, finder: None, found, minute };
    let searched = watched.search().await;
    let Some(held) = feed.upgrade() else { return };
    if searched.is_ok() {
        let state = &mut *held.state.lock();
        (state.total, state.each_minute) = (watched.found.len(), watched.followed.each_minute);
        held.phase.send_replace(Stage::Ready);
    }
    drop(held);
    if searched.is_ok() {
        watched.go_on(&feed, changes).await;
    }
    if let Some(feed) = feed.upgrade() {
        feed.phase.send_replace(Stage::Over);
    }
}

fn minute(now: Timestamp) -> i64 {
    now.as_ms().div_euclid(60_000)
}

impl Watched {
    /// Says what is new until the service stops or nobody holds the feed.
    async fn go_on(&mut self, feed: &Weak<Feed>, mut changes: broadcast::Receiver<Arc<Changed>>) {
        let mut ticks = self.service.ticks(LOOK);
        loop {
            let news = tokio::select! {
                goes_on = ticks.next() => if goes_on { None } else { return },
                news = changes.recv() => Some(news),
            };
            let Some(feed) = feed.upgrade() else { return };
            match news {
                Some(Ok(commit)) => {
                    let notices = self.take_in(&commit.changes);
                    feed.say(Some(commit.up_to), notices, self.found.len());
                }
                None if !self.is_another_minute() => {}
                // When it cannot be searched now, it is in a minute.
                None => drop(self.look_at_all(&feed).await),
                Some(Err(_)) => {
                    // Too much was missed to be told one by one.
                    let searched = self.search().await;
                    feed.cut(self.service.following.end().seq, self.found.len());
                    if searched.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Searches once more, and says what is another, or has everybody begin anew when that is too much.
    async fn look_at_all(&mut self, feed: &Feed) -> Result<(), Refusal> {
        match self.search_anew().await? {
            Some(notices) => feed.say(None, notices, self.found.len()),
            None => feed.cut(self.service.following.end().seq, self.found.len()),
        }
        Ok(())
    }

    /// Binds the filter to this minute, and searches it.
    async fn search(&mut self) -> Result<(), Refusal> {
        let Followed { filter, caller, .. } = &self.followed;
        let live = self.service.live();
        let filter = self.service.filter(&live, filter, *caller).await?;
        self.finder = filter.as_ref().map(Finder::of);
        let mut found = self.service.find(live, filter).await?;
        self.found.clear();
        let numbers = |rows: &[Row<'_>]| rows.iter().map(|row| row.no().0).collect::<Vec<_>>();
        while let Some(numbers) = found.read(limits::EXPORTED_AT_ONCE, numbers) {
            self.found.extend(numbers);
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    fn is_another_minute(&mut self) -> bool {
        let now = minute(self.service.now());
        let is_another = self.followed.each_minute && now != self.minute;
        self.minute = now;
        is_another
    }

    /// Searches once more, and says what is another; nothing when that is too much.
    async fn search_anew(&mut self) -> Result<Option<Vec<Notice>>, Refusal> {
        let before = std::mem::take(&mut self.found);
        let searched = self.search().await;
        if let Err(refusal) = searched {
            self.found = before;
            return Err(refusal);
        }
        let (came, went) = (&self.found - &before, &before - &self.found);
        if came.len() + went.len() > limits::FEED_KEPT as u64 {
            return Ok(None);
        }
        let came = came.iter().filter_map(|no| self.item(SessionNo(no)).map(Notice::Changed));
        // What is live no more is told by its ending.
        let went = went.iter().filter_map(|no| self.service.session_id(SessionNo(no)).map(Notice::Left));
        Ok(Some(came.chain(went).collect()))
    }

    fn take_in(&mut self, changes: &[Change]) -> Vec<Notice> {
        let mut notices = Vec::new();
        for change in changes {
            match *change {
                Change::Opened(no) => {
                    if self.finds(no) == Some(true) && self.found.insert(no.0) {
                        notices.extend(self.item(no).map(Notice::Opened));
                    }
                }
                Change::Ended(no, id, reason) => {
                    if self.found.remove(no.0) {
                        notices.push(Notice::Ended(id, reason));
                    }
                }
                Change::Of(user) => {
                    for no in self.service.standing.sessions_of(user) {
                        notices.extend(self.look_again(no));
                    }
                }
            }
        }
        notices
    }

    /// What is to be said of a session of whose user something changed.
    fn look_again(&mut self, no: SessionNo) -> Option<Notice> {
        match self.finds(no)? {
            true => {
                self.found.insert(no.0);
                self.item(no).map(Notice::Changed)
            }
            false if self.found.remove(no.0) => self.service.session_id(no).map(Notice::Left),
            false => None,
        }
    }

    /// Whether the filter finds a session; nothing when it is not live.
    fn finds(&self, no: SessionNo) -> Option<bool> {
        let (standing, now) = (&self.service.standing, self.service.now());
        match &self.finder {
            Some(finder) => standing.matches(finder, no, now),
            None => standing.session_id(no).map(|_| true),
        }
    }

    fn item(&self, no: SessionNo) -> Option<Arc<[u8]>> {
        let id = self.service.session_id(no)?;
        let write = |row: Option<Row<'_>>| row.map(|row| (self.write)(&row).into());
        self.service.standing.session(&id, self.service.now(), write)
    }
}
