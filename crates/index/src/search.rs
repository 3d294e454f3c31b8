//! Finding what a filter finds: its questions one after another, and their answers put together.
//!
//! What comes, goes and changes meanwhile is tested by itself, and what is found of it then is what counts.

use crate::finder::Finder;
use crate::index::Index;
use crate::scan::{Budget, Scan};
use roaring::RoaringBitmap;
use rollcall_filter::Tree;

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

    /// Searches as far as the budget goes; tells whether that was the end.
    pub fn step(&mut self, index: &Index, finder: &Finder, mut budget: Budget) -> bool {
        while let Some(question) = finder.questions().get(self.found.len()) {
            let scan = self.scan.get_or_insert_with(|| Scan::new(question));
            scan.step(index, question, &mut budget);
            if !scan.is_done() {
                return false;
            }
            let scan = self.scan.take();
            self.found.push(scan.map(Scan::into_found).unwrap_or_default());
        }
        true
    }

    /// Takes what the filter finds, once all is searched.
    pub fn take_found(&mut self, index: &Index, finder: &Finder) -> RoaringBitmap {
        let found = std::mem::take(&mut self.found);
        let mut found = put_together(finder.tree(), &found, index.rows.live());
        found -= &self.tested;
        found |= &self.matched;
        found
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
