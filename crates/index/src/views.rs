//! What filters that were asked lately find, told of every change: a filter that is asked again costs no scan.
//!
//! Whoever changes something only notes it down: what came is tested when somebody asks, so that no filter, however
//! costly, makes a sign-in wait.
//!
//! **Invariants**
//! - A view holds exactly the rows that its filter finds, but for those that are still to be tested; while its scan is
//!   under way, all that were looked at.
//! - Views are bounded in number and bytes; the one not asked for longest goes first, but none that somebody holds.

use crate::facet::Field;
use crate::index::Index;
use crate::list::{Found, List};
use crate::part::Part;
use crate::pattern::TextFilter;
use crate::scan::Scan;
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
/// What testing one costs, in bytes of text.
const TEST: usize = 256;

/// The views, the one asked last at the end.
#[derive(Default)]
pub struct Views(Mutex<Vec<Arc<View>>>);

/// What one filter finds.
pub struct View {
    /// The filter's text.
    text: Box<str>,
    filter: TextFilter,
    state: Mutex<State>,
    /// What it takes, about, as of the last time that it was asked.
    bytes: AtomicUsize,
}

/// How far a view is.
struct State {
    searched: Searched,
    /// What changed since it was looked at.
    untested: Vec<Changed>,
}

enum Searched {
    /// In part.
    Scanning(Box<Scan>),
    /// Whole.
    Complete(Box<Part>),
}

/// What is tested when somebody asks.
enum Changed {
    /// A row that came, or whose user changed.
    Row(u32),
    /// A user that changed.
    User(u32),
}

impl Views {
    /// The view of this text, if there is one.
    pub fn find(&self, text: &str) -> Option<Arc<View>> {
        Self::find_in(&mut self.0.lock(), text)
    }

    fn find_in(views: &mut Vec<Arc<View>>, text: &str) -> Option<Arc<View>> {
        let at = views.iter().position(|view| &*view.text == text)?;
        let view = views.remove(at);
        views.push(Arc::clone(&view));
        Some(view)
    }

    /// The view of this filter; a new one is still to be searched.
    pub fn find_or_begin(&self, text: &str, filter: TextFilter) -> Arc<View> {
        let mut views = self.0.lock();
        // Somebody may have asked the same meanwhile.
        if let Some(view) = Self::find_in(&mut views, text) {
            return view;
        }
        let state = Mutex::new(State::new());
        let bytes = AtomicUsize::new(filter.bytes());
        let view = Arc::new(View { text: text.into(), filter, state, bytes });
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
            if is_held || (count <= VIEWS && bytes <= BYTES) {
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
        is_complete && state.untested.len() * TEST <= self.filter.bytes_at_once()
    }

    /// Searches a stretch, unless all is found; gives a page of what is found when that is all.
    pub fn page(&self, index: &Index, list: &List) -> Option<Found> {
        let mut state = self.state.lock();
        state.advance(index, &self.filter);
        let found = match &mut *state {
            State { searched: Searched::Complete(part), untested } if untested.is_empty() => {
                Some(index.page(list, Some(part)))
            }
            _ => None,
        };
        self.bytes.store(self.filter.bytes() + state.bytes(), Ordering::Relaxed);
        found
    }

    /// What it takes, about.
    fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }
}

impl State {
    fn new() -> Self {
        Self { searched: Searched::Scanning(Box::new(Scan::new())), untested: Vec::new() }
    }

    /// Tests what changed, then searches on, a stretch at the most.
    fn advance(&mut self, index: &Index, filter: &TextFilter) {
        let mut left = filter.bytes_at_once();
        while let Some(changed) = self.untested.pop() {
            self.test(index, filter, &changed);
            left = left.saturating_sub(TEST);
            if left == 0 {
                return;
            }
        }
        let Searched::Scanning(scan) = &mut self.searched else { return };
        scan.step(index, filter);
        if scan.is_done() {
            let scan = std::mem::replace(&mut **scan, Scan::new());
            self.searched = Searched::Complete(Box::new(Part::of(scan.into_found())));
        }
    }

    fn test(&mut self, index: &Index, filter: &TextFilter, changed: &Changed) {
        match (changed, &mut self.searched) {
            // It may have gone since; a slot is no other row's after it.
            (Changed::Row(slot), _) if index.rows.live().contains(*slot) => {
                self.put(index, *slot, index.row_matches(*slot, filter));
            }
            (Changed::User(user), Searched::Scanning(scan)) => {
                let is_known = index.users.count(*user) > 0;
                scan.put_user(*user, is_known && index.user_matches(*user, filter));
            }
            _ => {}
        }
    }

    /// Notes down what is to be tested. Of too much the whole is searched anew, when somebody asks.
    fn note(&mut self, changed: Changed) {
        if self.untested.len() < UNTESTED {
            self.untested.push(changed);
        } else {
            *self = Self::new();
        }
    }

    fn bytes(&self) -> usize {
        let searched = match &self.searched {
            Searched::Scanning(scan) => scan.bytes(),
            Searched::Complete(part) => part.bytes(),
        };
        searched + size_of::<Changed>() * self.untested.capacity()
    }

    fn put(&mut self, index: &Index, slot: u32, matches: bool) {
        match &mut self.searched {
            Searched::Scanning(scan) => scan.put(slot, matches),
            Searched::Complete(part) => part.put(index, slot, matches),
        }
    }
}

impl Index {
    /// Whether a filter finds one row.
    pub fn row_matches(&self, slot: u32, filter: &TextFilter) -> bool {
        let codes = self.facet_codes(slot);
        let facet_matches =
            |field: Field| filter.in_names().is_in(self.facets.get(field).texts().get(codes[field as usize]));
        Field::FILTERED.into_iter().any(facet_matches)
            || self.user_matches(self.rows.user(slot), filter)
            || filter.in_ids().is_in(self.rows.id(slot))
            || filter.in_addresses().is_in(self.rows.address(slot))
    }

    fn user_matches(&self, user: u32, filter: &TextFilter) -> bool {
        filter.in_names().is_in(self.users.usernames().get(user))
            || filter.in_names().is_in(self.users.names().get(self.users.name_code(user)))
            || filter.in_ids().is_in(self.users.id(user).as_bytes())
    }

    /// Tells the views of a row that came.
    pub fn see_come(&self, slot: u32) {
        self.each_view(|state| state.note(Changed::Row(slot)));
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
            state.note(Changed::User(user));
            for slot in &rows {
                state.note(Changed::Row(*slot));
            }
        });
    }

    /// Tells the views of a user that goes.
    pub fn see_user_go(&self, user: u32) {
        self.each_view(|state| {
            if let Searched::Scanning(scan) = &mut state.searched {
                scan.put_user(user, false);
            }
        });
    }

    fn each_view(&self, mut tell: impl FnMut(&mut State)) {
        for view in self.views.0.lock().iter() {
            tell(&mut view.state.lock());
        }
    }
}
