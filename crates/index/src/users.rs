//! The users who have sessions, each once.

use crate::arena::Ids;
use crate::facet::{Facets, Field};
use crate::number;
use rollcall_model::{Owner, UserNo};
use std::collections::HashMap;
use std::sync::Arc;

/// A dictionary of users.
pub struct Users {
    known: Vec<Known>,
    ids: Ids,
    by_no: HashMap<UserNo, u32>,
}

/// A user and what goes with it.
pub struct Known {
    /// The user.
    pub owner: Arc<Owner>,
    /// Its code in the facet of usernames.
    pub username: u32,
    /// Its code in the facet of names.
    pub name: u32,
}

impl Users {
    /// No users.
    pub fn new() -> Self {
        Self { known: Vec::new(), ids: Ids::new(), by_no: HashMap::new() }
    }

    /// The user with this code.
    pub fn get(&self, code: u32) -> &Known {
        &self.known[code as usize]
    }

    /// The code of a user that is known.
    pub fn find(&self, no: UserNo) -> Option<u32> {
        self.by_no.get(&no).copied()
    }

    /// The users' ids on the wire, by code.
    pub const fn ids(&self) -> &Ids {
        &self.ids
    }

    /// The code of a user; it gets one if it is new, or has changed since its last session was gone.
    pub fn intern(&mut self, owner: &Arc<Owner>, facets: &mut Facets) -> u32 {
        if let Some(code) = self.find(owner.no)
            && self.is_up_to_date(code, owner, facets)
        {
            return code;
        }
        let code = number(self.known.len());
        self.known.push(Known {
            owner: Arc::clone(owner),
            username: facets.intern(Field::Username, Some(&owner.username)),
            name: facets.intern(Field::Name, owner.name.as_deref()),
        });
        self.ids.push(owner.id.as_bytes());
        self.by_no.insert(owner.no, code);
        code
    }

    /// Takes in a user's new roles. Its names are what they were.
    pub fn replace(&mut self, owner: &Arc<Owner>) {
        if let Some(code) = self.find(owner.no) {
            self.known[code as usize].owner = Arc::clone(owner);
        }
    }

    /// Whether what is known of a user still holds, or has to: its live rows stand under it.
    fn is_up_to_date(&self, code: u32, owner: &Arc<Owner>, facets: &Facets) -> bool {
        let known = self.get(code);
        Arc::ptr_eq(&known.owner, owner)
            || known.owner == *owner
            || facets.get(Field::Username).rows(known.username).len() > 0
    }
}
