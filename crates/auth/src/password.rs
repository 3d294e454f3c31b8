//! Passwords: clients send the text or its SHA-256; what is kept is argon2id over that digest's hex form, or
//! for users that came from elsewhere bcrypt over it, until they sign in.
//!
//! **Invariants:** the text of a password is digested where it arrives and goes nowhere else; neither the
//! digest (which is as good as the password) nor a hash has a `Debug` that shows it.

use crate::stored::{Cost, Stored};
use argon2::password_hash::phc::{Output, PasswordHash as Phc, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use data_encoding::HEXLOWER;
use rollcall_model::Randomness;
use rollcall_model::event::PasswordHash;
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use subtle::ConstantTimeEq;

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
///
/// The memory of a hash is kept for the next one, in as many pieces as hashes ran at once, until
/// [`rest`](Self::rest) finds that nobody needed it.
#[derive(Clone, Default)]
pub struct Hasher {
    params: Params,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    memory: Vec<Vec<Block>>,
    /// Whether there was a hash since the last rest.
    used: bool,
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

impl Hasher {
    /// One whose new hashes take this much memory, for workspaces in which a stolen hash is no loss; with less than
    /// argon2id can do with, as much as by default.
    pub fn with_memory(kib: u32) -> Self {
        let params = Params::new(kib, Params::DEFAULT_T_COST, Params::DEFAULT_P_COST, None);
        Self { params: params.unwrap_or_default(), kept: Arc::default() }
    }

    /// What a new hash costs.
    pub fn cost(&self) -> Cost {
        Cost::of(&self.params)
    }

    /// Whether a hash is to be replaced when its password is there: it has neither the cost of new hashes nor the
    /// default one. So where new hashes cost less, no better one is replaced, and where they do no longer, those
    /// that were made meanwhile are.
    pub fn is_replaced(&self, hash: &PasswordHash) -> bool {
        let cost = Cost::of_stored(hash);
        ![Self::default().cost(), self.cost()].map(Some).contains(&cost)
    }

    /// Hashes a password with a salt of its own. Slow on purpose.
    pub fn hash(&self, digest: &PasswordDigest, randomness: &dyn Randomness) -> PasswordHash {
        let mut salt = [0; SALT_BYTES];
        randomness.fill(&mut salt);
        // The only errors are of lengths, and all lengths are ours. An empty hash verifies nothing.
        PasswordHash(self.phc(digest, &salt).map(|hash| hash.to_string()).unwrap_or_default())
    }

    fn phc(&self, digest: &PasswordDigest, salt: &[u8]) -> Option<Phc> {
        let params = &self.params;
        let hash = self.run(params, digest, salt, Params::DEFAULT_OUTPUT_LEN)?;
        Some(Phc {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: params.try_into().ok()?,
            salt: Some(Salt::new(salt).ok()?),
            hash: Some(Output::new(&hash).ok()?),
        })
    }

    /// Whether the hash is this password's. As slow as hashing with the hash's own cost, whatever comes out;
    /// a hash that cannot be read verifies nothing.
    pub fn verify(&self, digest: &PasswordDigest, hash: &PasswordHash) -> bool {
        match Stored::read(&hash.0) {
            Some(Stored::Argon2(hash)) => self
                .run(&hash.params, digest, &hash.salt, hash.known.len())
                .is_some_and(|found| found.ct_eq(&hash.known).into()),
            Some(Stored::Bcrypt(hash)) => hash.is_of(&digest.0),
            None => false,
        }
    }

    fn run(&self, params: &Params, digest: &PasswordDigest, salt: &[u8], bytes: usize) -> Option<Vec<u8>> {
        let mut memory = self.kept().memory.pop().unwrap_or_default();
        memory.resize(params.block_count(), Block::default());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let mut hash = vec![0; bytes];
        let done = argon2.hash_password_into_with_memory(digest.0.as_bytes(), salt, &mut hash, &mut memory);
        let mut kept = self.kept();
        kept.used = true;
        kept.memory.push(memory);
        drop(kept);
        done.ok().map(|()| hash)
    }

    /// Gives back the memory of hashes if there was none since it was last asked.
    pub fn rest(&self) {
        let mut kept = self.kept();
        if !std::mem::take(&mut kept.used) {
            kept.memory = Vec::new();
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a hash is of a form that is verified: argon2id or bcrypt, within the bounds of
/// [`limits`](rollcall_model::limits).
pub fn is_known(hash: &str) -> bool {
    Stored::read(hash).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandomness;
    use rollcall_model::limits;

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
    fn a_hash_of_before_is_verified_and_a_foreign_one_is_not() {
        let known = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$";
        let hasher = Hasher::default();
        let phc = hasher.phc(&PasswordDigest::of("x"), b"somesaltsomesalt").unwrap().to_string();
        assert!(phc.starts_with(known), "{phc}");
        // By the crate's own hand: what was stored by it is verified by ours.
        let digest = PasswordDigest::of("x");
        let theirs = argon2::PasswordHasher::hash_password_with_salt(
            &Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default()),
            digest.0.as_bytes(),
            b"somesaltsomesalt",
        );
        assert_eq!(theirs.unwrap().to_string(), phc);
        assert!(hasher.verify(&digest, &PasswordHash(phc.clone())));
        for foreign in
            [phc.replace("argon2id", "argon2i"), phc.replace("v=19", "v=16"), phc.replace("t=2", "t=3")]
        {
            assert!(!hasher.verify(&digest, &PasswordHash(foreign)));
        }
    }

    #[test]
    fn bcrypt_over_the_digest_is_verified_as_other_programs_make_it() {
        let hasher = Hasher::default();
        // Made with libxcrypt, over the hex SHA-256 of the text.
        for hash in [
            "$2b$04$abcdefghijklmnopqrstuuaBT8mpw5tGdD3eO40znWcQP/dT9hEVK",
            "$2a$10$N9qo8uLOickgx2ZMRZoMyewJeZyOwf.RfZ8NZsJGXrx/452O9GiNC",
            "$2y$12$R9h/cIPz0gi.URNNX3kh2O49juFESzpvDGG6d/piqUIfy3cp6tTmG",
        ] {
            assert!(is_known(hash));
            let (hash, another) = (PasswordHash(hash.into()), PasswordHash(hash.replace('R', "S")));
            let right = PasswordDigest::of("correct horse battery staple");
            assert!(hasher.verify(&right, &hash), "{}", hash.0);
            assert!(!hasher.verify(&PasswordDigest::of("correct horse battery stapla"), &hash));
            assert!(another == hash || !hasher.verify(&right, &another));
        }
    }

    #[test]
    fn what_is_not_made_today_is_replaced() {
        let hasher = Hasher::default();
        let todays = hasher.hash(&PasswordDigest::of("x"), &SystemRandomness);
        assert!(is_known(&todays.0) && !hasher.is_replaced(&todays));
        for other in [
            &*todays.0.replace("t=2", "t=3"),
            &todays.0.replace("m=19456", "m=65536"),
            "$2b$12$abcdefghijklmnopqrstuuaBT8mpw5tGdD3eO40znWcQP/dT9hEVK",
            "",
        ] {
            assert!(hasher.is_replaced(&PasswordHash(other.into())), "{other}");
        }
    }

    #[test]
    fn a_lower_cost_is_for_new_hashes_and_as_long_as_it_is_asked_for() {
        let (usual, lower) = (Hasher::default(), Hasher::with_memory(64));
        let digest = PasswordDigest::of("x");
        let [usually, cheaply] = [&usual, &lower].map(|hasher| hasher.hash(&digest, &SystemRandomness));
        assert!(cheaply.0.starts_with("$argon2id$v=19$m=64,t=2,p=1$"), "{}", cheaply.0);
        assert!(usual.verify(&digest, &cheaply) && lower.verify(&digest, &usually));
        assert!(!lower.is_replaced(&usually) && !lower.is_replaced(&cheaply));
        assert!(usual.is_replaced(&cheaply) && !usual.is_replaced(&usually));
        let bcrypt = "$2b$12$abcdefghijklmnopqrstuuaBT8mpw5tGdD3eO40znWcQP/dT9hEVK";
        assert!(lower.is_replaced(&PasswordHash(bcrypt.into())));
    }

    #[test]
    fn the_bounds_of_the_cost_are_argon2ids_own() {
        assert_eq!(Hasher::default().cost(), Hasher::with_memory(limits::ARGON2_KIB).cost());
        let least = limits::ARGON2_KIB_MIN;
        assert_eq!(Hasher::with_memory(least - 1).cost(), Hasher::default().cost());
        assert_ne!(Hasher::with_memory(least).cost(), Hasher::default().cost());
    }

    #[test]
    fn memory_is_kept_while_hashes_are_asked_for_and_no_longer() {
        let hasher = Hasher::with_memory(64);
        let pieces = || hasher.kept().memory.len();
        for _ in 0..2 {
            hasher.hash(&PasswordDigest::of("x"), &SystemRandomness);
            hasher.rest();
            assert_eq!(pieces(), 1);
        }
        hasher.rest();
        assert_eq!(pieces(), 0);
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
