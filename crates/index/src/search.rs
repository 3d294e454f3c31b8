//! Finding what a filter finds: its questions one after another, and their answers put together. When the first of them
//! leave few rows, these are tested one by one, and the others are not asked.
//!
//! What comes, goes and changes meanwhile is tested by itself, and what is found of it then is what counts.

use crate::finder::Finder;
use crate::index::Index;
use crate::scan::{Budget, Scan};
use crate::slots::cardinality;
use crate::turning_point;
use roaring::RoaringBitmap;
use rollcall_filter::Tree;

/// Rows that are sooner tested one by one than asked the questions that are left.
const FEW: usize = turning_point(1_024, 6);

/// A search under way.
pub struct Search {
    /// The question that is looked for now.
    scan: Option<Scan>,
    /// The rows that answer those before it.
    found: Vec<RoaringBitmap>,
    /// Rows that came, went or changed since, and those of them that the filter finds.
    tested: RoaringBitmap,
    matched: RoaringBitmap,
}

impl Search {
    /// At its beginning.
    pub fn new() -> Self {
        Self { scan: None, found: Vec::new(), tested: RoaringBitmap::new(), matched: RoaringBitmap::new() }
    }

    /// Searches as far as the budget goes; gives what the filter finds when that was the end.
    pub fn step(&mut self, index: &Index, finder: &Finder, mut budget: Budget) -> Option<RoaringBitmap> {
        while let Some(question) = finder.questions().get(self.found.len()) {
            if let Some(few) = self.few_left(index, finder) {
                let matching = few.iter().filter(|slot| index.row_matches(*slot, finder)).collect();
                return Some(self.with_changes(matching));
            }
            let scan = self.scan.get_or_insert_with(|| Scan::new(question));
            scan.step(index, question, &mut budget);
            if !scan.is_done() {
                return None;
            }
            let scan = self.scan.take();
            self.found.push(scan.map(Scan::into_found).unwrap_or_default());
        }
        Some(self.with_changes(put_together(finder.tree(), &self.found, index.rows.live())))
    }

    /// The rows that the filter can still find, if they are few.
    fn few_left(&self, index: &Index, finder: &Finder) -> Option<RoaringBitmap> {
        if self.found.is_empty() || self.scan.is_some() {
            return None;
        }
        let left = at_most(finder.tree(), &self.found, index.rows.live())?;
        // What has gone since cannot be tested.
        (cardinality(&left) <= FEW).then(|| left & index.rows.live())
    }

    fn with_changes(&self, found: RoaringBitmap) -> RoaringBitmap {
        (found - &self.tested) | &self.matched
    }

    /// A row was tested, or went.
    pub fn put(&mut self, slot: u32, matches: bool) {
        self.tested.insert(slot);
        if matches {
            self.matched.insert(slot);
        } else {
            self.matched.remove(slot);
        }
    }

    /// What it takes, about.
    pub fn bytes(&self) -> usize {
        let sets = self.found.iter().chain([&self.tested, &self.matched]);
        sets.map(RoaringBitmap::serialized_size).sum::<usize>() + self.scan.as_ref().map_or(0, Scan::bytes)
    }
}

fn put_together(tree: &Tree<usize>, found: &[RoaringBitmap], all: &RoaringBitmap) -> RoaringBitmap {
    let of = |part| put_together(part, found, all);
    match tree {
        Tree::And(parts) => parts.iter().map(of).reduce(|a, b| a & b).unwrap_or_else(|| all.clone()),
        Tree::Or(parts) => parts.iter().map(of).reduce(|a, b| a | b).unwrap_or_default(),
        Tree::Not(part) => all - of(part),
        Tree::Leaf(question) => found[*question].clone(),
    }
}

/// A set that holds all that the tree can find when only the first questions are answered; none where that can be anything.
fn at_most(tree: &Tree<usize>, found: &[RoaringBitmap], all: &RoaringBitmap) -> Option<RoaringBitmap> {
    let of = |part| at_most(part, found, all);
    match tree {
        Tree::And(parts) => parts.iter().filter_map(of).reduce(|a, b| a & b),
        Tree::Or(parts) => parts.iter().try_fold(RoaringBitmap::new(), |any, part| Some(any | of(part)?)),
        Tree::Not(part) => {
            let is_answered = part.leaves().into_iter().all(|question| *question < found.len());
            is_answered.then(|| all - put_together(part, found, all))
        }
        Tree::Leaf(question) => found.get(*question).cloned(),
    }
}
