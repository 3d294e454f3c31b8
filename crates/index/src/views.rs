//! What filters that were asked lately find, kept true by every change: a filter that is asked again costs no scan.
//!
//! **Invariants**
//! - A view holds exactly the rows that its filter finds; while its scan is under way, all that were looked at.
//! - Views are bounded in number and bytes; the one not asked for longest goes first, but none that somebody holds.

use crate::facet::Field;
use crate::index::Index;
use crate::pattern::TextFilter;
use crate::scan::Scan;
use crate::turning_point;
use parking_lot::{Mutex, MutexGuard};
use roaring::RoaringBitmap;
use std::sync::Arc;

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
}

/// How far a view is.
pub enum State {
    /// Being searched.
    Scanning(Box<Scan>),
    /// Complete.
    Complete(RoaringBitmap),
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
        let view = Arc::new(View { text: text.into(), filter, state });
        let mut bytes: usize = views.iter().map(|view| view.bytes()).sum();
        let mut count = views.len();
        views.retain(|old| {
            let is_held = Arc::strong_count(old) > 1;
            if is_held || (count < VIEWS && bytes <= BYTES) {
                return true;
            }
            (count, bytes) = (count - 1, bytes - old.bytes());
            false
        });
        views.push(Arc::clone(&view));
        view
    }
}

impl View {
    /// Its filter.
    pub const fn filter(&self) -> &TextFilter {
        &self.filter
    }

    /// How far it is.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// What it takes, about.
    fn bytes(&self) -> usize {
        self.filter.bytes() + self.state.lock().bytes()
    }
}

impl State {
    /// Searches a stretch, unless all is found; gives what is found when that is all.
    pub fn advance(&mut self, index: &Index, filter: &TextFilter) -> Option<&RoaringBitmap> {
        if let Self::Scanning(scan) = self {
            scan.step(index, filter);
            if !scan.is_done() {
                return None;
            }
            let scan = std::mem::replace(&mut **scan, Scan::new());
            *self = Self::Complete(scan.into_found());
        }
        self.found()
    }

    /// What is found, when that is all.
    pub const fn found(&self) -> Option<&RoaringBitmap> {
        match self {
            Self::Scanning(_) => None,
            Self::Complete(found) => Some(found),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Scanning(scan) => scan.bytes(),
            Self::Complete(found) => found.serialized_size(),
        }
    }

    fn put(&mut self, slot: u32, matches: bool) {
        match self {
            Self::Scanning(scan) => scan.put(slot, matches),
            Self::Complete(found) if matches => _ = found.insert(slot),
            Self::Complete(found) => _ = found.remove(slot),
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
            view.state.lock().put(slot, self.row_matches(slot, &view.filter));
        }
    }

    /// Tells the views of a row that goes.
    pub fn see_go(&self, slot: u32) {
        for view in self.views.0.lock().iter() {
            view.state.lock().put(slot, false);
        }
    }

    /// Tells the views of a user that changed.
    pub fn see_user_change(&self, user: u32) {
        for view in self.views.0.lock().iter() {
            let mut state = view.state.lock();
            if let State::Scanning(scan) = &mut *state {
                scan.put_user(user, self.user_matches(user, &view.filter));
            }
            for slot in self.users.rows_of(user, &self.rows) {
                state.put(slot, self.row_matches(slot, &view.filter));
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
