//! Which rows a filter finds: it is asked once for each distinct value, and a value brings its rows.
//!
//! Values are searched where they stand, one after another, in chunks; between chunks the caller may say
//! that it takes too long. Ids and addresses are passed over when the filter cannot occur in their letters.

use crate::arena::Texts;
use crate::bits::Bits;
use crate::facet::Field;
use crate::index::Index;
use crate::pattern::TextFilter;

/// The filter was not answered within the time that the caller gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooCostly;

impl Index {
    /// The rows that a filter finds.
    pub fn matching(&self, filter: &TextFilter, stop: &dyn Fn() -> bool) -> Result<Bits, TooCostly> {
        let mut found = Bits::new(self.rows.slots());
        for field in Field::FILTERED {
            let facet = self.facets.get(field);
            scan(facet.texts(), filter, stop, |code| facet.rows(code).each(|slot| found.insert(slot)))?;
        }
        if filter.may_be_in_ids() {
            scan(self.users.ids(), filter, stop, |code| {
                for slot in self.rows_of_code(code) {
                    found.insert(slot);
                }
            })?;
            scan(self.rows.ids(), filter, stop, |slot| found.insert(slot))?;
        }
        if filter.may_be_in_addresses() {
            scan(self.rows.addresses(), filter, stop, |slot| found.insert(slot))?;
        }
        Ok(found)
    }

    /// Whether a filter finds one row.
    pub fn row_matches(&self, slot: u32, filter: &TextFilter) -> bool {
        let facet_matches = |field: Field| {
            let texts = self.facets.get(field).texts();
            filter.is_in(texts.get(self.code(slot, field) as usize))
        };
        let user = self.users.get(self.rows.cell(slot).user);
        Field::FILTERED.into_iter().any(facet_matches)
            || filter.is_in(self.rows.id(slot))
            || filter.is_in(user.owner.id.as_bytes())
            || filter.is_in(self.rows.address(slot))
    }
}

/// Calls `hit` for every text that the filter finds something in.
fn scan(
    texts: &impl Texts,
    filter: &TextFilter,
    stop: &dyn Fn() -> bool,
    mut hit: impl FnMut(u32),
) -> Result<(), TooCostly> {
    let count = texts.count();
    let mut from = 0;
    while from < count {
        if stop() {
            return Err(TooCostly);
        }
        let chunk_end = texts.start(from) + filter.bytes_at_once();
        let to =
            if chunk_end < texts.bytes().len() { texts.holder(from, chunk_end).max(from + 1) } else { count };
        if filter.may_be_run_on() {
            scan_run(texts, from, to, filter, &mut hit);
        } else {
            (from..to)
                .filter(|text| filter.is_in(texts.get(*text)))
                .for_each(|text| hit(crate::number(text)));
        }
        from = to;
    }
    Ok(())
}

/// Searches texts `from..to` as one, separators at both ends included.
fn scan_run(texts: &impl Texts, from: usize, to: usize, filter: &TextFilter, hit: &mut impl FnMut(u32)) {
    let bytes = texts.bytes();
    let end = texts.start(to);
    let mut text = from;
    let mut start = texts.start(from) - 1;
    while let Some(last) = filter.first_match_end(bytes, start..end) {
        text = texts.holder(text, last);
        hit(crate::number(text));
        // On behind this text, whose closing separator opens the next one.
        start = texts.start(text + 1) - 1;
        text += 1;
        if text >= to {
            return;
        }
    }
}
