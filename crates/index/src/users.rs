//! The users who have sessions, each once, with their rows and their two orders.
//!
//! **Invariants**
//! - A user that is known is known as it is: whatever changes it is applied here. One without rows is forgotten.
//! - Usernames are all different; names need not be, so each distinct name is a value of its own, whose rows are
//!   those of its users.
//! - A user's rows hang together from the newest to the oldest.

mod stored;

use crate::arena::{Arena, Ids, Shelf, bytes_of};
use crate::collation::Collation;
use crate::order::Order;
use crate::rows::{NONE, Rows};
use crate::shards::Shards;
use crate::size::room;
use crate::{at_once, number, turning_point};
use hashbrown::DefaultHashBuilder;
use roaring::RoaringBitmap;
use rollcall_model::ids::ID_LENGTH;
use rollcall_model::{Owner, RoleSet, UserId, UserNo};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// What people are called is ordered ignoring case.
const COLLATION: Collation = Collation::IgnoringCase;

/// Rows of a name from which on they are kept as a set, and down to which.
const CROWD: (usize, usize) = (turning_point(96, 4), turning_point(64, 2));

/// The users.
pub struct Users {
    no: Vec<UserNo>,
    roles: Vec<RoleSet>,
    ids: Shelf<Ids>,
    usernames: Shelf,
    /// The code of each one's name.
    name: Vec<u32>,
    /// The newest row of each.
    newest: Vec<u32>,
    rows: Vec<u32>,
    /// The next user of the same name.
    namesake: Vec<u32>,
    by_no: Shards,
    order: Order,
    names: Names,
    /// Numbers are the ledger's: nobody chooses them so that they collide.
    hasher: DefaultHashBuilder,
}

/// The distinct names.
struct Names {
    texts: Shelf,
    by_text: Shards,
    /// The first user of each.
    first: Vec<u32>,
    rows: Vec<u32>,
    // Names come from outside: the keys of the hash are drawn at random.
    hasher: RandomState,
    /// The rows of those that have many.
    crowds: HashMap<u32, RoaringBitmap>,
    order: Order,
}

impl Names {
    /// What they take.
    fn size(&self) -> usize {
        let crowds: usize = self.crowds.values().map(RoaringBitmap::serialized_size).sum();
        let columns = room(&self.first) + room(&self.rows);
        self.texts.size(Arena::size) + self.by_text.size() + self.order.size() + columns + crowds
    }
}

impl Users {
    /// No users.
    pub fn new() -> Self {
        Self {
            no: Vec::new(),
            roles: Vec::new(),
            ids: Shelf::new(),
            usernames: Shelf::new(),
            name: Vec::new(),
            newest: Vec::new(),
            rows: Vec::new(),
            namesake: Vec::new(),
            by_no: Shards::new(),
            order: Order::default(),
            names: Names {
                texts: Shelf::new(),
                by_text: Shards::new(),
                first: Vec::new(),
                rows: Vec::new(),
                hasher: RandomState::new(),
                crowds: HashMap::new(),
                order: Order::default(),
            },
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// What they take.
    pub fn size(&self) -> usize {
        let columns = room(&self.no) + room(&self.roles) + room(&self.name);
        let rows = room(&self.newest) + room(&self.rows) + room(&self.namesake);
        let texts = self.ids.size(Ids::size) + self.usernames.size(Arena::size);
        columns + rows + texts + self.by_no.size() + self.order.size() + self.names.size()
    }

    /// The code of a user that is known.
    pub fn find(&self, no: UserNo) -> Option<u32> {
        self.by_no.find(self.hasher.hash_one(no), |code| self.no[code as usize] == no)
    }

    /// The code of a user; it gets one if it is new.
    pub fn intern(&mut self, owner: &Owner) -> u32 {
        if let Some(code) = self.find(owner.no) {
            return code;
        }
        // Numbers are given and freed in step.
        let code = self.usernames.put(owner.username.as_bytes());
        let same = self.ids.put(owner.id.as_bytes());
        debug_assert_eq!(code, same, "of the id and of the username");
        let at = code as usize;
        if at == self.no.len() {
            self.no.push(owner.no);
            self.roles.push(owner.roles);
            self.name.push(NONE);
            self.newest.push(NONE);
            self.rows.push(0);
            self.namesake.push(NONE);
        } else {
            self.no[at] = owner.no;
            self.roles[at] = owner.roles;
        }
        let Self { by_no, no, hasher, .. } = self;
        by_no.insert(hasher.hash_one(owner.no), code, |code| hasher.hash_one(no[code as usize]));
        self.place(code);
        self.take_name(code, owner.name.as_deref());
        code
    }

    fn place(&mut self, code: u32) {
        let Self { order, usernames, rows, .. } = self;
        let text = usernames.get(code);
        let compare = |other| COLLATION.compare(usernames.get(other), text);
        order.insert(code, compare, |other| rows[other as usize] as usize);
    }

    fn take_name(&mut self, code: u32, name: Option<&str>) {
        let name = self.names.intern(bytes_of(name));
        self.name[code as usize] = name;
        self.namesake[code as usize] = std::mem::replace(&mut self.names.first[name as usize], code);
    }

    /// Takes a user without rows from its name.
    fn leave_name(&mut self, code: u32) {
        let name = std::mem::replace(&mut self.name[code as usize], NONE);
        let next = self.namesake[code as usize];
        let first = &mut self.names.first[name as usize];
        if *first == code {
            *first = next;
        } else {
            let mut before = *first as usize;
            while self.namesake[before] != code {
                before = self.namesake[before] as usize;
            }
            self.namesake[before] = next;
        }
        if self.names.first[name as usize] == NONE {
            self.names.forget(name);
        }
    }

    /// Forgets a user without rows.
    pub fn forget(&mut self, code: u32) {
        self.order.remove(code);
        self.leave_name(code);
        self.by_no.remove(self.hasher.hash_one(self.no[code as usize]), code);
        self.ids.remove(code);
        self.usernames.remove(code);
    }

    /// Takes in what a user is from now on; its rows go along.
    pub fn change(&mut self, code: u32, owner: &Owner, rows: &Rows) {
        let at = code as usize;
        self.roles[at] = owner.roles;
        if self.usernames.get(code) != owner.username.as_bytes() {
            // Where it is put, the order counts no rows of it yet.
            let count = std::mem::take(&mut self.rows[at]);
            (0..count).for_each(|_| self.order.remove_row(code));
            self.order.remove(code);
            self.usernames.replace(code, owner.username.as_bytes());
            self.place(code);
            (0..count).for_each(|_| self.order.add_row(code));
            self.rows[at] = count;
        }
        if self.name(code) != owner.name.as_deref() {
            let slots = self.rows_of(code, rows);
            for slot in &slots {
                self.names.remove_row(self.name[at], *slot);
            }
            self.leave_name(code);
            self.take_name(code, owner.name.as_deref());
            for slot in slots {
                self.add_to_name(code, slot, rows);
            }
        }
    }

    /// The newest row of a user, for a newer one.
    pub fn newest(&self, code: u32) -> u32 {
        self.newest[code as usize]
    }

    /// Puts a row in, newer than all others.
    pub fn add_row(&mut self, code: u32, slot: u32, rows: &Rows) {
        self.newest[code as usize] = slot;
        self.rows[code as usize] += 1;
        self.order.add_row(code);
        self.add_to_name(code, slot, rows);
    }

    /// The same while rows only come: what is found by names is made [later](Self::gather_crowds).
    pub fn take_row(&mut self, code: u32, slot: u32) {
        self.newest[code as usize] = slot;
        self.rows[code as usize] += 1;
        self.names.rows[self.name[code as usize] as usize] += 1;
    }

    fn add_to_name(&mut self, code: u32, slot: u32, rows: &Rows) {
        let name = self.name[code as usize];
        self.names.add_row(name, slot);
        if self.count_of_name(name) == CROWD.0 {
            let slots = self.rows_of_name(name, rows).into_iter().collect();
            self.names.crowds.insert(name, slots);
        }
    }

    /// Takes a row out.
    pub fn remove_row(&mut self, code: u32, slot: u32, rows: &mut Rows) {
        let older = rows.older(slot);
        let mut newer = self.newest[code as usize];
        if newer == slot {
            self.newest[code as usize] = older;
        } else {
            while rows.older(newer) != slot {
                newer = rows.older(newer);
            }
            rows.set_older(newer, older);
        }
        self.rows[code as usize] -= 1;
        self.order.remove_row(code);
        self.names.remove_row(self.name[code as usize], slot);
    }

    /// How many codes were given, free ones among them.
    pub const fn codes(&self) -> usize {
        self.no.len()
    }

    /// How many rows a user has.
    pub fn count(&self, code: u32) -> usize {
        self.rows[code as usize] as usize
    }

    /// The rows of a user, oldest first.
    pub fn rows_of(&self, code: u32, rows: &Rows) -> Vec<u32> {
        let mut slots = Vec::with_capacity(self.count(code));
        let mut slot = self.newest[code as usize];
        while slot != NONE {
            slots.push(slot);
            slot = rows.older(slot);
        }
        slots.reverse();
        slots
    }

    /// How many rows a name has.
    pub fn count_of_name(&self, name: u32) -> usize {
        self.names.rows[name as usize] as usize
    }

    /// The rows of a name, oldest first.
    pub fn rows_of_name(&self, name: u32, rows: &Rows) -> Vec<u32> {
        let mut slots: Vec<u32> =
            self.users_of_name(name).flat_map(|code| self.rows_of(code, rows)).collect();
        slots.sort_unstable();
        slots
    }

    /// The same as a set, where there are many.
    pub fn crowd(&self, name: u32) -> Option<&RoaringBitmap> {
        self.names.crowds.get(&name)
    }

    /// The users of a name.
    pub fn users_of_name(&self, name: u32) -> impl Iterator<Item = u32> {
        let some = |code: u32| (code != NONE).then_some(code);
        std::iter::successors(some(self.names.first[name as usize]), move |code| {
            some(self.namesake[*code as usize])
        })
    }

    /// The user's number.
    pub fn no(&self, code: u32) -> UserNo {
        self.no[code as usize]
    }

    /// What the user may do.
    pub fn roles(&self, code: u32) -> RoleSet {
        self.roles[code as usize]
    }

    /// The id on the wire.
    pub fn id(&self, code: u32) -> UserId {
        UserId::of_bytes(*self.ids.get(code).first_chunk().unwrap_or(&[0; ID_LENGTH]))
    }

    /// The username.
    pub fn username(&self, code: u32) -> &str {
        text(self.usernames.get(code)).unwrap_or_default()
    }

    /// The code of the user's name.
    pub fn name_code(&self, code: u32) -> u32 {
        self.name[code as usize]
    }

    /// The user's name, if there is one.
    pub fn name(&self, code: u32) -> Option<&str> {
        text(self.names.texts.get(self.name[code as usize]))
    }

    /// The user as it is known outside.
    pub fn owner(&self, code: u32) -> Owner {
        Owner {
            no: self.no(code),
            id: self.id(code),
            username: self.username(code).into(),
            name: self.name(code).map(Into::into),
            roles: self.roles(code),
        }
    }

    /// The ids on the wire, by code.
    pub const fn ids(&self) -> &Shelf<Ids> {
        &self.ids
    }

    /// The usernames, by code.
    pub const fn usernames(&self) -> &Shelf {
        &self.usernames
    }

    /// The distinct names.
    pub const fn names(&self) -> &Shelf {
        &self.names.texts
    }

    /// The users in the order of usernames.
    pub const fn order(&self) -> &Order {
        &self.order
    }

    /// The names in order.
    pub const fn order_of_names(&self) -> &Order {
        &self.names.order
    }

    /// How two users compare by username.
    pub fn compare(&self, a: u32, b: u32) -> Ordering {
        COLLATION.compare(self.usernames.get(a), self.usernames.get(b))
    }

    /// How two names compare.
    pub fn compare_names(&self, a: u32, b: u32) -> Ordering {
        COLLATION.compare(self.names.texts.get(a), self.names.texts.get(b))
    }

    /// Leaves the orders as they are until [`settle`](Self::settle).
    pub const fn load(&mut self) {
        self.order.load();
        self.names.order.load();
    }

    /// Builds the orders after loading, each on a thread of its own.
    pub fn settle(&mut self) {
        let Self { order, usernames, rows, names, .. } = self;
        let of_users = || {
            let users = (0..number(rows.len())).filter(|code| rows[*code as usize] > 0);
            order.settle(&sorted(users, usernames), |code| rows[code as usize] as usize);
        };
        let of_names = || {
            let Names { texts, first, rows, order, .. } = names;
            let named = (0..number(rows.len())).filter(|name| first[*name as usize] != NONE);
            order.settle(&sorted(named, texts), |name| rows[name as usize] as usize);
        };
        at_once(of_users, of_names);
    }
}

/// Numbers of texts in the order of these.
fn sorted(numbers: impl Iterator<Item = u32>, texts: &Shelf) -> Vec<u32> {
    let mut keyed: Vec<(u128, u32)> =
        numbers.map(|number| (COLLATION.prefix(texts.get(number)), number)).collect();
    // The first bytes decide most comparisons without going to the texts.
    keyed.sort_unstable_by(|(x, a), (y, b)| {
        x.cmp(y).then_with(|| COLLATION.compare(texts.get(*a), texts.get(*b)))
    });
    keyed.into_iter().map(|(_, number)| number).collect()
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

impl Names {
    fn intern(&mut self, text: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(text);
        if let Some(name) = self.by_text.find(hash, |name| self.texts.get(name) == text) {
            return name;
        }
        let Self { texts, by_text, hasher, first, rows, order, .. } = self;
        let name = texts.put(text);
        if name as usize == rows.len() {
            first.push(NONE);
            rows.push(0);
        }
        by_text.insert(hash, name, |name| hasher.hash_one(texts.get(name)));
        let compare = |other| COLLATION.compare(texts.get(other), text);
        order.insert(name, compare, |other| rows[other as usize] as usize);
        name
    }

    fn forget(&mut self, name: u32) {
        self.order.remove(name);
        self.by_text.remove(self.hasher.hash_one(self.texts.get(name)), name);
        self.texts.remove(name);
    }

    fn add_row(&mut self, name: u32, slot: u32) {
        self.rows[name as usize] += 1;
        self.order.add_row(name);
        if let Some(crowd) = self.crowds.get_mut(&name) {
            crowd.insert(slot);
        }
    }

    fn remove_row(&mut self, name: u32, slot: u32) {
        self.rows[name as usize] -= 1;
        self.order.remove_row(name);
        if let Some(crowd) = self.crowds.get_mut(&name) {
            crowd.remove(slot);
            if self.rows[name as usize] as usize <= CROWD.1 {
                self.crowds.remove(&name);
            }
        }
    }
}
