//! A small seeded generator, so that one seed gives one workspace on every machine and in every release.
//!
//! **Invariants**: whole numbers only. Floating-point functions round differently from one platform to the next.

/// `SplitMix64` (Steele, Lea, Flood 2014). Good enough to look random; never a source of secrets.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(crate) const fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 when `end` is 0. The bias of the multiply-and-shift is below 2⁻³².
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        (((self.bits() >> 32) * u64::from(end)) >> 32) as u32
    }

    /// A number from `first` to `last`, both possible; `first` when there is nothing between them.
    pub(crate) fn between(&mut self, first: i64, last: i64) -> i64 {
        if last <= first {
            return first;
        }
        let choices = u128::from(first.abs_diff(last)) + 1;
        let offset = ((u128::from(self.bits()) * choices) >> 64) as u64;
        first.saturating_add_unsigned(offset)
    }

    /// True in about `n` cases of a hundred.
    pub(crate) fn percent(&mut self, n: u32) -> bool {
        self.below(100) < n
    }

    /// True in about `n` cases of a thousand.
    pub(crate) fn per_mille(&mut self, n: u32) -> bool {
        self.below(1000) < n
    }

    /// An index into something `len` long.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        self.below(u32::try_from(len).unwrap_or(u32::MAX)) as usize
    }

    /// One of several, all alike.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.index(choices.len())]
    }

    /// One of several, each as often as its weight says.
    pub(crate) fn weighted<'a, T>(&mut self, choices: &'a [(u32, T)]) -> &'a T {
        let mut left = self.below(choices.iter().map(|(weight, _)| weight).sum());
        for (weight, choice) in choices {
            if left < *weight {
                return choice;
            }
            left -= weight;
        }
        &choices[0].1
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_sequence_is_the_published_one() {
        let mut random = Random::new(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| random.bits()).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn ranges_reach_both_ends_and_nothing_outside() {
        let mut random = Random::new(7);
        let drawn: Vec<i64> = (0..200).map(|_| random.between(-2, 2)).collect();
        assert!((-2..=2).all(|n| drawn.contains(&n)));
        assert!(drawn.iter().all(|n| (-2..=2).contains(n)));
        assert_eq!(random.between(5, 5), 5);
        assert_eq!(random.between(5, 4), 5);
        assert!((0..200).all(|_| random.below(3) < 3));
        assert_eq!(random.below(0), 0);
        assert!((i64::MIN..=i64::MAX).contains(&random.between(i64::MIN, i64::MAX)));
    }

    #[test]
    fn weights_are_kept_to() {
        let mut random = Random::new(9);
        let hits = (0..10_000).filter(|_| *random.weighted(&[(1, false), (0, true), (3, true)])).count();
        assert!((7_200..7_800).contains(&hits), "{hits}");
    }
}
