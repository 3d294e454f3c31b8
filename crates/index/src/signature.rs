//! Which texts cannot match without looking at them: three letters in a row, whatever their case, that a match must
//! have and that none of some neighbouring texts has.
//!
//! Letters are folded (Unicode simple case folding) on both sides, so no pair that a pattern takes for equal is
//! told apart here.

use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind};
use rollcall_model::text::folded_char;
use std::ops::Range;

/// Letters in a row.
const LETTERS: usize = 3;
/// Groups of texts that are told apart, a bit for each.
const GROUPS: usize = u8::BITS as usize;
/// Bits for each byte of text: about a third of them are set.
const BITS_A_BYTE: usize = 2;
/// More characters than any has that are equal but for their case.
const CASES: usize = 5;

/// Of many texts: which letters in a row they have, and some that they have not. By the letters' mark: the groups of
/// texts that have them.
pub struct Signature {
    groups: Box<[u8]>,
    /// Texts of a group.
    group: usize,
}

impl Signature {
    /// Of these texts, which have so many bytes.
    pub fn of<'a>(texts: impl ExactSizeIterator<Item = &'a [u8]>, bytes: usize) -> Self {
        let places = (bytes * BITS_A_BYTE).div_ceil(GROUPS);
        let group = texts.len().div_ceil(GROUPS).max(1);
        let mut signature = Self { groups: vec![0; places].into(), group };
        texts.enumerate().for_each(|(at, text)| signature.add(at, text));
        signature
    }

    /// What it takes.
    pub const fn size(&self) -> usize {
        self.groups.len()
    }

    /// Takes in another text in the place of one.
    pub fn add(&mut self, at: usize, text: &[u8]) {
        // An absent text is none, and has nothing.
        let mut put = |letters| self.groups[self.place(mark(letters))] |= 1 << (at / self.group);
        if text.is_ascii() {
            let folded = |letters: &[u8; LETTERS]| letters.map(|letter| letter.to_ascii_lowercase().into());
            for letters in text.array_windows() {
                put(folded(letters));
            }
            return;
        }
        let text = std::str::from_utf8(text).unwrap_or_default();
        let letters: Vec<u32> = text.chars().map(folded_char).collect();
        for letters in letters.array_windows() {
            put(*letters);
        }
    }

    /// Marks are spread over all numbers of 32 bits.
    const fn place(&self, mark: u32) -> usize {
        (mark as usize * self.groups.len()) >> u32::BITS
    }

    fn with(&self, mark: u32) -> u8 {
        self.groups[self.place(mark)]
    }

    /// Those of `count` texts that may match, from one on: the first of them that are neighbours.
    pub fn candidates(&self, needs: &Needs, from: usize, count: usize) -> Option<Range<usize>> {
        let groups = usize::from(needs.groups(self)) >> (from / self.group) << (from / self.group);
        if groups == 0 {
            return None;
        }
        let first = groups.trailing_zeros() as usize;
        let end = first + (!(groups >> first)).trailing_zeros() as usize;
        let texts = from.max(first * self.group)..count.min(end * self.group);
        (texts.start < texts.end).then_some(texts)
    }
}

/// The numbers of all letters in a row.
fn marks(letters: &[u32]) -> impl Iterator<Item = u32> {
    letters.array_windows().copied().map(mark)
}

fn mark(letters: [u32; LETTERS]) -> u32 {
    letters.into_iter().fold(0, |mark, letter| (mark ^ letter).wrapping_mul(0x9E37_79B1).rotate_left(15))
}

/// What a match must have: all marks of one of several alternatives. Nothing is known when it is absent.
#[derive(Clone, Debug)]
pub struct Needs(Option<Vec<Vec<u32>>>);

impl Needs {
    /// Of what is in no text.
    pub const fn nothing() -> Self {
        Self(Some(Vec::new()))
    }

    /// What a match must have.
    pub fn of(pattern: &Hir) -> Self {
        let branches = match pattern.kind() {
            HirKind::Alternation(branches) => branches.as_slice(),
            _ => std::slice::from_ref(pattern),
        };
        let marks = |branch: &Hir| {
            let mut runs = vec![Vec::new()];
            letters_in_a_row(branch, &mut runs);
            let mut all: Vec<u32> = runs.iter().flat_map(|run| marks(run)).collect();
            all.sort_unstable();
            all.dedup();
            (!all.is_empty()).then_some(all)
        };
        Self(branches.iter().map(marks).collect())
    }

    /// The groups of a signature whose texts may match; those that are left out do not.
    fn groups(&self, signature: &Signature) -> u8 {
        let all =
            |marks: &Vec<u32>| marks.iter().fold(u8::MAX, |groups, mark| groups & signature.with(*mark));
        self.0.as_ref().map_or(u8::MAX, |branches| branches.iter().map(all).fold(0, |any, all| any | all))
    }
}

/// Puts the letters that a match must have at the end of the last run; where something else may stand, the next
/// run begins.
fn letters_in_a_row(pattern: &Hir, runs: &mut Vec<Vec<u32>>) {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => text
                .chars()
                .for_each(|c| runs.last_mut().into_iter().for_each(|run| run.push(folded_char(c)))),
            Err(_) => runs.push(Vec::new()),
        },
        HirKind::Class(Class::Unicode(class)) if let Some(letter) = one_letter(class) => {
            runs.last_mut().into_iter().for_each(|run| run.push(letter));
        }
        HirKind::Capture(capture) => letters_in_a_row(&capture.sub, runs),
        HirKind::Concat(parts) => parts.iter().for_each(|part| letters_in_a_row(part, runs)),
        // The first time follows what stands before, but not always does what follows stand behind it.
        HirKind::Repetition(repetition) if repetition.min > 0 => {
            letters_in_a_row(&repetition.sub, runs);
            runs.push(Vec::new());
        }
        HirKind::Class(_) | HirKind::Repetition(_) | HirKind::Alternation(_) => runs.push(Vec::new()),
    }
}

/// The letter that all of a class are, if case is ignored.
fn one_letter(class: &ClassUnicode) -> Option<u32> {
    let mut letters = class.iter().flat_map(|range| range.start()..=range.end()).take(CASES).map(folded_char);
    let first = letters.next()?;
    letters.all(|letter| letter == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(pattern: &str) -> Needs {
        let hir = regex_syntax::ParserBuilder::new().case_insensitive(true).build().parse(pattern).unwrap();
        Needs::of(&hir)
    }

    #[test]
    fn what_has_not_the_letters_is_passed_over_and_what_has_them_never() {
        let text = "Émile Straße \u{212A}ing ſam 10.1.0.7 abbc";
        let signature = Signature::of([text.as_bytes(), b"\xFF"].into_iter(), 10_000);
        let may_be = |pattern: &str| signature.candidates(&needs(pattern), 0, 2).is_some();
        for there in [
            "king",
            "KING",
            "sam",
            "éMI",
            "straße",
            "str.*ing",
            "(king)+",
            "^émile",
            "x*king",
            "nothing|king",
            "ki",
            "[a-c]",
            "(ki)+ng",
            "a(b)+c",
            "(zoe)*straße",
            "(zoe)?king",
        ] {
            assert!(may_be(there), "{there}");
        }
        for missing in ["chrome", "zoe", "king.*zoe", "(zoe)+", "nothing|chrome", "^zoe$", "émile.straße.zoe"]
        {
            assert!(!may_be(missing), "{missing}");
        }
    }

    #[test]
    fn a_class_is_one_letter_when_it_is_that_in_all_its_cases() {
        let letter = |pattern: &str| match needs(pattern).0 {
            Some(branches) => branches.len(),
            None => 0,
        };
        assert_eq!(letter("[Kk\u{212A}]in"), 1);
        assert_eq!(letter("[kl]in"), 0);
        assert_eq!(letter("[^a]bc"), 0);
    }
}
