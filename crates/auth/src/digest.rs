//! One-way digests of what is only ever compared: tokens, user agents, names that nobody has.

use rollcall_model::TokenHash;
use rollcall_model::step_up::AgentDigest;
use rollcall_model::user::NameKey;
use sha2::{Digest, Sha256};

/// What is kept of a token. Tokens are 258 random bits, so a plain hash cannot be guessed back.
pub fn token(token: &str) -> TokenHash {
    TokenHash(Sha256::digest(token).into())
}

/// What a step-up window keeps of a user agent.
pub fn agent(agent: &str) -> AgentDigest {
    AgentDigest(half(agent))
}

/// What a failure counter keeps of a name that nobody has.
pub fn name(name: &NameKey) -> [u8; 16] {
    half(name.as_str())
}

fn half(text: &str) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(text).into();
    std::array::from_fn(|i| digest[i])
}
