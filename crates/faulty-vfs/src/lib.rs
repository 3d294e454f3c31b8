//! A disk for tests of a store on SQLite: it fails when it is told to, and a power cut takes what was not synced.
//!
//! [`Disk::under`] takes a directory. From then on what SQLite does with files of that directory goes through the
//! [`Disk`], in every connection of the process, however it is opened: the product under test is not told. Other
//! directories are not touched.
//!
//! **What it is not told of:** writes and syncs by other ways than SQLite. A file that is found is taken as it is.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test that cannot go on panics")]

mod disk;
mod platter;
mod seeded;
mod vfs;

pub use disk::{Disk, Moment};
pub use platter::Kept;

#[cfg(test)]
mod tests;
