//! What filters that were asked lately find, told of every change: a filter that is asked again costs no scan.
//!
//! Whoever changes something only notes it down: what came is tested when somebody asks, so that no filter, however
//! costly, makes a sign-in wait.
//!
//! **Invariants**
//! - A view holds exactly the rows that its filter finds, but for those that are still to be tested; while its scan is
//!   under way, all that were looked at.
//! - Views are bounded in number and bytes; the one not asked for longest goes first, but none that somebody holds.
//! - What a filter finds that changes without events, or by who asks, is a view for as long as somebody holds it, and
//!   found by nobody else.

use crate::finder::Finder;
use crate::index::Index;
use crate::list::Filter;
use crate::part::Part;
use crate::scan::Budget;
use crate::search::Search;
use crate::turning_point;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most views that are kept when nobody holds them.
const VIEWS: usize = turning_point(32, 4);
/// The most bytes that they take, about.
const BYTES: usize = 32 << 20;
/// Changes that a view waits to test; with more, searching anew is cheaper.
const UNTESTED: usize = turning_point(4_096, 6);
/// The views, the one asked last at the end.
#[derive(Default)]
pub struct Views(Mutex<Vec<Arc<View>>>);

/// What one filter finds.
pub struct View {
    filter: Filter,
    finder: Finder,
    state: Mutex<State>,
    /// What it takes, about, as of the last time that it was asked.
    bytes: AtomicUsize,
}

/// How far a view is.
struct State {
    searched: Searched,
    /// Rows that came, or whose users changed, since it was looked at: tested when somebody asks.
    untested: Vec<u32>,
}

enum Searched {
    /// In part.
    Searching(Box<Search>),
    /// Whole.
    Complete(Box<Part>),
}

impl Views {
    /// The view of this filter, if there is one.
    pub fn find(&self, filter: &Filter) -> Option<Arc<View>> {
        Self::find_in(&mut self.0.lock(), filter)
    }

    fn find_in(views: &mut Vec<Arc<View>>, filter: &Filter) -> Option<Arc<View>> {
        let at = views.iter().position(|view| view.filter.is_kept() && view.filter.is_same(filter))?;
        let view = views.remove(at);
        views.push(Arc::clone(&view));
        Some(view)
    }

    /// The view of this filter; a new one is still to be searched.
    pub fn find_or_begin(&self, filter: &Filter, finder: Finder) -> Arc<View> {
        let mut views = self.0.lock();
        // Somebody may have asked the same meanwhile.
        if let Some(view) = Self::find_in(&mut views, filter) {
            return view;
        }
        let state = Mutex::new(State::new());
        let bytes = AtomicUsize::new(finder.bytes());
        let view = Arc::new(View { filter: filter.clone(), finder, state, bytes });
        views.push(Arc::clone(&view));
        Self::trim_to_bounds(&mut views);
        view
    }

    /// What they take, about.
    pub fn size(&self) -> usize {
        self.0.lock().iter().map(|view| view.bytes()).sum()
    }

    /// Lets go of what is beyond the bounds.
    pub fn trim(&self) {
        Self::trim_to_bounds(&mut self.0.lock());
    }

    fn trim_to_bounds(views: &mut Vec<Arc<View>>) {
        let mut bytes: usize = views.iter().map(|view| view.bytes()).sum();
        let mut count = views.len();
        views.retain(|old| {
            let is_held = Arc::strong_count(old) > 1;
            if is_held || (old.filter.is_kept() && count <= VIEWS && bytes <= BYTES) {
                return true;
            }
            (count, bytes) = (count - 1, bytes - old.bytes());
            false
        });
    }
}

impl View {
    /// Whether a page of it takes no longer than a stretch.
    pub fn is_at_hand(&self) -> bool {
        let state = self.state.lock();
        let is_complete = matches!(state.searched, Searched::Complete(_));
        is_complete && state.untested.len() * self.finder.cost_of_test() <= self.finder.bytes_at_once()
    }

    /// Searches a stretch, unless all is found; reads what is found when that is all.
    pub fn read<R>(&self, index: &Index, read: impl FnOnce(&mut Part) -> R) -> Option<R> {
        let mut state = self.state.lock();
        state.advance(index, &self.finder);
        let found = match &mut *state {
            State { searched: Searched::Complete(part), untested } if untested.is_empty() => Some(read(part)),
            _ => None,
        };
        self.bytes.store(self.finder.bytes() + state.bytes(), Ordering::Relaxed);
        found
    }

    /// What it takes, about.
    fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }
}

impl State {
    fn new() -> Self {
        Self { searched: Searched::Searching(Box::new(Search::new())), untested: Vec::new() }
    }

    /// Goes on by a stretch at the most.
    fn advance(&mut self, index: &Index, finder: &Finder) {
        let mut left = Budget(finder.bytes_at_once());
        while let Some(slot) = self.untested.pop() {
            // It may have gone since; a slot is no other row's after it.
            if index.rows.live().contains(slot) {
                self.put(index, slot, index.row_matches(slot, finder));
            }
            left.spend(finder.cost_of_test());
            if left.0 == 0 {
                return;
            }
        }
        let Searched::Searching(search) = &mut self.searched else { return };
        if let Some(found) = search.step(index, finder, left) {
            self.searched = Searched::Complete(Box::new(Part::of(found)));
        }
    }

    /// Notes down a row that is to be tested. Of too many the whole is searched anew, when somebody asks.
    fn note(&mut self, slot: u32) {
        if self.untested.len() < UNTESTED {
            self.untested.push(slot);
        } else {
            *self = Self::new();
        }
    }

    fn bytes(&self) -> usize {
        let searched = match &self.searched {
            Searched::Searching(search) => search.bytes(),
            Searched::Complete(part) => part.bytes(),
        };
        searched + size_of::<u32>() * self.untested.capacity()
    }

    fn put(&mut self, index: &Index, slot: u32, matches: bool) {
        match &mut self.searched {
            Searched::Searching(search) => search.put(slot, matches),
            Searched::Complete(part) => part.put(index, slot, matches),
        }
    }
}

impl Index {
    /// Tells the views of a row that came.
    pub fn see_come(&self, slot: u32) {
        self.each_view(|state| state.note(slot));
    }

    /// Tells the views of a row that goes.
    pub fn see_go(&self, slot: u32) {
        self.each_view(|state| state.put(self, slot, false));
    }

    /// Tells the views of a user that changed.
    pub fn see_user_change(&self, user: u32) {
        let rows = self.users.rows_of(user, &self.rows);
        self.each_view(|state| {
            if let Searched::Complete(part) = &mut state.searched {
                part.forget_counts_of_users();
            }
            for slot in &rows {
                state.note(*slot);
            }
        });
    }

    fn each_view(&self, mut tell: impl FnMut(&mut State)) {
        for view in self.views.0.lock().iter() {
            tell(&mut view.state.lock());
        }
    }
}
