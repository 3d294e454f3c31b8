//! Deals a whole number of things out by weight: exactly so many, in one pass, none above a limit.

use crate::random::Random;

/// Shares of `total`, one for each weight, each at most `limit`.
///
/// A grid of `total` points with a random start is laid over the weights in a row; a share is the points on its
/// weight. So a share differs from its exact part by less than one, and small weights get one now and then.
/// What goes beyond the limit is dealt out one by one to those with room.
///
/// Asks for `total <= limit * weights.len()` and, unless `total` is 0, a weight above 0.
pub(crate) fn deal(total: u32, weights: &[u32], limit: u16, random: &mut Random) -> Vec<u16> {
    let sum: u64 = weights.iter().copied().map(u64::from).sum();
    if total == 0 || sum == 0 {
        return vec![0; weights.len()];
    }
    let start = random.below(u32::try_from(sum).unwrap_or(u32::MAX));
    let points_before = |weight_before: u64| {
        (u128::from(weight_before) * u128::from(total) + u128::from(start)) / u128::from(sum)
    };

    let mut excess = 0_u128;
    let mut weight_before = 0_u64;
    let mut points = 0_u128;
    let mut shares = Vec::with_capacity(weights.len());
    for &weight in weights {
        weight_before += u64::from(weight);
        let next = points_before(weight_before);
        let share = u16::try_from(next - points).unwrap_or(u16::MAX).min(limit);
        excess += next - points - u128::from(share);
        points = next;
        shares.push(share);
    }
    spread(excess, &mut shares, limit, random);
    shares
}

fn spread(mut excess: u128, shares: &mut [u16], limit: u16, random: &mut Random) {
    let start = random.index(shares.len());
    while excess > 0 {
        let before = excess;
        let (early, late) = shares.split_at_mut(start);
        for share in late.iter_mut().chain(early) {
            if excess > 0 && *share < limit {
                *share += 1;
                excess -= 1;
            }
        }
        assert!(excess < before, "the total is within the limit of all shares together");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_follow_the_weights() {
        let shares = deal(100, &[1, 0, 2, 7], 1000, &mut Random::new(1));
        for (share, exact) in shares.iter().zip([10_u16, 0, 20, 70]) {
            assert!(share.abs_diff(exact) <= 1, "{shares:?}");
        }
    }

    #[test]
    fn what_is_over_the_limit_goes_to_the_others() {
        assert_eq!(deal(20, &[1_000, 1], 10, &mut Random::new(1)), [10, 10]);
    }

    proptest! {
        #[test]
        fn the_total_is_exact_and_the_limit_holds(
            weights in prop::collection::vec(1_u32..2_000, 1..60),
            limit in 1_u16..60,
            part in 0_u32..=100,
            seed: u64,
        ) {
            let room = u32::from(limit) * u32::try_from(weights.len()).unwrap();
            let total = room * part / 100;
            let shares = deal(total, &weights, limit, &mut Random::new(seed));
            prop_assert_eq!(shares.iter().copied().map(u32::from).sum::<u32>(), total);
            prop_assert!(shares.iter().all(|&share| share <= limit));
        }
    }
}
