//! The live index: all live sessions in memory, in columns of dictionary codes.
//!
//! Sessions come in by [`Standing::load`] at start and by [`Standing::apply`] after each commit; every list
//! and every token check is answered from here. Pure: no clock and no I/O; time is an argument. Threads are used
//! while it is filled at start, two at the most.
//!
//! **Invariants**
//! - A row is in the index exactly while its session is live: at the instant of its expiry it is gone from
//!   rows, totals and token checks, before the ledger says so.
//! - A login token is good exactly while its session's row is in the index.
//! - Rows, total and offset of a page come from one state.
//! - What a list gives is what filtering all rows, sorting them and cutting the page would give.

mod addresses;
mod advance;
mod apply;
mod arena;
mod beginning;
mod bits;
mod by_number;
mod checkpoint;
mod chunk;
mod clients;
mod collation;
mod completion;
mod facet;
mod finder;
mod gather;
mod index;
mod list;
mod matching;
mod needle;
mod network;
mod order;
mod packed;
mod page;
mod part;
mod pattern;
mod personal;
mod position;
mod rows;
mod scan;
mod search;
mod services;
mod shards;
mod signature;
mod size;
mod slots;
mod standing;
mod step_ups;
mod tally;
mod users;
mod views;

#[cfg(test)]
mod tests;

/// The filter language, for whoever stands on the index.
pub use rollcall_filter as filter;

pub use checkpoint::FORMAT;
pub use clients::Readers;
pub use finder::Finder;
pub use index::LastSeen;
pub use list::{Direction, Filter, List, Scope, SortKey};
pub use matching::{FoundRows, Matching};
pub use page::{Page, Row};
pub use pattern::TextFilter;
pub use position::{Position, SortValue};
pub use standing::{Bearer, Loaded, Standing, TooCostly};
pub use tally::{Tally, TallyBy};

/// The number of a row or a dictionary value. Memory ends long before 32 bits do.
fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or_else(|_| panic!("more than 2^32 rows or values"))
}

/// A size at which a structure changes its form; small in tests, so that they see both forms.
const fn turning_point(size: usize, in_tests: usize) -> usize {
    if cfg!(test) { in_tests } else { size }
}

/// Does two things on two threads.
fn at_once<A: Send, B>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), other)
    })
}
