//! Codes of an authenticator: TOTP (RFC 6238) over HOTP (RFC 4226), SHA-1, six digits, 30 seconds.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use rollcall_model::factor::{STEP_S, Step};
use rollcall_model::{Randomness, Timestamp};
use sha1::Sha1;
use std::fmt;
use std::ops::RangeInclusive;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Digits of a code.
pub const DIGITS: usize = 6;
/// Bytes of a new seed: as many as the hash has (RFC 4226 §4, R6).
const SEED_BYTES: usize = 20;
/// Steps before and after the present one whose codes are taken, for clocks that are off and people who type
/// slowly (RFC 6238 §5.2).
const STEPS_OFF: u64 = 1;

/// An authenticator's seed. Its `Debug` says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed(Zeroizing<Vec<u8>>);

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

impl Seed {
    /// A new seed.
    pub fn random(randomness: &dyn Randomness) -> Self {
        let mut bytes = Zeroizing::new(vec![0; SEED_BYTES]);
        randomness.fill(&mut bytes);
        Self(bytes)
    }

    /// The seed of these bytes.
    pub fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As authenticators take it: base32 without padding.
    pub fn base32(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// The code of a step.
    pub fn code(&self, step: Step) -> String {
        // Any length is a key of HMAC.
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(&self.0) else { return String::new() };
        mac.update(&step.0.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        // Dynamic truncation, RFC 4226 §5.3.
        let from = usize::from(digest[19] & 0xf);
        let word = digest[from..from + 4].iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
    }

    /// The step near `now` whose code this is. All of them are looked at, whichever it is.
    pub fn step_of(&self, code: &str, now: Timestamp) -> Option<Step> {
        let present = step_at(now).0;
        self.step_among(present.saturating_sub(STEPS_OFF)..=present + STEPS_OFF, code)
    }

    /// The step among these whose code this is. All of them are looked at, whichever it is.
    pub(crate) fn step_among(&self, steps: RangeInclusive<u64>, code: &str) -> Option<Step> {
        steps.map(Step).fold(None, |found, step| {
            let same: bool = self.code(step).as_bytes().ct_eq(code.as_bytes()).into();
            if same { Some(step) } else { found }
        })
    }
}

/// The step that an instant lies in.
pub fn step_at(now: Timestamp) -> Step {
    Step(u64::try_from(now.as_ms().div_euclid(STEP_S * 1_000)).unwrap_or(0))
}

/// Whether a text has the form of a code.
pub fn is_code(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(bytes: &[u8]) -> Seed {
        Seed::from_bytes(Zeroizing::new(bytes.to_vec()))
    }

    #[test]
    fn codes_are_those_of_rfc_4226_appendix_d() {
        let expected = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
            "520489",
        ];
        let seed = seed(b"12345678901234567890");
        for (step, code) in (0..).zip(expected) {
            assert_eq!(seed.code(Step(step)), code, "step {step}");
        }
    }

    #[test]
    fn codes_are_those_of_rfc_6238_appendix_b_to_six_digits() {
        let seed = seed(b"12345678901234567890");
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            let now = Timestamp::from_ms(seconds * 1_000);
            assert_eq!(seed.code(step_at(now)), code[2..], "{seconds} s");
            assert_eq!(seed.step_of(&code[2..], now), Some(step_at(now)));
        }
    }

    #[test]
    fn a_code_is_taken_one_step_early_and_one_late() {
        let seed = seed(b"12345678901234567890");
        let now = Timestamp::from_ms(1_111_111_111_000);
        let present = step_at(now).0;
        for (step, taken) in [
            (present - 2, false),
            (present - 1, true),
            (present, true),
            (present + 1, true),
            (present + 2, false),
        ] {
            assert_eq!(seed.step_of(&seed.code(Step(step)), now).is_some(), taken, "{step}");
        }
        for wrong in ["", "00000", "0000000", "abcdef", "١٢٣٤٥٦"] {
            assert_eq!(seed.step_of(wrong, now), None);
        }
    }

    #[test]
    fn a_seed_is_shown_as_base32_and_not_in_debug() {
        let seed = seed(b"12345678901234567890");
        assert_eq!(seed.base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(format!("{seed:?}"), "Seed(…)");
    }
}
