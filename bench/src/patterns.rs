//! Patterns to be slow by: grown out of a small grammar, changed a little at a time, the same for the same seed.

use std::fmt::{self, Display};

/// The most characters that a filter may have, less some that make it another one.
const CHARS_MAX: usize = rollcall_model::limits::FILTER_CHARS - 24;
/// How deep a pattern grows.
const DEPTH: u32 = 4;

/// Letters that occur, that fold with others, and that do not occur.
const LETTERS: &[char] = &[
    'a', 'e', 'i', 'k', 's', 'o', 'r', 'z', 'K', 'S', '1', '0', '7', 'é', 'ß', 'ſ', '\u{212A}', 'я', 'ه',
    '山', ' ', '-',
];
const CLASSES: &[&str] = &[
    "[a-k]",
    "[^z]",
    "[^a]",
    r"\d",
    r"\w",
    r"\W",
    r"\s",
    r"\D",
    "[ks]",
    "[a-z0-9]",
    "[^a-z]",
    r"\pL",
    r"\PL",
    r"\p{Greek}",
    "[^aeiou]",
    r"[\w.-]",
    "[0-9a-f]",
];
const LOOKS: &[&str] = &["^", "$", r"\b", r"\B"];

/// A pattern.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// Text as it stands.
    Text(String),
    /// One after another.
    Sequence(Vec<Self>),
    /// One of these.
    OneOf(Vec<Self>),
    /// So often, at least and at most.
    Times(Box<Self>, u32, u32),
}

/// Numbers that look random, the same for the same seed (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    /// One of so many.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(end.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    /// One of these.
    pub fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

impl Pattern {
    /// A new one.
    pub fn grow(dice: &mut Dice) -> Self {
        Self::grown(dice, DEPTH)
    }

    /// This one with one part replaced, doubled, repeated or dropped.
    pub fn changed(&self, dice: &mut Dice) -> Self {
        for _ in 0..20 {
            let mut pattern = self.clone();
            let place = dice.below(pattern.parts());
            pattern.change(&mut { place }, dice);
            if pattern.to_string().chars().count() <= CHARS_MAX {
                return pattern;
            }
        }
        Self::grow(dice)
    }

    fn grown(dice: &mut Dice, depth: u32) -> Self {
        match dice.below(if depth == 0 { 4 } else { 9 }) {
            0 => Self::Text(dice.one_of(LETTERS).to_string()),
            1 => Self::Text(".".into()),
            2 => Self::Text(dice.one_of(LOOKS).into()),
            3 => Self::Text(dice.one_of(CLASSES).into()),
            4..=6 => Self::Sequence((0..2 + dice.below(3)).map(|_| Self::grown(dice, depth - 1)).collect()),
            7 => Self::OneOf((0..2 + dice.below(2)).map(|_| Self::grown(dice, depth - 1)).collect()),
            _ => Self::grown(dice, depth - 1).repeated(dice),
        }
    }

    fn repeated(self, dice: &mut Dice) -> Self {
        let least = dice.one_of(&[0, 1, 2, 5, 12, 30]);
        Self::Times(Box::new(self), least, least + dice.one_of(&[0, 1, 3, 10, 40]))
    }

    /// How many parts it has, itself among them.
    fn parts(&self) -> usize {
        1 + match self {
            Self::Text(_) => 0,
            Self::Sequence(parts) | Self::OneOf(parts) => parts.iter().map(Self::parts).sum(),
            Self::Times(part, ..) => part.parts(),
        }
    }

    /// Changes the part at this place, counted from itself.
    fn change(&mut self, place: &mut usize, dice: &mut Dice) {
        if *place == 0 {
            *place = usize::MAX;
            let old = std::mem::replace(self, Self::Sequence(Vec::new()));
            *self = match dice.below(5) {
                0 | 1 => Self::grown(dice, 2),
                2 => old.repeated(dice),
                3 => Self::Sequence(vec![old, Self::grown(dice, 1)]),
                _ => Self::OneOf(vec![old, Self::grown(dice, 1)]),
            };
            return;
        }
        if *place == usize::MAX {
            return;
        }
        *place -= 1;
        match self {
            Self::Text(_) => {}
            Self::Sequence(parts) | Self::OneOf(parts) => {
                for part in parts {
                    part.change(place, dice);
                }
            }
            Self::Times(part, ..) => part.change(place, dice),
        }
    }
}

impl Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Sequence(parts) => parts.iter().try_for_each(|part| write!(f, "{part}")),
            Self::OneOf(parts) => {
                f.write_str("(?:")?;
                for (place, part) in parts.iter().enumerate() {
                    write!(f, "{}{part}", if place == 0 { "" } else { "|" })?;
                }
                f.write_str(")")
            }
            Self::Times(part, least, most) => write!(f, "(?:{part}){{{least},{most}}}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_patterns_and_short_enough_and_hang_on_the_seed_alone() {
        let grown = |seed| {
            let mut dice = Dice(seed);
            let mut pattern = Pattern::grow(&mut dice);
            (0..300)
                .map(|_| {
                    pattern = pattern.changed(&mut dice);
                    pattern.to_string()
                })
                .collect::<Vec<_>>()
        };
        let patterns = grown(1);
        assert_eq!(patterns, grown(1));
        assert_ne!(patterns, grown(2));
        for text in patterns {
            assert!(text.chars().count() <= CHARS_MAX, "{text}");
            assert!(regex_syntax(&text), "{text}");
        }
    }

    /// Whether a text is a pattern, however large.
    fn regex_syntax(text: &str) -> bool {
        !matches!(regex::Regex::new(text), Err(regex::Error::Syntax(_)))
    }
}
