//! A hash table of numbers in many small parts, so that growing moves a few entries at a time: what grows as one
//! piece stands still while a million entries find their new places.

use hashbrown::HashTable;

const PARTS: usize = 256;

/// The table. Hashes and equality are the caller's: it holds numbers of what lies elsewhere.
pub struct Shards(Vec<HashTable<u32>>);

impl Shards {
    /// An empty table.
    pub fn new() -> Self {
        Self((0..PARTS).map(|_| HashTable::new()).collect())
    }

    /// A table of so many numbers, about, with their hashes. They are sorted by parts first: each part is small
    /// enough to be near while it is filled.
    pub fn of(count: usize, numbers: impl Iterator<Item = (u64, u32)>, hash_of: impl Fn(u32) -> u64) -> Self {
        let room = count / PARTS + count / PARTS / 8;
        let mut parts: Vec<Vec<(u64, u32)>> = (0..PARTS).map(|_| Vec::with_capacity(room)).collect();
        numbers.for_each(|(hash, number)| parts[part(hash)].push((hash, number)));
        let table = |part: Vec<(u64, u32)>| {
            let mut table = HashTable::with_capacity(part.len());
            for (hash, number) in part {
                table.insert_unique(hash, number, |number| hash_of(*number));
            }
            table
        };
        Self(parts.into_iter().map(table).collect())
    }

    /// The number with this hash of which `is_it` says so.
    pub fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        self.0[part(hash)].find(hash, |number| is_it(*number)).copied()
    }

    /// Puts a number in that is not there.
    pub fn insert(&mut self, hash: u64, number: u32, hash_of: impl Fn(u32) -> u64) {
        self.0[part(hash)].insert_unique(hash, number, |number| hash_of(*number));
    }

    /// What it takes.
    pub fn size(&self) -> usize {
        self.0.iter().map(HashTable::allocation_size).sum()
    }

    /// Takes a number out.
    pub fn remove(&mut self, hash: u64, number: u32) {
        let part = &mut self.0[part(hash)];
        if let Ok(entry) = part.find_entry(hash, |held| *held == number) {
            entry.remove();
        }
    }
}

/// By bits that the tables themselves do not look at first.
const fn part(hash: u64) -> usize {
    (hash >> 40) as usize % PARTS
}
