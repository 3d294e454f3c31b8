//! Parameters that several endpoints have, and mean alike.

use crate::input::{Field, Kind, optional};
use rollcall_model::limits;

const TEXT: Kind = Kind::Text(limits::TEXT_CHARS);

/// A filter of sessions.
pub const FILTER: Field = optional("q", Kind::Text(limits::FILTER_TREE_CHARS))
    .meaning("A filter of sessions, as docs/guide/search.md says; without it, all.");
/// What is looked for where no filter of sessions is meant.
pub const SEARCH: Field =
    optional("q", Kind::Text(limits::FILTER_TREE_CHARS)).meaning("What is looked for; without it, all.");
/// The order of sessions.
pub const SORT: Field = optional("sort", TEXT)
    .meaning("Names with commas between, `-` before one turns it around; the newest first without it.");
/// Items at the most.
pub const LIMIT: Field =
    optional("limit", Kind::Number).meaning("Items at the most: 50 without it, never more than 1,000.");
/// Where the page before ended.
pub const CURSOR: Field = optional("cursor", Kind::Text(limits::CURSOR_CHARS))
    .meaning("`next` of the page before, with the same other parameters.");
/// An instant of the past.
pub const AS_OF: Field = optional("as_of", Kind::Instant)
    .meaning("The instant of the past that is asked; without it, what is live.");
/// The beginning of a stretch of time.
pub const FROM: Field =
    optional("from", TEXT).meaning("The beginning: an instant, or how long ago, such as `7d`.");
/// The end of a stretch of time.
pub const TO: Field = optional("to", TEXT).meaning("The end, likewise; now without it.");
