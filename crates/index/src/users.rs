//! The users who have sessions, each once.
//!
//! **Invariant:** a user that is known is known as it is: whatever changes it is applied here, whether it has
//! rows or none.

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

    /// The code of a user; it gets one if it is new.
    pub fn intern(&mut self, owner: &Arc<Owner>, facets: &mut Facets) -> u32 {
        if let Some(code) = self.find(owner.no) {
            return code;
        }
        let code = number(self.known.len());
        self.known.push(Known::of(owner, facets));
        self.ids.push(owner.id.as_bytes());
        self.by_no.insert(owner.no, code);
        code
    }

    /// Takes in what a user is from now on, and gives what it was. Its rows are still to be filed anew.
    pub fn replace(&mut self, code: u32, owner: &Arc<Owner>, facets: &mut Facets) -> Known {
        std::mem::replace(&mut self.known[code as usize], Known::of(owner, facets))
    }
}

impl Known {
    fn of(owner: &Arc<Owner>, facets: &mut Facets) -> Self {
        Self {
            owner: Arc::clone(owner),
            username: facets.intern(Field::Username, Some(&owner.username)),
            name: facets.intern(Field::Name, owner.name.as_deref()),
        }
    }
}
