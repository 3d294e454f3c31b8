//! Figures out of repeated measurements: their middle and their range.

/// Minimum, median and maximum of a few measurements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// The middle one; of an even number the mean of the two in the middle.
    pub median: f64,
    /// The greatest.
    pub max: f64,
}

impl Spread {
    /// Of these, of which there is at least one.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_unstable_by(f64::total_cmp);
        let at = |place: usize| figures.get(place).copied().unwrap_or(f64::NAN);
        let last = figures.len().saturating_sub(1);
        Self { min: at(0), median: f64::midpoint(at(last / 2), at(last - last / 2)), max: at(last) }
    }
}

/// The value below which so many hundredths of the sorted figures lie.
pub fn percentile(sorted: &[u32], hundredths: usize) -> f64 {
    let place = (sorted.len() * hundredths / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().map_or(f64::NAN, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_range() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]), Spread { min: 1.0, median: 2.0, max: 3.0 });
        assert_eq!(Spread::of([4.0, 1.0]), Spread { min: 1.0, median: 2.5, max: 4.0 });
        let of = |sorted: &[u32], hundredths| percentile(sorted, hundredths).to_string();
        assert_eq!([of(&[1, 2, 3, 4], 50), of(&[7], 99)], ["3", "7"]);
    }
}
