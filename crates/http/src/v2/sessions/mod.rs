//! Sessions of everybody.

mod end;
mod export;
mod list;
mod query;
mod show;
mod stream;

pub use end::End;
pub use export::Export;
pub use list::List;
pub use query::{facet_names, sort_keys, sort_names};
pub use show::Show;
pub use stream::Stream;
