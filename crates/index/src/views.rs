//! What filters that were asked lately find, kept true by every change: a filter that is asked again costs no scan.
//!
//! **Invariants**
//! - A view holds exactly the rows that its filter finds; while its scan is under way, all that were looked at.
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
enum State {
    /// Being searched.
    Scanning(Box<Scan>),
    /// Complete.
    Complete(Box<Part>),
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
        let state = Mutex::new(State::Scanning(Box::new(Scan::new())));
        let bytes = AtomicUsize::new(filter.bytes());
        let view = Arc::new(View { text: text.into(), filter, state, bytes });
        views.push(Arc::clone(&view));
        Self::trim_to_bounds(&mut views);
        view
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
    /// Whether all is found.
    pub fn is_complete(&self) -> bool {
        matches!(*self.state.lock(), State::Complete(_))
    }

    /// Searches a stretch, unless all is found; gives a page of what is found when that is all.
    pub fn page(&self, index: &Index, list: &List) -> Option<Found> {
        let mut state = self.state.lock();
        state.advance(index, &self.filter);
        let found = match &mut *state {
            State::Scanning(_) => None,
            State::Complete(part) => Some(index.page(list, Some(part))),
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
    fn advance(&mut self, index: &Index, filter: &TextFilter) {
        let Self::Scanning(scan) = self else { return };
        scan.step(index, filter);
        if scan.is_done() {
            let scan = std::mem::replace(&mut **scan, Scan::new());
            *self = Self::Complete(Box::new(Part::of(scan.into_found())));
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Scanning(scan) => scan.bytes(),
            Self::Complete(part) => part.bytes(),
        }
    }

    fn put(&mut self, index: &Index, slot: u32, matches: bool) {
        match self {
            Self::Scanning(scan) => scan.put(slot, matches),
            Self::Complete(part) => part.put(index, slot, matches),
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
        for view in self.views.0.lock().iter() {
            view.state.lock().put(self, slot, self.row_matches(slot, &view.filter));
        }
    }

    /// Tells the views of a row that goes.
    pub fn see_go(&self, slot: u32) {
        for view in self.views.0.lock().iter() {
            view.state.lock().put(self, slot, false);
        }
    }

    /// Tells the views of a user that changed.
    pub fn see_user_change(&self, user: u32) {
        for view in self.views.0.lock().iter() {
            let mut state = view.state.lock();
            match &mut *state {
                State::Scanning(scan) => scan.put_user(user, self.user_matches(user, &view.filter)),
                State::Complete(part) => part.forget_counts_of_users(),
            }
            for slot in self.users.rows_of(user, &self.rows) {
                state.put(self, slot, self.row_matches(slot, &view.filter));
            }
        }
    }

    /// Tells the views of a user that goes.
    pub fn see_user_go(&self, user: u32) {
        for view in self.views.0.lock().iter() {
            if let State::Scanning(scan) = &mut *view.state.lock() {
                scan.put_user(user, false);
            }
        }
    }
}
