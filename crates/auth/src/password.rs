//! Passwords: clients send the text or its SHA-256; what is kept is argon2id over that digest's hex form.
//!
//! **Invariants:** the text of a password is digested where it arrives and goes nowhere else; neither the
//! digest (which is as good as the password) nor a hash has a `Debug` that shows it.

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use data_encoding::HEXLOWER;
use rollcall_model::Randomness;
use rollcall_model::event::PasswordHash;
use sha2::{Digest, Sha256};
use std::fmt;

const SALT_BYTES: usize = 16;

/// Lower-case hex of a password's SHA-256: what clients may send in its place, and what is hashed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordDigest(String);

impl PasswordDigest {
    /// The digest of a password's text.
    pub fn of(text: &str) -> Self {
        Self(HEXLOWER.encode(&Sha256::digest(text)))
    }

    /// A digest as clients send it: 64 hex digits in either case.
    pub fn from_hex(hex: &str) -> Option<Self> {
        let is_digest = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_digest.then(|| Self(hex.to_ascii_lowercase()))
    }
}

impl fmt::Debug for PasswordDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordDigest(…)")
    }
}

/// argon2id with 19 MiB, two passes, one lane: some 20 ms of one core.
#[derive(Clone)]
pub struct Hasher(Argon2<'static>);

impl Default for Hasher {
    fn default() -> Self {
        Self(Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default()))
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

impl Hasher {
    /// Hashes a password with a salt of its own. Slow on purpose.
    pub fn hash(&self, digest: &PasswordDigest, randomness: &dyn Randomness) -> PasswordHash {
        let mut salt = [0; SALT_BYTES];
        randomness.fill(&mut salt);
        let hash = self.0.hash_password_with_salt(digest.0.as_bytes(), &salt);
        // The only errors are of lengths, and both lengths are ours. An empty hash verifies nothing.
        PasswordHash(hash.map(|hash| hash.to_string()).unwrap_or_default())
    }

    /// Whether the hash is this password's. As slow as hashing, whatever comes out; a hash that cannot be
    /// read verifies nothing.
    pub fn verify(&self, digest: &PasswordDigest, hash: &PasswordHash) -> bool {
        Phc::new(&hash.0).is_ok_and(|hash| self.0.verify_password(digest.0.as_bytes(), &hash).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandomness;

    #[test]
    fn text_and_digest_of_a_password_are_the_same_password() {
        let hasher = Hasher::default();
        let hash = hasher.hash(&PasswordDigest::of("correct horse"), &SystemRandomness);
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        let hex = HEXLOWER.encode(&Sha256::digest("correct horse"));
        for sent in [hex.clone(), hex.to_uppercase()] {
            assert!(hasher.verify(&PasswordDigest::from_hex(&sent).unwrap(), &hash));
        }
        assert!(!hasher.verify(&PasswordDigest::of("correct horsf"), &hash));
        assert!(!hasher.verify(&PasswordDigest::of("correct horse"), &PasswordHash(String::new())));
    }

    #[test]
    fn equal_passwords_have_different_hashes() {
        let digest = PasswordDigest::of("x");
        let hash = || Hasher::default().hash(&digest, &SystemRandomness);
        assert_ne!(hash(), hash());
    }

    #[test]
    fn only_64_hex_digits_are_a_digest() {
        for text in ["", "abc", &"g".repeat(64), &"a".repeat(63), &"a".repeat(65), &"é".repeat(32)] {
            assert!(PasswordDigest::from_hex(text).is_none(), "{text}");
        }
    }

    #[test]
    fn secrets_do_not_show_in_debug() {
        let digest = PasswordDigest::of("x");
        let shown = format!("{digest:?} {:?}", Hasher::default().hash(&digest, &SystemRandomness));
        assert_eq!(shown, "PasswordDigest(…) PasswordHash(…)");
    }
}
