//! Sessions of everybody.

mod end;
mod list;
mod query;
mod show;

pub use end::End;
pub use list::List;
pub use query::{facet_names, sort_keys, sort_names};
pub use show::Show;
