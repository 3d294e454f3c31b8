//! The console's session: a page signs in and out, and never sees the token.

mod sign_in;
mod sign_out;

pub use sign_in::SignIn;
pub use sign_out::SignOut;
