//! Values that sessions have, by how they begin, for whoever types a filter.

use crate::facet::Field;
use crate::index::Index;
use crate::tally::Tally;
use hashbrown::HashMap;
use rollcall_filter::TextField;
use rollcall_model::text::folded;
use std::cmp::Ordering;

/// Texts that are looked at at the most: of a field that has more, those that come first in its order.
const LOOKED_AT: usize = 200_000;

impl Index {
    /// The values of a field that begin so, whatever the case, those with the most rows first. None of a field whose values
    /// are all different, or are nobody's business to guess at: ids, addresses of both kinds.
    pub fn values(&self, field: TextField, prefix: &str, most: usize) -> Tally {
        let prefix = folded(prefix);
        match field {
            TextField::User => self.values_in_order(Field::Username, &prefix, most),
            TextField::Name => self.values_in_order(Field::Name, &prefix, most),
            TextField::Device => self.values_of(Field::DeviceName, &prefix, most),
            TextField::Type => self.values_of(Field::DeviceType, &prefix, most),
            TextField::Os => self.values_of(Field::OsName, &prefix, most),
            TextField::Host => self.values_of(Field::Host, &prefix, most),
            TextField::Version => {
                let mut values: HashMap<&str, usize> = HashMap::new();
                for (_, client) in self.clients.known(0).take(LOOKED_AT) {
                    let version = client.device.version.as_str();
                    if begins(version, &prefix) {
                        *values.entry(version).or_default() += client.rows();
                    }
                }
                Tally::of_versions(values, most)
            }
            TextField::Email | TextField::Ip | TextField::Id => Tally { values: Vec::new(), more: 0 },
        }
    }

    /// Of a field in the order of its texts ignoring case, where those that begin alike are neighbours.
    fn values_in_order(&self, field: Field, prefix: &str, most: usize) -> Tally {
        let texts = if field == Field::Username { self.users.usernames() } else { self.users.names() };
        let text = |code| std::str::from_utf8(texts.get(code)).ok();
        let compare = |code| match text(code) {
            // An absent one comes first.
            None => Ordering::Less,
            Some(text) if begins(text, prefix) => Ordering::Equal,
            Some(text) => folded(text).as_str().cmp(prefix),
        };
        let codes = self.order(field).values_at(compare);
        Tally::of(codes.map(|code| (code, self.count_of_value(field, code))), most, |code| {
            text(code).unwrap_or_default()
        })
    }

    fn values_of(&self, field: Field, prefix: &str, most: usize) -> Tally {
        let facet = self.facets.get(field);
        let values = facet.order().values().take(LOOKED_AT).filter_map(|code| {
            let text = std::str::from_utf8(facet.texts().get(code)).ok()?;
            begins(text, prefix).then(|| (text, facet.rows(code).len()))
        });
        Tally::of(values, most, |text| text)
    }
}

/// Whether a text begins with another that is folded.
fn begins(text: &str, prefix: &str) -> bool {
    let mut letters = text.chars().map(rollcall_model::text::folded_char);
    prefix.chars().all(|c| letters.next() == Some(u32::from(c)))
}
