//! How many rows of a list each value of a field has: exact, by the counts that are kept with what a filter found.
//!
//! The first time a field is asked of a filter, the rows are gone through or its values' sets compared; after that, time
//! goes by the number of values. Versions are counted anew by going through the rows, once for each answer.

use crate::facet::Field;
use crate::index::Index;
use crate::order::Counts;
use crate::part::Part;
use hashbrown::HashMap;
use roaring::RoaringBitmap;
use rollcall_filter::{Factor, compare_versions};
use rollcall_model::Role;
use std::cmp::Reverse;

/// What rows can be counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TallyBy {
    /// The username.
    User,
    /// The user's roles: a row counts for each of them.
    Role,
    /// The user's factors, `none` among them: a row counts for each.
    Factor,
    /// The name of browser or app.
    Device,
    /// Its version, as rows show it; empty when unknown.
    Version,
    /// What kind of client it is.
    Type,
    /// The name of the operating system.
    Os,
    /// The `Host` header at sign-in.
    Host,
}

/// The values of a field that have the most rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Each with how many rows it has, the most first; of equally many, in the order that lists have by it.
    pub values: Vec<(Box<str>, usize)>,
    /// How many further values have rows.
    pub more: usize,
}

impl Tally {
    /// The first of these, which come in the order of the field. What a value's text is is only asked of those.
    pub fn of<'a, T>(
        values: impl Iterator<Item = (T, usize)>,
        most: usize,
        text: impl Fn(T) -> &'a str,
    ) -> Self {
        let counted = values.filter(|(_, rows)| *rows > 0).enumerate();
        let mut values: Vec<(Reverse<usize>, usize, T)> =
            counted.map(|(place, (value, rows))| (Reverse(rows), place, value)).collect();
        let more = values.len().saturating_sub(most);
        if more > 0 {
            values.select_nth_unstable_by_key(most, |(rows, place, _)| (*rows, *place));
            values.truncate(most);
        }
        values.sort_unstable_by_key(|(rows, place, _)| (*rows, *place));
        let told = values.into_iter().map(|(Reverse(rows), _, value)| (text(value).into(), rows));
        Self { values: told.collect(), more }
    }

    /// The first of these versions.
    pub fn of_versions(values: HashMap<&str, usize>, most: usize) -> Self {
        let mut values: Vec<(&str, usize)> = values.into_iter().collect();
        values.sort_unstable_by(|(a, _), (b, _)| compare_versions(a, b));
        Self::of(values.into_iter(), most, |version| version)
    }
}

impl Index {
    /// Counts rows, all or those of a part, and gives so many values at the most.
    pub fn tally(&self, part: Option<&mut Part>, by: TallyBy, most: usize) -> Tally {
        match by {
            TallyBy::Device => self.tally_field(part, Field::DeviceName, most),
            TallyBy::Type => self.tally_field(part, Field::DeviceType, most),
            TallyBy::Os => self.tally_field(part, Field::OsName, most),
            TallyBy::Host => self.tally_field(part, Field::Host, most),
            TallyBy::User => self.tally_field(part, Field::Username, most),
            TallyBy::Version => {
                self.tally_versions(part.as_ref().map_or_else(|| self.rows.live(), |part| part.rows()), most)
            }
            TallyBy::Role => {
                let words = Role::ALL.iter().map(|role| role.as_str());
                self.tally_users(part, words, most, |user, nth| {
                    self.users.roles(user).contains(Role::ALL[nth])
                })
            }
            TallyBy::Factor => {
                let words = Factor::ALL.into_iter().map(Factor::as_str);
                self.tally_users(part, words, most, |user, nth| {
                    Factor::ALL[nth].is_of(self.factors(self.users.no(user)))
                })
            }
        }
    }

    fn tally_field(&self, part: Option<&mut Part>, field: Field, most: usize) -> Tally {
        let texts = match field {
            Field::Username => self.users.usernames(),
            facet => self.facets.get(facet).texts(),
        };
        let text = |code| std::str::from_utf8(texts.get(code)).unwrap_or_default();
        let counts = part.and_then(|part| part.counted(self, field));
        let values = self.order(field).values().map(|code| (code, self.rows_in(counts, field, code)));
        Tally::of(values, most, text)
    }

    /// By something of which a user has one or several.
    fn tally_users(
        &self,
        part: Option<&mut Part>,
        words: impl Iterator<Item = &'static str>,
        most: usize,
        has: impl Fn(u32, usize) -> bool,
    ) -> Tally {
        let counts = part.and_then(|part| part.counted(self, Field::Username));
        let mut values: Vec<(&str, usize)> = words.map(|word| (word, 0)).collect();
        for user in self.users.order().values() {
            let rows = self.rows_in(counts, Field::Username, user);
            for (nth, (_, count)) in values.iter_mut().enumerate().filter(|_| rows > 0) {
                *count += if has(user, nth) { rows } else { 0 };
            }
        }
        Tally::of(values.into_iter(), most, |word| word)
    }

    fn tally_versions(&self, rows: &RoaringBitmap, most: usize) -> Tally {
        let mut of_client: HashMap<u32, usize> = HashMap::new();
        for codes in self.rows.codes_of(rows) {
            *of_client.entry(codes.client).or_default() += 1;
        }
        let mut values: HashMap<&str, usize> = HashMap::new();
        for (client, rows) in of_client {
            *values.entry(self.clients.get(client).device.version.as_str()).or_default() += rows;
        }
        Tally::of_versions(values, most)
    }

    /// How many rows a value has, of all or of a part with these counts.
    fn rows_in(&self, counts: Option<&Counts>, field: Field, code: u32) -> usize {
        counts.map_or_else(|| self.count_of_value(field, code), |counts| counts.of_value(code))
    }
}
