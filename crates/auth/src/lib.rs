//! Secrets: passwords, tokens, second factors and the key that seals them, and where randomness comes from.

mod address;
pub mod digest;
pub mod key;
pub mod mailed;
pub mod password;
pub mod random;
pub mod recovery;
mod stored;
pub mod totp;

pub use key::{ClusterKey, Kept};
pub use password::{Hasher, PasswordDigest, is_known};
pub use random::SystemRandomness;
pub use stored::Cost;
