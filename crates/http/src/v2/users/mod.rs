//! Users, for administrators.

mod activate;
mod contain;
mod end_token;
mod list;
mod reset_factors;
mod sessions;
mod tokens;

pub use activate::Activate;
pub use contain::Contain;
pub use end_token::EndToken;
pub use list::List;
pub use reset_factors::ResetFactors;
pub use sessions::Sessions;
pub use tokens::Tokens;
