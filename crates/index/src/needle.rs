//! What is looked for in texts of one kind, and how: by an engine that is linear in the text that it searches.

use crate::arena::{SEPARATOR, is_absent};
use crate::signature::Needs;
use regex_automata::meta::Regex;
use regex_automata::{Anchored, Input};
use std::ops::Range;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Needle {
    how: How,
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
        Self { how: How::Nothing, needs: Needs::nothing() }
    }

    /// What may be searched over many texts at once.
    pub const fn run_on(regex: Regex, needs: Needs) -> Self {
        Self { how: How::RunOn(regex), needs }
    }

    /// What has to be searched text by text.
    pub const fn one_by_one(regex: Regex, needs: Needs) -> Self {
        Self { how: How::OneByOne(regex), needs }
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

    /// Whether it can be searched over many texts at once.
    pub const fn may_be_run_on(&self) -> bool {
        matches!(self.how, How::RunOn(_))
    }

    /// The last byte of the text's part of the match that ends first in this part of an arena, which has a
    /// separator at both ends. Only for what may be run on.
    pub fn first_match_end(&self, arena: &[u8], part: Range<usize>) -> Option<usize> {
        let How::RunOn(regex) = &self.how else { return None };
        let input = Input::new(arena).range(part).earliest(true).anchored(Anchored::No);
        let end = regex.search_half(&input)?.offset();
        // A match has at least one byte of the text, and at its end a separator if it is anchored there.
        Some(if arena[end - 1] == SEPARATOR { end - 2 } else { end - 1 })
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
