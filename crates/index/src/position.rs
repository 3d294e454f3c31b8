//! Where a page ended, and how many rows lie up to there: a next page after it begins with the first row behind, whatever
//! came and went since.

use crate::arena::bytes_of;
use crate::collation::Collation;
use crate::facet::Field;
use crate::index::Index;
use crate::list::{Direction, Keys, SortKey};
use crate::order::Order;
use crate::page::Row;
use crate::part::Part;
use crate::scan::partition;
use crate::slots::cardinality;
use roaring::RoaringBitmap;
use rollcall_filter::compare_versions;
use rollcall_model::address::ip_to_bits;
use rollcall_model::{SessionNo, Timestamp};
use std::cmp::Ordering;
use std::net::IpAddr;

/// A place in a sorted list: that of a row, by what it is sorted by. Session numbers rise with the time of sign-in, so they
/// alone break ties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The row's value of each key that the list is sorted by.
    pub values: Vec<SortValue>,
    /// The row's session.
    pub no: SessionNo,
}

/// A row's value of a sort key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortValue {
    /// A name or version; absent where there is none.
    Text(Option<Box<str>>),
    /// An instant.
    Time(Timestamp),
    /// An address.
    Address(IpAddr),
}

impl SortValue {
    /// The value's bytes in an arena.
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => bytes_of(text.as_deref()),
            Self::Time(_) | Self::Address(_) => &[],
        }
    }

    /// The value's number, where it is one.
    pub fn number(&self) -> u128 {
        match self {
            Self::Text(_) => 0,
            Self::Time(at) => number_of_time(*at),
            Self::Address(ip) => number_of_address(*ip),
        }
    }

    /// The text, where it is one.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text.as_deref().unwrap_or_default(),
            Self::Time(_) | Self::Address(_) => "",
        }
    }
}

/// Instants as numbers of the same order.
pub fn number_of_time(at: Timestamp) -> u128 {
    (i128::from(at.as_ms()) - i128::from(i64::MIN)).cast_unsigned()
}

/// Addresses as numbers: IPv4 among IPv6 as it is mapped there.
pub fn number_of_address(ip: IpAddr) -> u128 {
    ip_to_bits(ip.to_canonical())
}

impl Row<'_> {
    /// The row's place in a list that is sorted so.
    pub fn position(&self, sort: &[(SortKey, Direction)]) -> Position {
        let text = |text: &str| SortValue::Text(Some(text.into()));
        let value = |key: SortKey| match key {
            SortKey::LoginAt => SortValue::Time(self.opened_at()),
            SortKey::SeenAt => SortValue::Time(self.seen_at()),
            SortKey::DeviceName => text(&self.device().name),
            SortKey::DeviceType => text(self.device().device_type.as_str()),
            SortKey::DeviceVersion => text(&self.device().long_version),
            SortKey::OsName => text(&self.device().os_name),
            SortKey::OsVersion => SortValue::Text(self.device().os_version.as_deref().map(Into::into)),
            SortKey::Host => text(self.host()),
            SortKey::Ip => SortValue::Address(self.ip()),
            SortKey::Name => SortValue::Text(self.name().map(Into::into)),
            SortKey::Username => text(self.username()),
        };
        Position { values: sort.iter().map(|(key, _)| value(*key)).collect(), no: self.no() }
    }
}

impl Index {
    /// How many rows, of all or of a part of them, a list has up to a position.
    pub fn passed(
        &self,
        part: Option<&mut Part>,
        keys: Keys<'_>,
        values: &[SortValue],
        no: SessionNo,
    ) -> usize {
        let rows = part.as_ref().map_or_else(|| self.rows.live(), |part| part.rows());
        let (Some(((key, direction), rest)), Some((value, rest_of_values))) =
            (keys.split_first(), values.split_first())
        else {
            return cardinality(rows) - partition(rows, |slot| self.rows.no(slot) < no) as usize;
        };
        match (Field::of(*key), value) {
            (Some(field), _) => {
                let (before, equal) = self.before_value(part, field, *direction, value);
                let among = |mut part: Part| self.passed(Some(&mut part), rest, rest_of_values, no);
                before + equal.map_or(0, |rows| among(Part::of(rows)))
            }
            (None, SortValue::Time(at)) if *key == SortKey::LoginAt => {
                let below = partition(rows, |slot| self.rows.opened_at(slot) < *at);
                let up_to = partition(rows, |slot| self.rows.opened_at(slot) <= *at);
                let instant = rows.select(below).map(|first| rows.range(first..));
                let instant = instant.into_iter().flatten().take((up_to - below) as usize).collect();
                let before = match direction {
                    Direction::Ascending => below as usize,
                    Direction::Descending => cardinality(rows) - up_to as usize,
                };
                before + self.passed(Some(&mut Part::of(instant)), rest, rest_of_values, no)
            }
            _ => self.passed_of(rows.iter(), keys, values, no),
        }
    }

    /// The same of these rows, one by one.
    pub fn passed_of(
        &self,
        slots: impl Iterator<Item = u32>,
        keys: Keys<'_>,
        values: &[SortValue],
        no: SessionNo,
    ) -> usize {
        slots.filter(|slot| self.compare_to(*slot, keys, values, no).is_le()).count()
    }

    /// How a row lies in a list to a position.
    pub fn compare_to(&self, slot: u32, keys: Keys<'_>, values: &[SortValue], no: SessionNo) -> Ordering {
        let by_keys = keys.iter().zip(values).map(|((key, direction), value)| {
            let ascending = self.compare_to_value(slot, *key, value);
            if *direction == Direction::Ascending { ascending } else { ascending.reverse() }
        });
        let by_keys = by_keys.into_iter().find(|order| order.is_ne());
        by_keys.unwrap_or_else(|| no.cmp(&self.rows.no(slot)))
    }

    fn compare_to_value(&self, slot: u32, key: SortKey, value: &SortValue) -> Ordering {
        if let Some(field) = Field::of(key) {
            return self.compare_code(field, self.code(slot, field), value.bytes());
        }
        match key {
            SortKey::DeviceVersion => {
                let device = &self.clients.get(self.rows.client(slot)).device;
                compare_versions(&device.long_version, value.text())
            }
            SortKey::Ip => number_of_address(self.address(slot)).cmp(&value.number()),
            SortKey::SeenAt => number_of_time(self.rows.seen_at(slot)).cmp(&value.number()),
            _ => number_of_time(self.rows.opened_at(slot)).cmp(&value.number()),
        }
    }

    /// How a value of a field compares to a text.
    fn compare_code(&self, field: Field, code: u32, text: &[u8]) -> Ordering {
        match field {
            Field::Username => Collation::IgnoringCase.compare(self.users.usernames().get(code), text),
            Field::Name => Collation::IgnoringCase.compare(self.users.names().get(code), text),
            facet => Collation::CodePoint.compare(self.facets.get(facet).texts().get(code), text),
        }
    }

    /// How many rows the values before one have, and the rows of that one.
    fn before_value(
        &self,
        part: Option<&mut Part>,
        field: Field,
        direction: Direction,
        value: &SortValue,
    ) -> (usize, Option<RoaringBitmap>) {
        let order: &Order = self.order(field);
        let compare = |code| self.compare_code(field, code, value.bytes());
        let counts = part.map(|part| {
            part.count(self, field);
            part.rows_and_counts(field)
        });
        let (rows, counts) = counts.map_or((None, None), |(rows, counts)| (Some(rows), counts));
        let (before, equal) =
            order.before(direction, compare, |code| self.count_of_value(field, code), counts);
        (before, equal.map(|code| self.rows_of_value(field, code, rows).into_set()))
    }
}
