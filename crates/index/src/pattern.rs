//! What is looked for in all texts of a session: v1's filter, which is one text, taken both literally and as a regular
//! expression, ignoring case (Unicode); and the words and patterns of the filter language.

use crate::needle::{Needle, may_be_empty};
use crate::turning_point;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind};
use rollcall_filter::pattern::{build, parse};
use rollcall_model::ids::ID_ALPHABET;
use rollcall_model::limits::FILTER_PROGRAM_BYTES;

/// A filter's text, ready to be searched for.
#[derive(Clone, Debug)]
pub struct TextFilter {
    /// Whether it matches every row.
    everything: bool,
    in_names: Needle,
    in_ids: Needle,
    in_addresses: Needle,
}

/// The most that is searched without asking whether it takes too long.
const BYTES_AT_ONCE: usize = turning_point(64 << 10, 48);
/// The slowest engine's work grows with text times program: a larger program gets less text at once.
const WORK_AT_ONCE: usize = 1 << 28;

/// What ids consist of.
const LETTERS_OF_IDS: &[u8] = ID_ALPHABET;
/// What addresses consist of.
const LETTERS_OF_ADDRESSES: &[u8] = b"0123456789abcdef.:";

impl TextFilter {
    /// The filter of this text. What is no regular expression, or too large a one, is literal only.
    pub fn new(text: &str) -> Self {
        let Ok(literal) = parse(&regex_syntax::escape(text)) else { return Self::nothing() };
        let pattern = parse(text).ok().filter(|pattern| *pattern != literal);
        let limit = Some(FILTER_PROGRAM_BYTES);
        pattern
            .and_then(|pattern| Self::of(&Hir::alternation(vec![literal.clone(), pattern]), limit))
            // A literal's program grows with its text only.
            .or_else(|| Self::of(&literal, None))
            .unwrap_or_else(Self::nothing)
    }

    /// What this pattern matches.
    pub(crate) fn of_pattern(pattern: &Hir) -> Self {
        Self::of(pattern, None).unwrap_or_else(Self::nothing)
    }

    fn nothing() -> Self {
        let [in_names, in_ids, in_addresses] = std::array::from_fn(|_| Needle::nothing());
        Self { everything: false, in_names, in_ids, in_addresses }
    }

    fn of(pattern: &Hir, limit: Option<usize>) -> Option<Self> {
        // In texts of few letters less can be found, and that is found faster.
        let of_letters = |alphabet| match restricted(pattern, &letters(alphabet)) {
            Some(pattern) => needle(&pattern, limit),
            None => Some(Needle::nothing()),
        };
        Some(Self {
            everything: matches_everything(pattern),
            in_names: needle(pattern, limit)?,
            in_ids: of_letters(LETTERS_OF_IDS)?,
            in_addresses: of_letters(LETTERS_OF_ADDRESSES)?,
        })
    }

    /// Whether it matches every row.
    pub(crate) const fn matches_everything(&self) -> bool {
        self.everything
    }

    /// What is looked for in names of all kinds.
    pub(crate) const fn in_names(&self) -> &Needle {
        &self.in_names
    }

    /// What is looked for in ids.
    pub(crate) const fn in_ids(&self) -> &Needle {
        &self.in_ids
    }

    /// What is looked for in addresses.
    pub(crate) const fn in_addresses(&self) -> &Needle {
        &self.in_addresses
    }

    /// What its programs take; what the engine remembers while it searches comes on top.
    pub(crate) fn bytes(&self) -> usize {
        [&self.in_names, &self.in_ids, &self.in_addresses].map(Needle::bytes).iter().sum()
    }
}

/// How much text to search with a program of this size before asking whether it takes too long.
pub fn bytes_at_once(program: usize) -> usize {
    (WORK_AT_ONCE / program.max(1)).clamp(1, BYTES_AT_ONCE)
}

fn needle(pattern: &Hir, limit: Option<usize>) -> Option<Needle> {
    Needle::of(pattern, |pattern, one_by_one| build(pattern, one_by_one, limit))
}

/// Whether a pattern finds something in every text: the empty match, wherever it is.
fn matches_everything(pattern: &Hir) -> bool {
    pattern.properties().look_set().is_empty() && may_be_empty(pattern)
}

fn letters(alphabet: &[u8]) -> ClassUnicode {
    ClassUnicode::new(alphabet.iter().map(|letter| {
        let letter = char::from(*letter);
        ClassUnicodeRange::new(letter, letter)
    }))
}

/// The pattern for texts of these letters: it matches the same of them. None when it matches nothing of them.
fn restricted(pattern: &Hir, letters: &ClassUnicode) -> Option<Hir> {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(Class::Bytes(_)) => Some(pattern.clone()),
        HirKind::Literal(literal) => {
            let is_letter = |c: char| letters.iter().any(|range| (range.start()..=range.end()).contains(&c));
            let fits = std::str::from_utf8(&literal.0).is_ok_and(|text| text.chars().all(is_letter));
            fits.then(|| pattern.clone())
        }
        HirKind::Class(Class::Unicode(class)) => {
            let mut common = class.clone();
            common.intersect(letters);
            (!common.ranges().is_empty()).then(|| Hir::class(Class::Unicode(common)))
        }
        HirKind::Repetition(repetition) => match restricted(&repetition.sub, letters) {
            Some(sub) => Some(Hir::repetition(repetition.with(sub))),
            None => (repetition.min == 0).then(Hir::empty),
        },
        HirKind::Capture(capture) => restricted(&capture.sub, letters),
        HirKind::Concat(parts) => {
            let parts: Option<Vec<Hir>> = parts.iter().map(|part| restricted(part, letters)).collect();
            parts.map(Hir::concat)
        }
        HirKind::Alternation(branches) => {
            let branches: Vec<Hir> =
                branches.iter().filter_map(|branch| restricted(branch, letters)).collect();
            (!branches.is_empty()).then(|| Hir::alternation(branches))
        }
    }
}
