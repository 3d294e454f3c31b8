//! v1's filter: one text, taken both literally and as a regular expression, ignoring case (Unicode).
//! This is the one place where a regular expression is built.
//!
//! Built to be searched over many texts at once: [`crate::arena`] puts a byte between texts that is in no UTF-8,
//! and a pattern in Unicode mode matches no such byte, so a match lies within one text — unless the pattern looks
//! around, for it would see a separator or the next text where a text ends. Anchors at its ends are therefore
//! replaced by the separators themselves; whatever else looks around is tried text by text.

use crate::arena::SEPARATOR;
use crate::needle::Needle;
use crate::signature::Needs;
use crate::turning_point;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look};
use rollcall_model::ids::ID_ALPHABET;
use rollcall_model::limits::{FILTER_NESTING, FILTER_PROGRAM_BYTES};

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
        let Some(literal) = parse(&regex_syntax::escape(text)) else { return Self::nothing() };
        let pattern = parse(text).filter(|pattern| *pattern != literal);
        let limit = Some(FILTER_PROGRAM_BYTES);
        pattern
            .and_then(|pattern| Self::of(&Hir::alternation(vec![literal.clone(), pattern]), limit))
            // A literal's program grows with its text only.
            .or_else(|| Self::of(&literal, None))
            .unwrap_or_else(Self::nothing)
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

    /// How much text to search before asking whether it takes too long.
    pub(crate) fn bytes_at_once(&self) -> usize {
        (WORK_AT_ONCE / self.in_names.bytes().max(1)).clamp(1, BYTES_AT_ONCE)
    }

    /// What its programs take; what the engine remembers while it searches comes on top.
    pub(crate) fn bytes(&self) -> usize {
        [&self.in_names, &self.in_ids, &self.in_addresses].map(Needle::bytes).iter().sum()
    }
}

fn needle(pattern: &Hir, limit: Option<usize>) -> Option<Needle> {
    let needs = Needs::of(pattern);
    match run_on(pattern) {
        Some(pattern) => Some(Needle::run_on(build(&pattern, false, limit)?, needs)),
        None => Some(Needle::one_by_one(build(pattern, true, limit)?, needs)),
    }
}

fn parse(pattern: &str) -> Option<Hir> {
    // UTF-8 mode refuses what could match other bytes, separators among them: `(?-u:.)`.
    let config = syntax::Config::new().case_insensitive(true).utf8(true).nest_limit(FILTER_NESTING);
    syntax::parse_with(pattern, &config).ok()
}

#[expect(clippy::disallowed_methods, reason = "the one place that builds a regular expression")]
fn build(pattern: &Hir, texts_are_utf8: bool, limit: Option<usize>) -> Option<Regex> {
    let config = Regex::config().nfa_size_limit(limit).utf8_empty(texts_are_utf8);
    Regex::builder().configure(config).build_from_hir(pattern).ok()
}

/// Whether a pattern finds something in every text: the empty match, wherever it is.
fn matches_everything(pattern: &Hir) -> bool {
    pattern.properties().look_set().is_empty() && may_be_empty(pattern)
}

/// Whether the empty text matches, looking around apart. Not asked of the pattern's properties: of a class
/// without characters they know no length, nor of its repetition, which is empty.
fn may_be_empty(pattern: &Hir) -> bool {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(_) | HirKind::Class(_) => false,
        HirKind::Repetition(repetition) => repetition.min == 0 || may_be_empty(&repetition.sub),
        HirKind::Capture(capture) => may_be_empty(&capture.sub),
        HirKind::Concat(parts) => parts.iter().all(may_be_empty),
        HirKind::Alternation(branches) => branches.iter().any(may_be_empty),
    }
}

/// The pattern with its anchors turned into separators, if that finds the same: if it looks around at its
/// ends only, and its match has at least one byte of the text.
fn run_on(pattern: &Hir) -> Option<Hir> {
    if pattern.properties().look_set().is_empty() {
        return (!may_be_empty(pattern)).then(|| pattern.clone());
    }
    match pattern.kind() {
        HirKind::Capture(capture) => run_on(&capture.sub),
        HirKind::Alternation(branches) => {
            Some(Hir::alternation(branches.iter().map(run_on).collect::<Option<Vec<Hir>>>()?))
        }
        HirKind::Concat(parts) => {
            let (start, parts) = match parts.split_first() {
                Some((first, rest)) if is_look(first, Look::Start) => (true, rest),
                _ => (false, &parts[..]),
            };
            let (end, parts) = match parts.split_last() {
                Some((last, rest)) if is_look(last, Look::End) => (true, rest),
                _ => (false, parts),
            };
            let body = Hir::concat(parts.to_vec());
            let within = body.properties().look_set().is_empty() && !may_be_empty(&body);
            let separator = |is_there: bool| is_there.then(|| Hir::literal([SEPARATOR]));
            within.then(|| {
                Hir::concat(separator(start).into_iter().chain([body]).chain(separator(end)).collect())
            })
        }
        _ => None,
    }
}

fn is_look(part: &Hir, look: Look) -> bool {
    matches!(part.kind(), HirKind::Look(there) if *there == look)
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
