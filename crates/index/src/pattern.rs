//! v1's filter: one text, taken both literally and as a regular expression, ignoring case (Unicode).
//! This is the one place where a regular expression is built.
//!
//! The engine is linear in the text that it searches. Built to be searched over many texts at once:
//! [`crate::arena`] puts a byte between texts that is in no UTF-8, and a pattern in Unicode mode matches no
//! such byte, so a match lies within one text — unless the pattern looks around, for it would see a separator
//! or the next text where a text ends. Anchors at its ends are therefore replaced by the separators
//! themselves; whatever else looks around is tried text by text.

use crate::arena::{SEPARATOR, is_absent};
use crate::signature::Needs;
use crate::turning_point;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look};
use rollcall_model::ids::ID_ALPHABET;
use rollcall_model::limits::{FILTER_NESTING, FILTER_PROGRAM_BYTES};
use std::ops::Range;

/// A filter's text, ready to be searched for.
#[derive(Clone, Debug)]
pub struct TextFilter {
    search: Search,
    may_be_in_ids: bool,
    may_be_in_addresses: bool,
    /// What its program takes.
    bytes: usize,
    needs: Needs,
}

#[derive(Clone, Debug)]
enum Search {
    /// Every row matches.
    Everything,
    /// No row does.
    Nothing,
    /// To be searched over many texts at once; anchors stand for separators.
    RunOn(Regex),
    /// To be searched text by text.
    OneByOne(Regex),
}

/// The most that is searched without asking whether it takes too long.
const BYTES_AT_ONCE: usize = turning_point(64 << 10, 48);
/// The slowest engine's work grows with text times program: a larger program gets less text at once.
const WORK_AT_ONCE: usize = 1 << 28;

impl TextFilter {
    /// The filter of this text. What is no regular expression, or too large a one, is literal only.
    pub fn new(text: &str) -> Self {
        let Some(literal) = parse(&regex_syntax::escape(text)) else { return Self::nothing() };
        let pattern = parse(text).filter(|pattern| *pattern != literal);
        let limit = Some(FILTER_PROGRAM_BYTES);
        pattern
            .and_then(|pattern| Self::compile(&[literal.clone(), pattern], limit))
            // A literal's program grows with its text only.
            .or_else(|| Self::compile(&[literal], None))
            .unwrap_or_else(Self::nothing)
    }

    fn nothing() -> Self {
        Self {
            search: Search::Nothing,
            may_be_in_ids: false,
            may_be_in_addresses: false,
            bytes: 0,
            needs: Needs::of(&[]),
        }
    }

    fn compile(patterns: &[Hir], limit: Option<usize>) -> Option<Self> {
        let run_on = patterns.iter().map(run_on).collect::<Option<Vec<Hir>>>();
        let regex = build(run_on.as_deref().unwrap_or(patterns), run_on.is_none(), limit)?;
        let may_be_in = |alphabet: &[u8]| patterns.iter().any(|pattern| fits(pattern, &letters(alphabet)));
        Some(Self {
            may_be_in_ids: may_be_in(ID_ALPHABET),
            may_be_in_addresses: may_be_in(b"0123456789abcdef.:"),
            needs: Needs::of(patterns),
            bytes: regex.memory_usage(),
            search: if patterns.iter().any(matches_everything) {
                Search::Everything
            } else if run_on.is_some() {
                Search::RunOn(regex)
            } else {
                Search::OneByOne(regex)
            },
        })
    }

    /// Whether it matches every row.
    pub(crate) const fn matches_everything(&self) -> bool {
        matches!(self.search, Search::Everything)
    }

    /// Whether it may occur in a text of the letters of ids.
    pub(crate) const fn may_be_in_ids(&self) -> bool {
        self.may_be_in_ids
    }

    /// Whether it may occur in a text of the letters of addresses.
    pub(crate) const fn may_be_in_addresses(&self) -> bool {
        self.may_be_in_addresses
    }

    /// What a text must have that it matches.
    pub(crate) const fn needs(&self) -> &Needs {
        &self.needs
    }

    /// How much text to search before asking whether it takes too long.
    pub(crate) fn bytes_at_once(&self) -> usize {
        (WORK_AT_ONCE / self.bytes.max(1)).clamp(1, BYTES_AT_ONCE)
    }

    /// What its program takes; what the engine remembers while it searches comes on top.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether it can be searched over many texts at once.
    pub(crate) const fn may_be_run_on(&self) -> bool {
        matches!(self.search, Search::RunOn(_))
    }

    /// The last byte of the text's part of the match that ends first in this part of an arena, which has a
    /// separator at both ends. Only for what may be run on.
    pub(crate) fn first_match_end(&self, arena: &[u8], part: Range<usize>) -> Option<usize> {
        let Search::RunOn(regex) = &self.search else { return None };
        let input = Input::new(arena).range(part).earliest(true).anchored(Anchored::No);
        let end = regex.search_half(&input)?.offset();
        // A match has at least one byte of the text, and at its end a separator if it is anchored there.
        Some(if arena[end - 1] == SEPARATOR { end - 2 } else { end - 1 })
    }

    /// Whether it is in this one text.
    pub(crate) fn is_in(&self, text: &[u8]) -> bool {
        match &self.search {
            Search::Everything => true,
            _ if is_absent(text) => false,
            Search::Nothing => false,
            Search::OneByOne(regex) => regex.is_match(text),
            Search::RunOn(regex) => {
                let framed: Vec<u8> = [SEPARATOR].iter().chain(text).chain(&[SEPARATOR]).copied().collect();
                regex.is_match(&framed)
            }
        }
    }
}

fn parse(pattern: &str) -> Option<Hir> {
    // UTF-8 mode refuses what could match other bytes, separators among them: `(?-u:.)`.
    let config = syntax::Config::new().case_insensitive(true).utf8(true).nest_limit(FILTER_NESTING);
    syntax::parse_with(pattern, &config).ok()
}

#[expect(clippy::disallowed_methods, reason = "the one place that builds a regular expression")]
fn build(patterns: &[Hir], texts_are_utf8: bool, limit: Option<usize>) -> Option<Regex> {
    let config = Regex::config().nfa_size_limit(limit).utf8_empty(texts_are_utf8);
    Regex::builder().configure(config).build_many_from_hir(patterns).ok()
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

/// Whether some text of these letters may match; `false` is sure.
fn fits(pattern: &Hir, letters: &ClassUnicode) -> bool {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(Class::Bytes(_)) => true,
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).is_ok_and(|text| {
            let is_letter = |c: char| letters.iter().any(|range| (range.start()..=range.end()).contains(&c));
            text.chars().all(is_letter)
        }),
        HirKind::Class(Class::Unicode(class)) => {
            let mut common = class.clone();
            common.intersect(letters);
            !common.ranges().is_empty()
        }
        HirKind::Repetition(repetition) => repetition.min == 0 || fits(&repetition.sub, letters),
        HirKind::Capture(capture) => fits(&capture.sub, letters),
        HirKind::Concat(parts) => parts.iter().all(|part| fits(part, letters)),
        HirKind::Alternation(branches) => branches.iter().any(|branch| fits(branch, letters)),
    }
}
