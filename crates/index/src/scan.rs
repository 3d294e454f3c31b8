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
use crate::rows::NONE;
use crate::slots::Slots;
use roaring::RoaringBitmap;
use std::ops::Range;

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
/// Users whose rows are gone to at a time.
const USERS_AT_ONCE: usize = crate::turning_point(64, 2);
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
        let mut users = users.range(number(at.arena)..).peekable();
        while let Some(first) = users.peek() {
            if budget.0 == 0 {
                at.arena = *first as usize;
                return false;
            }
            // A row of each in turn: they lie anywhere, and many walks to memory take no longer than one.
            let mut rows: Vec<u32> =
                users.by_ref().take(USERS_AT_ONCE).map(|user| index.users.newest(user)).collect();
            while !rows.is_empty() {
                rows.retain(|row| *row != NONE);
                budget.spend(ROW * rows.len());
                for row in &mut rows {
                    put(std::mem::replace(row, index.rows.older(*row)));
                }
            }
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
        while let Some(candidates) = candidates(texts, at.text, needle) {
            at.text = candidates.start;
            if budget.0 == 0 {
                at.texts = texts.count();
                return false;
            }
            let to = end_of_stretch(texts, candidates, budget);
            needle.find_in(texts, at.text, to, |text| hit(of, text));
            at.text = to;
        }
        budget.spend(PASSED_OVER);
        *at = Place { arena: at.arena + 1, ..Place::default() };
    }
    true
}

/// The first texts from one on that the needle may be in, as many as are neighbours.
fn candidates(texts: &impl Texts, from: usize, needle: &Needle) -> Option<Range<usize>> {
    let count = texts.count();
    match texts.signature() {
        Some(signature) => signature.candidates(needle.needs(), from, count),
        None => (from < count).then_some(from..count),
    }
}

/// Where the budget ends among these texts, behind the first at the earliest. They are spent.
fn end_of_stretch(texts: &impl Texts, of: Range<usize>, budget: &mut Budget) -> usize {
    let (start, end) = (texts.start(of.start), texts.start(of.end));
    let to = if start + budget.0 < end {
        texts.holder(of.start, start + budget.0).max(of.start + 1)
    } else {
        of.end
    };
    budget.spend(texts.start(to) - start);
    to
}
