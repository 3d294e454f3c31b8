//! Secrets: how passwords are kept and compared, what is kept of a token, and where randomness comes from.

pub mod digest;
pub mod password;
pub mod random;

pub use password::{Hasher, PasswordDigest};
pub use random::SystemRandomness;
