//! Finding the rows that answer one question, a stretch at a time: each distinct value is asked once, and brings its
//! rows.
//!
//! Values are searched where they stand, one after another. Between stretches the index goes on; what comes and changes
//! meanwhile is tested by itself ([`crate::search`]), so nothing that was looked at already is looked at again. Ids and
//! addresses are passed over when what is looked for cannot occur in their letters.

use crate::arena::Texts;
use crate::bits::Bits;
use crate::chunk::{Chunk, SLOTS};
use crate::facet::Field;
use crate::finder::{OfClient, OfUser, Question};
use crate::index::Index;
use crate::needle::Needle;
use crate::number;
use crate::pattern::TextFilter;
use crate::rows::NONE;
use crate::slots::Slots;
use roaring::RoaringBitmap;
use rollcall_filter::Comparison;
use rollcall_model::Timestamp;
use std::ops::Range;

/// What is searched, in this order, as far as the question asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Facet(usize),
    Usernames,
    Names,
    UserIds,
    /// Whatever else users are.
    Users,
    /// The rows of the users that were found.
    RowsOfUsers,
    Clients,
    /// The rows of the clients that were found.
    RowsOfClients,
    Ids,
    Addresses,
    /// Whatever else rows are.
    Rows,
    Done,
}

impl Stage {
    /// All of them, in their order.
    fn all() -> impl Iterator<Item = Self> {
        let facets = (0..Field::FILTERED.len()).map(Self::Facet);
        facets.chain([
            Self::Usernames,
            Self::Names,
            Self::UserIds,
            Self::Users,
            Self::RowsOfUsers,
            Self::Clients,
            Self::RowsOfClients,
            Self::Ids,
            Self::Addresses,
            Self::Rows,
        ])
    }

    /// Whether a question is looked for there.
    fn is_of(self, question: &Question) -> bool {
        match question {
            Question::Any(filter) => match self {
                Self::Facet(_) | Self::Usernames | Self::Names | Self::RowsOfUsers => true,
                Self::UserIds | Self::Ids => !filter.in_ids().is_nothing(),
                Self::Addresses => !filter.in_addresses().is_nothing(),
                _ => false,
            },
            Question::Username(_) => matches!(self, Self::Usernames | Self::RowsOfUsers),
            Question::Name(_) => matches!(self, Self::Names | Self::RowsOfUsers),
            Question::User(_) => matches!(self, Self::Users | Self::RowsOfUsers),
            Question::Client(_) => matches!(self, Self::Clients | Self::RowsOfClients),
            Question::Ids(_) => self == Self::Ids,
            Question::Addresses(_) => self == Self::Addresses,
            Question::Nothing => false,
            Question::Id(_)
            | Question::Network(_)
            | Question::Current(..)
            | Question::Login(..)
            | Question::Seen(..) => self == Self::Rows,
        }
    }
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
    /// Users or clients that were found.
    values: RoaringBitmap,
}

/// A place in a stage.
#[derive(Clone, Copy, Default)]
struct Place {
    /// The next arena, chunk or value.
    arena: usize,
    /// The next text in it.
    text: usize,
    /// How many it had: with more or fewer, they may have moved, and it is searched from its beginning.
    texts: usize,
}

/// What a stretch may still cost, in bytes of text.
pub struct Budget(pub usize);

/// What looking at a signature costs, in bytes of text.
const PASSED_OVER: usize = 64;
/// What looking at a row costs, in bytes of text.
const ROW: usize = 16;
/// What asking a client costs, in bytes of text.
const CLIENT: usize = 64;
/// Users whose rows are gone to at a time.
const USERS_AT_ONCE: usize = crate::turning_point(64, 2);
/// From one in so many of all rows on, going through all of them is cheaper than going to those of some users.
const LARGE_PART: usize = crate::turning_point(16, 3);

impl Scan {
    /// At its beginning.
    pub fn new(question: &Question) -> Self {
        Self {
            stage: Stage::all().find(|stage| stage.is_of(question)).unwrap_or(Stage::Done),
            at: Place::default(),
            found: Bits::default(),
            sets: RoaringBitmap::new(),
            values: RoaringBitmap::new(),
        }
    }

    /// Whether everything was searched.
    pub fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// What was found. Some of it may have gone or changed since.
    pub fn into_found(self) -> RoaringBitmap {
        self.found.to_bitmap() | self.sets
    }

    /// What it takes, about.
    pub fn bytes(&self) -> usize {
        self.found.bytes() + self.sets.serialized_size() + self.values.serialized_size()
    }

    /// Searches as far as the budget goes.
    pub fn step(&mut self, index: &Index, question: &Question, budget: &mut Budget) {
        while !self.is_done() && budget.0 > 0 {
            let through = match question {
                Question::Any(filter) => self.go_on_in_texts(index, filter, budget),
                question => self.go_on(index, question, budget),
            };
            if through {
                self.at = Place::default();
                let mut later = Stage::all().skip_while(|stage| *stage != self.stage).skip(1);
                self.stage = later.find(|stage| stage.is_of(question)).unwrap_or(Stage::Done);
            }
        }
    }

    /// Goes on in a stage, for what is looked for in all texts; tells whether it is through.
    fn go_on_in_texts(&mut self, index: &Index, filter: &TextFilter, budget: &mut Budget) -> bool {
        match self.stage {
            Stage::Facet(facet) => {
                let Self { at, found, sets, .. } = self;
                let facet = index.facets.get(Field::FILTERED[facet]);
                let mut hit = |code| put_value(found, sets, facet.rows(code));
                each_arena(facet.texts().arenas(at.arena), at, filter.in_names(), budget, &mut hit)
            }
            Stage::Usernames => self.usernames(index, filter.in_names(), budget),
            Stage::Names => self.names(index, filter.in_names(), budget),
            Stage::UserIds => {
                let Self { at, values, .. } = self;
                let mut hit = |user| {
                    values.insert(user);
                };
                each_arena(index.users.ids().arenas(at.arena), at, filter.in_ids(), budget, &mut hit)
            }
            Stage::Ids => self.ids(index, filter.in_ids(), budget),
            Stage::Addresses => self.addresses(index, filter.in_addresses(), budget),
            _ => self.rows_of_users(index, budget),
        }
    }

    /// The same for what is looked for elsewhere.
    fn go_on(&mut self, index: &Index, question: &Question, budget: &mut Budget) -> bool {
        match (self.stage, question) {
            (Stage::RowsOfUsers, _) => self.rows_of_users(index, budget),
            (_, Question::Username(needle)) => self.usernames(index, needle, budget),
            (_, Question::Name(needle)) => self.names(index, needle, budget),
            (_, Question::User(of_user)) => self.users(index, of_user, budget),
            (Stage::Clients, Question::Client(of_client)) => self.clients(index, of_client, budget),
            (_, Question::Client(of_client)) => self.rows_of_clients(index, of_client, budget),
            (_, Question::Ids(needle)) => self.ids(index, needle, budget),
            (_, Question::Addresses(needle)) => self.addresses(index, needle, budget),
            (_, Question::Network(network)) => {
                self.each_row(index, budget, |chunk, at| network.holds(chunk.address(at)))
            }
            (_, Question::Seen(comparison, bound)) => {
                self.each_row(index, budget, |chunk, at| comparison.holds(chunk.seen_at(at).cmp(bound)))
            }
            (_, Question::Login(comparison, bound)) => {
                self.sets = index.opened(*comparison, *bound);
                true
            }
            (_, Question::Id(id)) => {
                self.sets.extend(index.rows.find_id(id));
                true
            }
            (_, Question::Current(session, is_it)) => {
                let slot = session.and_then(|session| index.rows.find(session));
                let it: RoaringBitmap = slot.into_iter().collect();
                self.sets = if *is_it { it } else { index.rows.live() - it };
                true
            }
            (_, Question::Any(_) | Question::Nothing) => true,
        }
    }

    fn usernames(&mut self, index: &Index, needle: &Needle, budget: &mut Budget) -> bool {
        let Self { at, values, .. } = self;
        let mut hit = |user| {
            values.insert(user);
        };
        each_arena(index.users.usernames().arenas(at.arena), at, needle, budget, &mut hit)
    }

    fn names(&mut self, index: &Index, needle: &Needle, budget: &mut Budget) -> bool {
        let Self { at, values, .. } = self;
        let mut hit = |name| values.extend(index.users.users_of_name(name));
        each_arena(index.users.names().arenas(at.arena), at, needle, budget, &mut hit)
    }

    fn ids(&mut self, index: &Index, needle: &Needle, budget: &mut Budget) -> bool {
        let Self { at, found, .. } = self;
        let ids = index.rows.chunks(at.arena).map(|(first, chunk)| ((first, chunk), chunk.ids()));
        each_arena_of(ids, at, needle, budget, |(first, chunk), row| {
            found.insert(first + number(chunk.slot_of(row)));
        })
    }

    fn addresses(&mut self, index: &Index, needle: &Needle, budget: &mut Budget) -> bool {
        let Self { at, found, .. } = self;
        let addresses = index.rows.chunks(at.arena).map(|(first, chunk)| ((first, chunk), chunk.addresses()));
        each_arena_of(addresses, at, needle, budget, |(first, chunk), row| {
            found.insert(first + number(chunk.slot_of(row)));
        })
    }

    fn users(&mut self, index: &Index, of_user: &OfUser, budget: &mut Budget) -> bool {
        if let OfUser::OneOf(users) = of_user {
            self.values.extend(users.iter().filter_map(|user| index.users.find(*user)));
            return true;
        }
        let known = index.users.codes();
        while self.at.arena < known {
            if budget.0 == 0 {
                return false;
            }
            let end = known.min(self.at.arena + SLOTS);
            let codes = number(self.at.arena)..number(end);
            self.values.extend(codes.filter(|user| index.user_is(*user, of_user)));
            budget.spend(ROW * (end - self.at.arena));
            self.at.arena = end;
        }
        true
    }

    fn rows_of_users(&mut self, index: &Index, budget: &mut Budget) -> bool {
        let Self { at, found, values, .. } = self;
        rows_of_users(index, values, at, budget, |slot| found.insert(slot))
    }

    fn clients(&mut self, index: &Index, of_client: &OfClient, budget: &mut Budget) -> bool {
        for (code, client) in index.clients.known(self.at.arena) {
            if budget.0 == 0 {
                return false;
            }
            if of_client.is(client) {
                self.values.insert(code);
            }
            self.at.arena = code as usize + 1;
            budget.spend(CLIENT);
        }
        true
    }

    /// Puts in the rows of clients: values of a field whose clients were all found with all their rows, and of the others
    /// each row whose client was.
    fn rows_of_clients(&mut self, index: &Index, of_client: &OfClient, budget: &mut Budget) -> bool {
        let Self { at, found, sets, values, .. } = self;
        if at.arena == 0 && at.text == 0 {
            let facet = index.facets.get(of_client.covered_by);
            let (mut whole, mut none) = (RoaringBitmap::new(), RoaringBitmap::new());
            for (code, client) in index.clients.known(0) {
                let value = client.codes[of_client.covered_by as usize];
                if values.contains(code) {
                    whole.insert(value)
                } else {
                    none.insert(value)
                };
            }
            (&whole - &none).iter().for_each(|value| put_value(found, sets, facet.rows(value)));
            if whole.is_disjoint(&none) {
                return true;
            }
            at.text = 1;
        }
        each_live_row(index, at, budget, |slot, chunk, within| {
            if values.contains(chunk.codes(within).client) {
                found.insert(slot);
            }
        })
    }

    /// Puts in each row that a test holds for.
    fn each_row(
        &mut self,
        index: &Index,
        budget: &mut Budget,
        holds: impl Fn(&Chunk, usize) -> bool,
    ) -> bool {
        let Self { at, found, .. } = self;
        each_live_row(index, at, budget, |slot, chunk, within| {
            if holds(chunk, within) {
                found.insert(slot);
            }
        })
    }
}

fn put_value(found: &mut Bits, sets: &mut RoaringBitmap, rows: &Slots) {
    match rows {
        Slots::Few(few) => few.iter().for_each(|slot| found.insert(*slot)),
        Slots::Many(many) => *sets |= many,
    }
}

/// Visits the rows from a place on, as many as the budget allows; tells whether those were all.
fn each_live_row(
    index: &Index,
    at: &mut Place,
    budget: &mut Budget,
    mut visit: impl FnMut(u32, &Chunk, usize),
) -> bool {
    for (first, chunk) in index.rows.chunks(at.arena) {
        if budget.0 == 0 {
            return false;
        }
        at.arena += 1;
        budget.spend(ROW * SLOTS / 4);
        for slot in index.rows.live().range(first..=first + number(SLOTS - 1)) {
            visit(slot, chunk, (slot - first) as usize);
        }
    }
    true
}

impl Index {
    /// The rows whose sessions were opened so: a range of slots, as these rise with time.
    fn opened(&self, comparison: Comparison, bound: Timestamp) -> RoaringBitmap {
        let mut rows = self.rows.live().clone();
        // Of those that rise, the first that is not before the bound, or not at it either.
        let is_before = |slot: u32| match comparison {
            Comparison::Less | Comparison::AtLeast => self.rows.opened_at(slot) < bound,
            Comparison::AtMost | Comparison::Greater => self.rows.opened_at(slot) <= bound,
        };
        let before = partition(&rows, is_before);
        let boundary = rows.select(before).unwrap_or(u32::MAX);
        match comparison {
            Comparison::Less | Comparison::AtMost => rows.remove_range(boundary..),
            Comparison::Greater | Comparison::AtLeast => rows.remove_range(..boundary),
        };
        rows
    }
}

/// How many slots of a set come first for which something holds, which then holds for no later one.
pub fn partition(slots: &RoaringBitmap, holds: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (0, number(crate::slots::cardinality(slots)));
    while low < high {
        let middle = low.midpoint(high);
        if slots.select(middle).is_some_and(&holds) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
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
    each_live_row(index, at, budget, |slot, chunk, within| {
        if users.contains(chunk.codes(within).user) {
            put(slot);
        }
    })
}

impl Budget {
    /// Takes from it.
    pub const fn spend(&mut self, bytes: usize) {
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
