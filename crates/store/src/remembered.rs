//! What an engine remembers between commits, so that few sign-ins look it up: numbers of texts, and users as the last
//! decision on them left them.
//!
//! **Invariant:** what is remembered of users is so up to an event; who shares a store forgets those that others changed
//! since. After an error all is forgotten.

use crate::ChainEnd;
use rollcall_model::decide::Decided;
use rollcall_model::facts::UserFact;
use rollcall_model::ids::UserNo;
use std::collections::HashMap;
use std::sync::Arc;

/// Texts, and users, that are remembered at the most; then all are forgotten and looked up anew.
const MOST: usize = 50_000;

/// What is remembered.
#[derive(Debug, Default)]
pub struct Remembered {
    texts: HashMap<Arc<str>, i64>,
    users: HashMap<UserNo, UserFact>,
    up_to: Option<ChainEnd>,
}

impl Remembered {
    /// Forgets all: what a rolled-back transaction numbered has no number.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// The number of an agent or a host.
    pub fn text(&self, text: &str) -> Option<i64> {
        self.texts.get(text).copied()
    }

    /// Remembers the number of a text.
    pub fn note_text(&mut self, text: Arc<str>, no: i64) {
        self.texts.insert(text, no);
    }

    /// Where the ledger ended that the users are remembered by; nothing when none are.
    pub fn up_to(&self) -> Option<ChainEnd> {
        self.up_to.filter(|_| !self.users.is_empty())
    }

    /// Gives away a user. It comes back with [what was decided](Self::note_written).
    pub fn take_user(&mut self, user: UserNo) -> Option<UserFact> {
        self.users.remove(&user)
    }

    /// Forgets a user, whom somebody else changed.
    pub fn forget_user(&mut self, user: UserNo) {
        self.users.remove(&user);
    }

    /// Remembers the users as a batch left them that was written up to an end of the ledger.
    pub fn note_written(&mut self, decided: &mut Decided, end: ChainEnd) {
        for subject in decided.events.iter().filter_map(|event| event.subject) {
            self.users.remove(&subject);
        }
        make_room(&mut self.texts);
        make_room(&mut self.users);
        self.users.extend(std::mem::take(&mut decided.users));
        self.up_to = Some(end);
    }
}

fn make_room<K, V>(map: &mut HashMap<K, V>) {
    if map.len() >= MOST {
        map.clear();
    }
}
