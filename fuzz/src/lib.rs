//! What strangers write and we read, as functions that take any bytes at all and panic when something does
//! not hold. `targets/` gives each of them to the fuzzer (`cargo xtask fuzz`), `tests/seeds.rs` gives them
//! the seeds.

mod ddp_frames;
mod filter_tree;
mod method_call;
mod oracle;
mod parameters;
mod user_agent;
mod v1_filter;

pub use ddp_frames::ddp_frames;
pub use filter_tree::filter_tree;
pub use method_call::method_call;
pub use parameters::{login_body, query_string};
pub use user_agent::user_agent;
pub use v1_filter::v1_filter;
