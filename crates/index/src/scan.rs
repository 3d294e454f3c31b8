//! Finding what a filter finds, a stretch at a time: each distinct value is asked once, and brings its rows.
//!
//! Values are searched where they stand, one after another. Between stretches the index goes on: what it lets come,
//! go and change meanwhile it tells the [view](crate::views), so nothing that was looked at already is looked at
//! again. Ids and addresses are passed over when the filter cannot occur in their letters.

use crate::arena::Texts;
use crate::bits::Bits;
use crate::chunk::SLOTS;
use crate::facet::Field;
use crate::index::Index;
use crate::needle::Needle;
use crate::number;
use crate::pattern::TextFilter;
use crate::slots::Slots;
use roaring::RoaringBitmap;

/// What is searched, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Facet(usize),
    Usernames,
    Names,
    UserIds,
    /// The rows of the users that were found.
    RowsOfUsers,
    Ids,
    Addresses,
    Done,
}

/// A scan under way.
pub struct Scan {
    stage: Stage,
    /// Where in the stage.
    at: Place,
    /// Rows that were found.
    found: Bits,
    /// Rows that were found as whole sets.
    sets: RoaringBitmap,
    /// Users that were found.
    users: RoaringBitmap,
}

/// A place in a stage.
#[derive(Clone, Copy, Default)]
struct Place {
    /// The next arena, chunk or user.
    arena: usize,
    /// The next text in it.
    text: usize,
    /// How many it had: with more or fewer, they may have moved, and it is searched from its beginning.
    texts: usize,
}

/// What a stretch may still cost, in bytes of text.
struct Budget(usize);

/// What looking at a signature costs, in bytes of text.
const PASSED_OVER: usize = 64;
/// What looking at a row costs, in bytes of text.
const ROW: usize = 16;
/// From one in so many of all rows on, going through all of them is cheaper than going to those of some users.
const LARGE_PART: usize = crate::turning_point(16, 3);

impl Scan {
    /// At its beginning.
    pub fn new() -> Self {
        Self {
            stage: Stage::Facet(0),
            at: Place::default(),
            found: Bits::default(),
            sets: RoaringBitmap::new(),
            users: RoaringBitmap::new(),
        }
    }

    /// Whether everything was searched.
    pub fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// What was found.
    pub fn into_found(self) -> RoaringBitmap {
        self.found.to_bitmap() | self.sets
    }

    /// What it takes, about.
    pub fn bytes(&self) -> usize {
        self.found.bytes() + self.sets.serialized_size() + self.users.serialized_size()
    }

    /// A row came, or was changed.
    pub fn put(&mut self, slot: u32, matches: bool) {
        if matches {
            self.found.insert(slot);
        } else {
            self.remove(slot);
        }
    }

    /// A row went.
    pub fn remove(&mut self, slot: u32) {
        self.found.remove(slot);
        self.sets.remove(slot);
    }

    /// A user was changed, or went.
    pub fn put_user(&mut self, user: u32, matches: bool) {
        if matches {
            self.users.insert(user);
        } else {
            self.users.remove(user);
        }
    }

    /// Searches a stretch.
    pub fn step(&mut self, index: &Index, filter: &TextFilter) {
        let mut budget = Budget(filter.bytes_at_once());
        while !self.is_done() && budget.0 > 0 {
            let through = self.go_on(index, filter, &mut budget);
            if through {
                self.at = Place::default();
                self.stage = self.next();
            }
        }
    }

    fn next(&self) -> Stage {
        match self.stage {
            Stage::Facet(facet) if facet + 1 < Field::FILTERED.len() => Stage::Facet(facet + 1),
            Stage::Facet(_) => Stage::Usernames,
            Stage::Usernames => Stage::Names,
            Stage::Names => Stage::UserIds,
            Stage::UserIds => Stage::RowsOfUsers,
            Stage::RowsOfUsers => Stage::Ids,
            Stage::Ids => Stage::Addresses,
            Stage::Addresses | Stage::Done => Stage::Done,
        }
    }

    /// Goes on in a stage; tells whether it is through.
    fn go_on(&mut self, index: &Index, filter: &TextFilter, budget: &mut Budget) -> bool {
        let Self { stage, at, found, sets, users } = self;
        match *stage {
            Stage::Facet(facet) => {
                let facet = index.facets.get(Field::FILTERED[facet]);
                let mut hit = |code| match facet.rows(code) {
                    Slots::Few(few) => few.iter().for_each(|slot| found.insert(*slot)),
                    Slots::Many(many) => *sets |= many,
                };
                each_arena(facet.texts().arenas(at.arena), at, filter.in_names(), budget, &mut hit)
            }
            Stage::Usernames => {
                let mut hit = |user| {
                    users.insert(user);
                };
                each_arena(index.users.usernames().arenas(at.arena), at, filter.in_names(), budget, &mut hit)
            }
            Stage::Names => {
                let mut hit = |name| users.extend(index.users.users_of_name(name));
                each_arena(index.users.names().arenas(at.arena), at, filter.in_names(), budget, &mut hit)
            }
            Stage::UserIds | Stage::Ids if filter.in_ids().is_nothing() => true,
            Stage::Addresses if filter.in_addresses().is_nothing() => true,
            Stage::UserIds => {
                let mut hit = |user| {
                    users.insert(user);
                };
                each_arena(index.users.ids().arenas(at.arena), at, filter.in_ids(), budget, &mut hit)
            }
            Stage::RowsOfUsers => rows_of_users(index, users, at, budget, |slot| found.insert(slot)),
            Stage::Ids => {
                let ids = index.rows.chunks(at.arena).map(|(first, chunk)| ((first, chunk), chunk.ids()));
                each_arena_of(ids, at, filter.in_ids(), budget, |(first, chunk), row| {
                    found.insert(first + number(chunk.slot_of(row)));
                })
            }
            Stage::Addresses => {
                let addresses =
                    index.rows.chunks(at.arena).map(|(first, chunk)| ((first, chunk), chunk.addresses()));
                each_arena_of(addresses, at, filter.in_addresses(), budget, |(first, chunk), row| {
                    found.insert(first + number(chunk.slot_of(row)));
                })
            }
            Stage::Done => true,
        }
    }
}

/// Puts in the rows of users, as many as the budget allows; tells whether that was all.
fn rows_of_users(
    index: &Index,
    users: &RoaringBitmap,
    at: &mut Place,
    budget: &mut Budget,
    mut put: impl FnMut(u32),
) -> bool {
    if users.is_empty() {
        return true;
    }
    let count: usize = if at.text == 0 { users.iter().map(|user| index.users.count(user)).sum() } else { 0 };
    // Which way it was decided at first holds for all of it.
    if at.text == 0 {
        at.text = if count * LARGE_PART < index.rows.count() { 1 } else { 2 };
    }
    if at.text == 1 {
        for user in users.range(number(at.arena)..) {
            if budget.0 == 0 {
                at.arena = user as usize;
                return false;
            }
            let slots = index.users.rows_of(user, &index.rows);
            budget.spend(ROW * slots.len());
            slots.into_iter().for_each(&mut put);
        }
        return true;
    }
    for (first, chunk) in index.rows.chunks(at.arena) {
        if budget.0 == 0 {
            return false;
        }
        at.arena += 1;
        budget.spend(ROW * SLOTS / 4);
        for slot in index.rows.live().range(first..=first + number(SLOTS - 1)) {
            if users.contains(chunk.codes((slot - first) as usize).user) {
                put(slot);
            }
        }
    }
    true
}

impl Budget {
    const fn spend(&mut self, bytes: usize) {
        self.0 = self.0.saturating_sub(bytes);
    }
}

/// Searches arenas whose texts are numbered on from one to the next; see [`each_arena_of`].
fn each_arena<'a, T: Texts + 'a>(
    arenas: impl Iterator<Item = (u32, &'a T)>,
    at: &mut Place,
    needle: &Needle,
    budget: &mut Budget,
    hit: &mut impl FnMut(u32),
) -> bool {
    each_arena_of(arenas, at, needle, budget, |first, text| hit(first + number(text)))
}

/// Calls `hit` for every text of the arenas from a place on that the needle is found in, as far as the
/// budget goes; the place moves on. Tells whether that was the end.
fn each_arena_of<'a, T: Texts + 'a, Of: Copy>(
    arenas: impl Iterator<Item = (Of, &'a T)>,
    at: &mut Place,
    needle: &Needle,
    budget: &mut Budget,
    mut hit: impl FnMut(Of, usize),
) -> bool {
    for (of, texts) in arenas {
        if at.texts != texts.count() {
            at.text = 0;
        }
        if at.text == 0 && !texts.signature().is_none_or(|signature| needle.needs().may_be_met(signature)) {
            budget.spend(PASSED_OVER);
            *at = Place { arena: at.arena + 1, ..Place::default() };
            continue;
        }
        while at.text < texts.count() {
            if budget.0 == 0 {
                at.texts = texts.count();
                return false;
            }
            let to = end_of_stretch(texts, at.text, budget);
            search(texts, at.text, to, needle, |text| hit(of, text));
            at.text = to;
        }
        *at = Place { arena: at.arena + 1, ..Place::default() };
    }
    true
}

/// As many texts as the budget allows, at least one. They are spent.
fn end_of_stretch(texts: &impl Texts, from: usize, budget: &mut Budget) -> usize {
    let (start, all) = (texts.start(from), texts.bytes().len());
    let to = if start + budget.0 < all {
        texts.holder(from, start + budget.0).max(from + 1)
    } else {
        texts.count()
    };
    budget.spend(texts.start(to) - start);
    to
}

/// Calls `hit` for every text of `from..to` that the needle is found in.
fn search(texts: &impl Texts, from: usize, to: usize, needle: &Needle, mut hit: impl FnMut(usize)) {
    if needle.may_be_run_on() {
        search_as_one(texts, from, to, needle, &mut hit);
    } else {
        (from..to).filter(|text| needle.is_in(texts.get(*text))).for_each(hit);
    }
}

/// Searches texts `from..to` as one, separators at both ends included.
fn search_as_one(texts: &impl Texts, from: usize, to: usize, needle: &Needle, hit: &mut impl FnMut(usize)) {
    let bytes = texts.bytes();
    let end = texts.start(to);
    let mut text = from;
    let mut start = texts.start(from) - 1;
    while let Some(last) = needle.first_match_end(bytes, start..end) {
        text = texts.holder(text, last);
        hit(text);
        // On behind this text, whose closing separator opens the next one.
        start = texts.start(text + 1) - 1;
        text += 1;
        if text >= to {
            return;
        }
    }
}
