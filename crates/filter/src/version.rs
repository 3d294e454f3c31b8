//! Versions: numbers between points, each as large as it is, not as it is spelt.

use std::cmp::Ordering;
use std::fmt;

/// A version as a bound: the numbers that it names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version(Vec<u64>);

/// Numbers of a version; more say nothing more.
const NUMBERS: usize = 8;

impl Version {
    /// A version as it is written: up to eight numbers between points.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |part: &str| {
            let are_digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse().ok().filter(|_| are_digits)
        };
        let numbers: Vec<u64> = text.split('.').map(number).collect::<Option<_>>()?;
        (numbers.len() <= NUMBERS).then_some(Self(numbers))
    }

    /// How another version compares to this one, as far as this one goes: 145.0.7 equals 145. None when it has no
    /// number.
    pub fn compare(&self, other: &str) -> Option<Ordering> {
        let numbers: Vec<u64> = numbers(other).take(self.0.len()).collect();
        if numbers.is_empty() {
            return None;
        }
        let numbers = numbers.iter().chain(std::iter::repeat(&0)).take(self.0.len());
        Some(numbers.cmp(&self.0))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(u64::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

/// How two versions compare: by their numbers, then as texts.
pub fn compare_versions(a: &str, b: &str) -> Ordering {
    numbers(a).cmp(numbers(b)).then_with(|| a.cmp(b))
}

/// The runs of digits of a text, as numbers; those that are too large count as the largest.
fn numbers(text: &str) -> impl Iterator<Item = u64> {
    let runs = text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty());
    runs.map(|run| run.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_compared_as_far_as_it_goes() {
        let compare = |bound: &str, other| Version::parse(bound).unwrap().compare(other);
        for (bound, other, wanted) in [
            ("145", "145.0.7632.109", Some(Ordering::Equal)),
            ("145", "99.9", Some(Ordering::Less)),
            ("99.9", "145", Some(Ordering::Greater)),
            ("145.1", "145", Some(Ordering::Less)),
            ("145.0", "145", Some(Ordering::Equal)),
            ("17.5", "17.10", Some(Ordering::Greater)),
            ("4", "v4.50.0-beta", Some(Ordering::Equal)),
            ("4", "99999999999999999999999", Some(Ordering::Greater)),
            ("4", "", None),
            ("4", "beta", None),
        ] {
            assert_eq!(compare(bound, other), wanted, "{other} to {bound}");
        }
        for text in ["", ".", "1.", "x", "1.x", "1 ", "1.2.3.4.5.6.7.8.9", "+1", "99999999999999999999999"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn versions_stand_in_the_order_of_their_numbers() {
        let sorted = ["", "beta", "4", "4.9", "4.10", "4.10.0", "10", "145.0.1", "145.0.1-beta"];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(compare_versions(a, b), i.cmp(&j), "{a} and {b}");
            }
        }
    }
}
