//! Sessions of everybody.

mod end;
mod show;

pub use end::End;
pub use show::Show;
