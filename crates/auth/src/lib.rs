//! Secrets: passwords, tokens, second factors and the key that seals them, and where randomness comes from.

pub mod digest;
pub mod key;
pub mod password;
pub mod random;
pub mod recovery;
pub mod totp;

pub use key::ClusterKey;
pub use password::{Hasher, PasswordDigest};
pub use random::SystemRandomness;
