//! The cluster key: seals factor seeds and mails, and hashes recovery codes and mailed codes, so that a copy of
//! the store alone opens none of them. Each use has a key of its own, derived from it (HMAC-SHA-256 of the use's name).

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, Mac};
use rollcall_model::factor::{KeyFingerprint, MailedHash, RecoveryHash, SealedSeed};
use rollcall_model::mail::{Mail, SealedMail};
use rollcall_model::{Randomness, UserNo};
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

use crate::totp::Seed;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const SEEDS: &[u8] = b"factor seeds";
const MAILS: &[u8] = b"mails";

/// What clients keep and send back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Where a page of a list ended.
    Cursor,
}

impl Kept {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Cursor => b"cursors",
        }
    }
}

/// The key. Its `Debug` says nothing.
#[derive(Clone)]
pub struct ClusterKey(Zeroizing<[u8; KEY_BYTES]>);

impl fmt::Debug for ClusterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClusterKey(…)")
    }
}

impl ClusterKey {
    /// A new key.
    pub fn random(randomness: &dyn Randomness) -> Self {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        randomness.fill(&mut *bytes);
        Self(bytes)
    }

    /// As its file holds it: 64 hex digits, with white space around them or not.
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// As its file holds it.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(HEXLOWER_PERMISSIVE.encode(&*self.0))
    }

    /// What the store keeps of it, to tell it from others.
    pub fn fingerprint(&self) -> KeyFingerprint {
        KeyFingerprint(*self.derived(b"fingerprint"))
    }

    /// Seals a seed. Record and column are authenticated with it: moved to another user's row it opens no more.
    pub fn seal(&self, seed: &Seed, of: UserNo, randomness: &dyn Randomness) -> SealedSeed {
        SealedSeed(self.seal_bytes(SEEDS, &place(of), seed.bytes(), randomness))
    }

    /// Opens a seed, unless it was sealed with another key, for another record, or was changed.
    pub fn open(&self, sealed: &SealedSeed, of: UserNo) -> Option<Seed> {
        self.open_bytes(SEEDS, &place(of), &sealed.0).map(Seed::from_bytes)
    }

    /// Seals a mail. Its recipient is sealed with it, so that it can be moved to no other row.
    pub fn seal_mail(&self, mail: &Mail, randomness: &dyn Randomness) -> SealedMail {
        let bytes = Zeroizing::new(mail.to_bytes());
        SealedMail(self.seal_bytes(MAILS, b"mails.content", &bytes, randomness))
    }

    /// Opens a mail, unless it was sealed with another key or was changed.
    pub fn open_mail(&self, sealed: &SealedMail) -> Option<Mail> {
        Mail::from_bytes(&self.open_bytes(MAILS, b"mails.content", &sealed.0)?)
    }

    /// What is kept of a recovery code. A code has some 46 bits: without the key it could be guessed back.
    pub fn recovery_hash(&self, code: &str, of: UserNo) -> RecoveryHash {
        let key = self.derived(b"recovery codes");
        RecoveryHash(*mac(&*key, &[&of.0.to_be_bytes(), code.as_bytes()]))
    }

    /// What is kept of a mailed code, which has some 20 bits.
    pub fn mailed_hash(&self, code: &str, of: UserNo) -> MailedHash {
        let key = self.derived(b"mailed codes");
        MailedHash(*mac(&*key, &[&of.0.to_be_bytes(), code.as_bytes()]))
    }

    /// Seals what a client keeps and sends back, such as a cursor: it can neither read it nor change it, nor use it for
    /// something else.
    pub fn seal_kept(&self, usage: Kept, tied_to: &[u8], msg: &[u8], randomness: &dyn Randomness) -> String {
        BASE64URL_NOPAD.encode(&self.seal_bytes(usage.name(), tied_to, msg, randomness))
    }

    /// Opens it, unless it is of another usage, tied to something else, or was changed.
    pub fn open_kept(&self, usage: Kept, tied_to: &[u8], sealed: &str) -> Option<Vec<u8>> {
        let sealed = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        self.open_bytes(usage.name(), tied_to, &sealed).map(|opened| opened.to_vec())
    }

    fn seal_bytes(&self, usage: &[u8], aad: &[u8], msg: &[u8], randomness: &dyn Randomness) -> Vec<u8> {
        let mut sealed = vec![0; NONCE_BYTES];
        randomness.fill(&mut sealed);
        let nonce = XNonce::try_from(&sealed[..]).unwrap_or_default();
        // The only error is of a length that nothing here has; what is left empty opens no more.
        sealed.extend(self.cipher(usage).encrypt(&nonce, Payload { msg, aad }).unwrap_or_default());
        sealed
    }

    fn open_bytes(&self, usage: &[u8], aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, msg) = sealed.split_at_checked(NONCE_BYTES)?;
        let nonce = XNonce::try_from(nonce).ok()?;
        self.cipher(usage).decrypt(&nonce, Payload { msg, aad }).ok().map(Zeroizing::new)
    }

    fn cipher(&self, usage: &[u8]) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.derived(usage)).into())
    }

    /// The seed of the codes that show an address to be a user's.
    pub(crate) fn address_seed(&self, address: &str, of: UserNo) -> Seed {
        let key = self.derived(b"codes of addresses");
        let bytes = mac(&*key, &[&of.0.to_be_bytes(), address.as_bytes()]);
        Seed::from_bytes(Zeroizing::new(bytes.to_vec()))
    }

    fn derived(&self, usage: &[u8]) -> Zeroizing<[u8; KEY_BYTES]> {
        mac(&*self.0, &[b"rollcall ", usage])
    }
}

fn place(of: UserNo) -> Vec<u8> {
    [b"authenticators.seed ".as_slice(), &of.0.to_be_bytes()].concat()
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; KEY_BYTES]> {
    let mut out = Zeroizing::new([0; KEY_BYTES]);
    // Any length is a key of HMAC.
    if let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key) {
        for part in parts {
            mac.update(part);
        }
        out.copy_from_slice(&mac.finalize().into_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandomness;

    const ANN: UserNo = UserNo(7);

    #[test]
    fn a_sealed_seed_opens_with_its_key_for_its_record_unchanged_and_not_otherwise() {
        let (key, other) = (ClusterKey::random(&SystemRandomness), ClusterKey::random(&SystemRandomness));
        let seed = Seed::random(&SystemRandomness);
        let sealed = key.seal(&seed, ANN, &SystemRandomness);
        assert_eq!(key.open(&sealed, ANN), Some(seed.clone()));
        assert_eq!(other.open(&sealed, ANN), None);
        assert_eq!(key.open(&sealed, UserNo(8)), None);
        for place in 0..sealed.0.len() {
            let mut changed = sealed.clone();
            changed.0[place] ^= 1;
            assert_eq!(key.open(&changed, ANN), None, "byte {place}");
        }
        assert_eq!(key.open(&SealedSeed(sealed.0[..20].to_vec()), ANN), None);
        assert_ne!(sealed, key.seal(&seed, ANN, &SystemRandomness), "nonces are used once");
        assert!(!sealed.0.windows(8).any(|part| seed.bytes().starts_with(part)));
    }

    #[test]
    fn a_sealed_mail_opens_with_its_key_and_shows_nothing() {
        let (key, other) = (ClusterKey::random(&SystemRandomness), ClusterKey::random(&SystemRandomness));
        let mail = Mail { to: "ann@example.test".into(), subject: "s".into(), text: "123-456".into() };
        let mut sealed = key.seal_mail(&mail, &SystemRandomness);
        assert_eq!(key.open_mail(&sealed), Some(mail.clone()));
        assert_eq!(other.open_mail(&sealed), None);
        for clear in [&b"ann@example"[..], b"123-456"] {
            assert!(!sealed.0.windows(clear.len()).any(|part| part == clear));
        }
        sealed.0[30] ^= 1;
        assert_eq!(key.open_mail(&sealed), None);
        assert_eq!(key.open(&SealedSeed(key.seal_mail(&mail, &SystemRandomness).0), ANN), None);
    }

    #[test]
    fn hashes_of_mailed_codes_are_of_a_user_a_key_and_a_use() {
        let key = ClusterKey::random(&SystemRandomness);
        let hash = key.mailed_hash("123456", ANN);
        assert_eq!(hash, key.mailed_hash("123456", ANN));
        assert_ne!(hash, key.mailed_hash("123457", ANN));
        assert_ne!(hash, key.mailed_hash("123456", UserNo(8)));
        assert_ne!(hash.0, key.recovery_hash("123456", ANN).0);
    }

    #[test]
    fn recovery_hashes_are_of_a_user_and_a_key() {
        let (key, other) = (ClusterKey::random(&SystemRandomness), ClusterKey::random(&SystemRandomness));
        let hash = key.recovery_hash("abcdefgh", ANN);
        assert_eq!(hash, key.recovery_hash("abcdefgh", ANN));
        assert_ne!(hash, key.recovery_hash("abcdefgi", ANN));
        assert_ne!(hash, key.recovery_hash("abcdefgh", UserNo(8)));
        assert_ne!(hash, other.recovery_hash("abcdefgh", ANN));
    }

    #[test]
    fn a_key_file_is_read_back_and_anything_else_refused() {
        let key = ClusterKey::random(&SystemRandomness);
        let read = ClusterKey::from_hex(&format!("\n{}\n", *key.to_hex())).unwrap();
        assert_eq!(read.fingerprint(), key.fingerprint());
        assert_ne!(key.fingerprint(), ClusterKey::random(&SystemRandomness).fingerprint());
        for text in ["", "abc", &"0".repeat(63), &"0".repeat(66), &"g".repeat(64)] {
            assert!(ClusterKey::from_hex(text).is_none(), "{text}");
        }
        assert_eq!(format!("{key:?}"), "ClusterKey(…)");
    }
}
