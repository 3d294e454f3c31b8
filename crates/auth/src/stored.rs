//! The forms in which a password's hash may be stored: argon2id, of today's parameters or others, and the
//! bcrypt of users that came from elsewhere.
//!
//! **Invariant:** what is known here is bounded in time and memory; anything else verifies nothing.

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::{ARGON2ID_IDENT, Params, Version};
use data_encoding::{Encoding, Specification};
use rollcall_model::event::PasswordHash;
use rollcall_model::limits;
use std::fmt;
use subtle::ConstantTimeEq;

/// bcrypt's own order of base64's characters.
const BCRYPT_CHARACTERS: &str = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// Characters of a bcrypt salt as text.
const BCRYPT_SALT_CHARS: usize = 22;
/// Bytes of a bcrypt hash; the last byte of the cipher's output is not kept, by tradition.
const BCRYPT_HASH_BYTES: usize = 23;

/// A hash that was read.
pub enum Stored {
    /// argon2id.
    Argon2(Argon2Hash),
    /// bcrypt.
    Bcrypt(BcryptHash),
}

/// How much work it is to verify a hash: equal ones take equally long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cost {
    /// argon2id with so many KiB, passes and lanes.
    Argon2 {
        /// KiB.
        memory: u32,
        /// Passes.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// bcrypt with two to the power of so many rounds.
    Bcrypt(u32),
}

/// The parts of an argon2id hash.
pub struct Argon2Hash {
    /// Its parameters.
    pub params: Params,
    /// Its salt.
    pub salt: Vec<u8>,
    /// What comes out for the right password.
    pub known: Vec<u8>,
}

/// The parts of a bcrypt hash.
pub struct BcryptHash {
    cost: u32,
    salt: [u8; 16],
    known: [u8; BCRYPT_HASH_BYTES],
}

impl Stored {
    /// Reads a hash; `None` for one that is of no known form or past the bounds.
    pub fn read(text: &str) -> Option<Self> {
        if text.starts_with("$2") { BcryptHash::read(text).map(Self::Bcrypt) } else { argon2(text) }
    }

    /// How much work it is to verify.
    pub fn cost(&self) -> Cost {
        match self {
            Self::Argon2(hash) => Cost::of(&hash.params),
            Self::Bcrypt(hash) => Cost::Bcrypt(hash.cost),
        }
    }
}

impl Cost {
    /// Of argon2id with these parameters.
    pub(crate) fn of(params: &Params) -> Self {
        Self::Argon2 { memory: params.m_cost(), passes: params.t_cost(), lanes: params.p_cost() }
    }

    /// Of a stored hash; `None` for one that verifies nothing.
    pub fn of_stored(hash: &PasswordHash) -> Option<Self> {
        Stored::read(&hash.0).map(|stored| stored.cost())
    }
}

fn argon2(text: &str) -> Option<Stored> {
    let hash = Phc::new(text).ok()?;
    if hash.algorithm != ARGON2ID_IDENT || hash.version != Some(Version::V0x13.into()) {
        return None;
    }
    let (params, salt, known) = (Params::try_from(&hash).ok()?, hash.salt?, hash.hash?);
    let bounded = params.m_cost() <= limits::ARGON2_MEMORY_KIB
        && params.t_cost() <= limits::ARGON2_PASSES
        && params.p_cost() <= limits::ARGON2_LANES;
    bounded
        .then(|| Stored::Argon2(Argon2Hash { params, salt: salt.to_vec(), known: known.as_bytes().to_vec() }))
}

impl BcryptHash {
    /// `$2b$`, the cost in two digits, `$`, salt and hash. What `a`, `b` and `y` differ in are mistakes of
    /// programs with passwords that are not 64 hex digits.
    fn read(text: &str) -> Option<Self> {
        let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|version| text.strip_prefix(version))?;
        let (cost, rest) = rest.split_once('$')?;
        let two_digits = cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit());
        let cost = cost.parse().ok().filter(|cost| two_digits && limits::BCRYPT_COST.contains(cost))?;
        let (salt, known) = rest.split_at_checked(BCRYPT_SALT_CHARS)?;
        let base64 = bcrypt_base64()?;
        let bytes = |text: &str| base64.decode(text.as_bytes()).ok();
        Some(Self { cost, salt: bytes(salt)?.try_into().ok()?, known: bytes(known)?.try_into().ok()? })
    }

    /// Whether this text was hashed. bcrypt takes it with a zero after it, 72 bytes at the most.
    pub fn is_of(&self, text: &str) -> bool {
        let zero_ended: Vec<u8> = text.bytes().chain([0]).collect();
        let found = bcrypt::bcrypt(self.cost, self.salt, &zero_ended);
        found[..BCRYPT_HASH_BYTES].ct_eq(&self.known).into()
    }
}

fn bcrypt_base64() -> Option<Encoding> {
    let mut specification = Specification::new();
    specification.symbols.push_str(BCRYPT_CHARACTERS);
    // Some programs leave bits in the salt's last character that belong to no byte.
    specification.check_trailing_bits = false;
    specification.encoding().ok()
}

/// Says the cost only.
impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stored({:?})", self.cost())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bcrypt_of(text: &str) -> BcryptHash {
        BcryptHash::read(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn published_vectors_of_bcrypt_hold() {
        // From jBCrypt's own tests.
        for (text, hash) in [
            ("", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."),
            ("a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
            ("abcdefghijklmnopqrstuvwxyz", "$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz."),
        ] {
            let hash = bcrypt_of(hash);
            assert!(hash.is_of(text), "{text}");
            assert!(!hash.is_of("another"), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_bounded_hash_is_not_read() {
        let good = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
        assert_eq!(bcrypt_of(good).cost, 10);
        let at = |cost| good.replace("$10$", cost);
        for cost in ["$04$", "$14$"] {
            assert!(Stored::read(&at(cost)).is_some(), "{cost}");
        }
        let (shorter, longer) = (&good[..59], format!("{good}a"));
        for bad in [
            at("$03$"),
            at("$15$"),
            at("$31$"),
            at("$99$"),
            at("$4$"),
            at("$+4$"),
            at("$010$"),
            at("$$"),
            good.replace("$2b$", "$2x$"),
            good.replace("$2b$", "$2$"),
            good.replace('I', "é"),
            good.replace('I', "!"),
            shorter.into(),
            longer,
            "$2b$10$".into(),
            "$2".into(),
            String::new(),
            "plain".into(),
            "5f4dcc3b5aa765d61d8327deb882cf99".into(),
        ] {
            assert!(Stored::read(&bad).is_none(), "{bad}");
        }
        let phc =
            |params: &str| format!("$argon2id$v=19${params}$c29tZXNhbHRzb21lc2FsdA$MTIzNDU2Nzg5MDEyMzQ1Ng");
        for (params, is_known) in [
            ("m=19456,t=2,p=1", true),
            ("m=65536,t=3,p=4", true),
            ("m=65537,t=1,p=1", false),
            ("m=4294967295,t=1,p=1", false),
            ("m=19456,t=11,p=1", false),
            ("m=19456,t=1,p=5", false),
            ("m=0,t=0,p=0", false),
        ] {
            assert_eq!(Stored::read(&phc(params)).is_some(), is_known, "{params}");
        }
        assert!(Stored::read(&phc("m=19456,t=2,p=1").replace("argon2id", "argon2i")).is_none());
    }

    #[test]
    fn equal_work_is_equal_cost_and_a_hash_does_not_show_in_debug() {
        let [a, b] = ["$2a$", "$2y$"]
            .map(|version| format!("{version}10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"));
        assert_eq!(Cost::of_stored(&PasswordHash(a.clone())), Cost::of_stored(&PasswordHash(b)));
        assert_eq!(format!("{:?}", Stored::read(&a).unwrap()), "Stored(Bcrypt(10))");
        assert_eq!(Cost::of_stored(&PasswordHash("none".into())), None);
    }
}
