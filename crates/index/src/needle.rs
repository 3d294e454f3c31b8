//! What is looked for in texts of one kind, and how: by an engine that is linear in the text that it searches.
//!
//! Built to be searched over many texts at once: [`crate::arena`] puts a byte between texts that is in no UTF-8,
//! and a pattern in Unicode mode matches no such byte, so a match lies within one text — unless the pattern looks
//! around, for it would see a separator or the next text where a text ends. Anchors at its ends are therefore
//! replaced by the separators themselves; whatever else looks around is tried text by text.

use crate::arena::{SEPARATOR, Texts, is_absent};
use crate::beginning::Beginning;
use crate::signature::Needs;
use regex_automata::meta::Regex;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::{Hir, HirKind, Look};
use std::ops::Range;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Needle {
    how: How,
    /// How a text must begin that it matches, where that is known.
    beginning: Option<Beginning>,
    /// What a text must have that it matches.
    needs: Needs,
}

#[derive(Clone, Debug)]
enum How {
    /// Nothing matches.
    Nothing,
    /// To be searched over many texts at once; anchors stand for separators.
    RunOn(Regex),
    /// To be searched text by text.
    OneByOne(Regex),
}

impl Needle {
    /// What is in no text.
    pub const fn nothing() -> Self {
        Self { how: How::Nothing, beginning: None, needs: Needs::nothing() }
    }

    /// What a pattern matches; `build` makes the engine of it, and is told whether texts are searched one by one.
    pub fn of(pattern: &Hir, build: impl FnOnce(&Hir, bool) -> Option<Regex>) -> Option<Self> {
        let how = match run_on(pattern) {
            Some(pattern) => How::RunOn(build(&pattern, false)?),
            None => How::OneByOne(build(pattern, true)?),
        };
        Some(Self { how, beginning: Beginning::of(pattern), needs: Needs::of(pattern) })
    }

    /// Whether it is in no text.
    pub const fn is_nothing(&self) -> bool {
        matches!(self.how, How::Nothing)
    }

    /// What a text must have that it matches.
    pub const fn needs(&self) -> &Needs {
        &self.needs
    }

    /// What its program takes.
    pub fn bytes(&self) -> usize {
        match &self.how {
            How::Nothing => 0,
            How::RunOn(regex) | How::OneByOne(regex) => regex.memory_usage(),
        }
    }

    /// Calls `hit` for every text of `from..to` that it is in.
    pub fn find_in(&self, texts: &impl Texts, from: usize, to: usize, mut hit: impl FnMut(usize)) {
        let bytes = texts.bytes();
        match (&self.how, &self.beginning) {
            (How::Nothing, _) => {}
            (_, Some(beginning)) => {
                let may_match = |text: &usize| beginning.is_at_start_of(&bytes[texts.start(*text)..]);
                let matches = |text: &usize| beginning.is_all || self.is_in(texts.get(*text));
                (from..to).filter(may_match).filter(matches).for_each(hit);
            }
            (How::OneByOne(_), None) => (from..to).filter(|text| self.is_in(texts.get(*text))).for_each(hit),
            (How::RunOn(regex), None) => {
                let end = texts.start(to);
                let (mut text, mut start) = (from, texts.start(from) - 1);
                while let Some(last) = first_match_end(regex, bytes, start..end) {
                    text = texts.holder(text, last);
                    hit(text);
                    // On behind this text, whose closing separator opens the next one.
                    start = texts.start(text + 1) - 1;
                    text += 1;
                    if text >= to {
                        return;
                    }
                }
            }
        }
    }

    /// Whether it is in this one text.
    pub fn is_in(&self, text: &[u8]) -> bool {
        match &self.how {
            How::Nothing => false,
            _ if is_absent(text) => false,
            How::OneByOne(regex) => regex.is_match(text),
            How::RunOn(regex) => {
                let framed: Vec<u8> = [SEPARATOR].iter().chain(text).chain(&[SEPARATOR]).copied().collect();
                regex.is_match(&framed)
            }
        }
    }
}

/// The last byte of the text's part of the match that ends first in this part of an arena, which has a separator at
/// both ends.
fn first_match_end(regex: &Regex, arena: &[u8], part: Range<usize>) -> Option<usize> {
    let input = Input::new(arena).range(part).earliest(true).anchored(Anchored::No);
    let end = regex.search_half(&input)?.offset();
    // A match has at least one byte of the text, and at its end a separator if it is anchored there.
    Some(if arena[end - 1] == SEPARATOR { end - 2 } else { end - 1 })
}

/// Whether the empty text matches, looking around apart. Not asked of the pattern's properties: of a class
/// without characters they know no length, nor of its repetition, which is empty.
pub fn may_be_empty(pattern: &Hir) -> bool {
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
