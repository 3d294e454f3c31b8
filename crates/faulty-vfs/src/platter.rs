//! What the disk itself holds, and what the system only holds for it: steps go in, and what is there after a power
//! cut comes out.
//!
//! **Invariants**
//! - What was synced is there. Of what was written since, any sectors may be, each as any of the writes to it left it.
//! - A name is there once its directory was synced; before, it may be.
//! - What a failed sync should have brought to the disk is not there until it is written again and synced: the system
//!   takes it for written all the same, and so shows it to whoever reads.

use crate::seeded::Seeded;
use std::collections::BTreeMap;

/// A file, whatever its name is by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileNo(pub usize);

/// Something that happened.
#[derive(Debug)]
pub enum Step {
    /// A file got a name; without a file, the name went.
    Named(String, Option<FileNo>),
    /// Bytes were written at a place.
    Written(FileNo, usize, Box<[u8]>),
    /// A file got another length.
    Cut(FileNo, usize),
    /// All that was written to a file since came to the disk.
    Synced(FileNo),
    /// It should have, and did not; nobody tries again.
    SyncFailed(FileNo),
    /// The names came to the disk.
    DirectorySynced,
}

/// What a power cut leaves of what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Nothing.
    Nothing,
    /// Everything.
    Everything,
    /// Some sectors and some names, by a seed; sectors of 512 bytes or of 4 KiB, by the seed too.
    Some(u64),
}

/// Files and their names.
#[derive(Debug, Default)]
pub struct Platter {
    files: BTreeMap<FileNo, File>,
    names: BTreeMap<String, FileNo>,
    unsynced_names: Vec<(String, Option<FileNo>)>,
}

#[derive(Debug, Default)]
struct File {
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    /// Written there: how far, and what.
    Written(usize, Box<[u8]>),
    Cut(usize),
}

impl Platter {
    /// Lets a step happen.
    pub fn take(&mut self, step: &Step) {
        match step {
            Step::Named(name, file) => self.unsynced_names.push((name.clone(), *file)),
            Step::Written(file, at, bytes) => {
                self.unsynced(*file).push(Change::Written(*at, bytes.clone()));
            }
            Step::Cut(file, length) => self.unsynced(*file).push(Change::Cut(*length)),
            Step::Synced(file) => {
                let file = self.files.entry(*file).or_default();
                for change in std::mem::take(&mut file.unsynced) {
                    change.make(&mut file.durable);
                }
            }
            Step::SyncFailed(file) => self.unsynced(*file).clear(),
            Step::DirectorySynced => {
                for (name, file) in std::mem::take(&mut self.unsynced_names) {
                    rename(&mut self.names, &name, file);
                }
            }
        }
    }

    fn unsynced(&mut self, file: FileNo) -> &mut Vec<Change> {
        &mut self.files.entry(file).or_default().unsynced
    }

    /// What is there after a power cut at this moment: names and what their files hold.
    pub fn after_power_cut(&self, kept: Kept) -> Vec<(String, Vec<u8>)> {
        let mut seeded = match kept {
            Kept::Some(seed) => Seeded(seed),
            Kept::Nothing | Kept::Everything => Seeded(0),
        };
        let mut names = self.names.clone();
        for (name, file) in &self.unsynced_names {
            let stays = match kept {
                Kept::Nothing => false,
                Kept::Everything => true,
                Kept::Some(_) => seeded.coin(),
            };
            if stays {
                rename(&mut names, name, *file);
            }
        }
        let nothing = File::default();
        let held = |file: &FileNo| self.files.get(file).unwrap_or(&nothing);
        let files = names.iter().map(|(name, file)| (name.clone(), held(file).after(kept, &mut seeded)));
        files.collect()
    }
}

impl File {
    fn after(&self, kept: Kept, seeded: &mut Seeded) -> Vec<u8> {
        match kept {
            Kept::Nothing => self.durable.clone(),
            Kept::Everything => {
                let mut bytes = self.durable.clone();
                self.unsynced.iter().for_each(|change| change.make(&mut bytes));
                bytes
            }
            Kept::Some(_) => self.some(if seeded.coin() { 512 } else { 4_096 }, seeded),
        }
    }

    /// Each sector as one of the writes to it left it, or as it was.
    fn some(&self, sector: usize, seeded: &mut Seeded) -> Vec<u8> {
        let (mut bytes, mut written) = (self.durable.clone(), self.durable.clone());
        // By its place, how each sector might be beside what it was.
        let mut versions = BTreeMap::<usize, Vec<Vec<u8>>>::new();
        for change in &self.unsynced {
            change.make(&mut written);
            match change {
                Change::Written(at, new) => {
                    let sectors = at / sector..(at + new.len()).div_ceil(sector);
                    for no in sectors {
                        let whole = no * sector..((no + 1) * sector).min(written.len());
                        versions.entry(no).or_default().push(written[whole].to_vec());
                    }
                }
                Change::Cut(length) if seeded.coin() => {
                    choose(&mut bytes, std::mem::take(&mut versions), sector, seeded);
                    bytes.resize(*length, 0);
                }
                Change::Cut(_) => {}
            }
        }
        choose(&mut bytes, versions, sector, seeded);
        bytes
    }
}

fn choose(bytes: &mut Vec<u8>, versions: BTreeMap<usize, Vec<Vec<u8>>>, sector: usize, seeded: &mut Seeded) {
    for (no, mut versions) in versions {
        let which = seeded.below(versions.len() + 1);
        if which < versions.len() {
            put(bytes, no * sector, &versions.swap_remove(which));
        }
    }
}

impl Change {
    fn make(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Written(at, new) => put(bytes, *at, new),
            Self::Cut(length) => bytes.resize(*length, 0),
        }
    }
}

fn put(bytes: &mut Vec<u8>, at: usize, new: &[u8]) {
    let end = at + new.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[at..end].copy_from_slice(new);
}

fn rename(names: &mut BTreeMap<String, FileNo>, name: &str, file: Option<FileNo>) {
    match file {
        Some(file) => _ = names.insert(name.to_owned(), file),
        None => _ = names.remove(name),
    }
}
