//! The language as a whole: what is read, what is refused and where, what is printed and read again.

mod completing;
mod guide;
mod reading;
mod refusing;
pub mod trees;
