//! Codes that show an address to be a user's. They follow from the cluster key, the user, the address and the time, as an
//! authenticator's do (RFC 6238, in long steps): nothing is kept of them, and another address has others.

use crate::{ClusterKey, mailed};
use rollcall_model::factor::Step;
use rollcall_model::{Timestamp, UserNo, limits};
use std::time::Duration;

/// One code is mailed for so long, and taken for as long again: it is good for this time at the least.
const STEP: Duration = limits::MAILED_CODE_LIFE;

impl ClusterKey {
    /// The code that is mailed to an address now, and until when it is good.
    pub fn address_code(&self, address: &str, of: UserNo, now: Timestamp) -> (String, Timestamp) {
        let step = step_at(now);
        let until = Timestamp::from_ms(0) + STEP * 2 + STEP.saturating_mul(step);
        (self.address_seed(address, of).code(Step(step.into())), until)
    }

    /// Whether what was typed is a code that was mailed to the address, and is good.
    pub fn is_address_code(&self, typed: &str, address: &str, of: UserNo, now: Timestamp) -> bool {
        let present = step_at(now);
        let seed = self.address_seed(address, of);
        let code = mailed::typed(typed).unwrap_or_default();
        seed.step_among(present.saturating_sub(1).into()..=present.into(), &code).is_some()
    }
}

fn step_at(now: Timestamp) -> u32 {
    let steps = now.since(Timestamp::from_ms(0)).as_secs() / STEP.as_secs();
    u32::try_from(steps).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandomness;

    const ANN: UserNo = UserNo(7);
    const ADDRESS: &str = "ann@example.test";

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000 + ms)
    }

    #[test]
    fn a_code_is_good_for_its_address_its_user_and_its_time() {
        let key = ClusterKey::random(&SystemRandomness);
        for mailed_at in [at(0), at(1), at(599_999)] {
            let (code, until) = key.address_code(ADDRESS, ANN, mailed_at);
            assert!(until.since(mailed_at) >= limits::MAILED_CODE_LIFE);
            let last = Timestamp::from_ms(until.as_ms() - 1);
            for (now, good) in [(mailed_at, true), (last, true), (until, false)] {
                assert_eq!(key.is_address_code(&mailed::shown(&code), ADDRESS, ANN, now), good, "{now}");
            }
        }
        // One in a million is the same by chance: ten codes are not.
        let codes = |address: &str, of, key: &ClusterKey| {
            let times = (0..10).map(|step| at(step * 600_000));
            times.map(|now| key.address_code(address, of, now).0).collect::<Vec<_>>()
        };
        let others = [
            codes(ADDRESS, UserNo(8), &key),
            codes("anne@example.test", ANN, &key),
            codes(ADDRESS, ANN, &ClusterKey::random(&SystemRandomness)),
        ];
        assert!(others.iter().all(|others| *others != codes(ADDRESS, ANN, &key)));
        for wrong in ["", "12345", "1234567"] {
            assert!(!key.is_address_code(wrong, ADDRESS, ANN, at(0)));
        }
    }
}
