//! What a list should be, worked out naively: all sessions filtered one by one, sorted, and cut.

use anyhow::Result;
use regex::RegexBuilder;
use rollcall_index::{Loaded, SortKey};
use rollcall_model::text::folded;
use rollcall_model::{Device, Session};
use rollcall_user_agent::device;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

/// The sessions of a store.
pub struct Oracle {
    rows: Vec<Row>,
}

/// A session with all that is looked at.
pub struct Row {
    /// The session.
    pub session: Session,
    device: Arc<Device>,
    folded_name: Option<String>,
    folded_username: String,
}

impl Oracle {
    /// Of these sessions, which are in the order of their numbers.
    pub fn new(loaded: Vec<Loaded>) -> Self {
        let mut devices = HashMap::<Arc<str>, Arc<Device>>::new();
        let row = |Loaded { session, .. }: Loaded| {
            let made = || Arc::new(device(Some(&session.agent)));
            let device = devices.entry(session.agent.clone()).or_insert_with(made).clone();
            let folded_name = session.owner.name.as_deref().map(folded);
            let folded_username = folded(&session.owner.username);
            Row { session, device, folded_name, folded_username }
        };
        Self { rows: loaded.into_iter().map(row).collect() }
    }

    /// All rows that a filter finds, sorted by a key in a direction, or newest first.
    pub fn list(&self, filter: Option<&str>, sort: Option<(SortKey, bool)>) -> Result<Vec<&Row>> {
        let filter = match filter {
            Some(text) => {
                let both = format!("{}|(?:{text})", regex::escape(text));
                Some(RegexBuilder::new(&both).case_insensitive(true).build()?)
            }
            None => None,
        };
        let found = |row: &&Row| filter.as_ref().is_none_or(|filter| row.has(&|text| filter.is_match(text)));
        // Newest first; what is equal by the key stays in this order.
        let mut rows: Vec<&Row> = self.rows.iter().rev().filter(found).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.session.opened_at));
        if let Some((key, ascending)) = sort {
            rows.sort_by(|a, b| if ascending { a.compare(b, key) } else { b.compare(a, key) });
        }
        Ok(rows)
    }
}

impl Row {
    fn has(&self, is_in: &dyn Fn(&str) -> bool) -> bool {
        let (session, device) = (&self.session, &self.device);
        let owner = &session.owner;
        let texts = [
            &device.name,
            device.device_type.as_str(),
            &device.os_name,
            session.id.as_str(),
            owner.id.as_str(),
            &session.host,
            &owner.username,
        ];
        texts.into_iter().any(is_in)
            || owner.name.as_deref().is_some_and(is_in)
            || is_in(&session.ip.to_string())
    }

    fn compare(&self, other: &Self, key: SortKey) -> Ordering {
        let (owner, others) = (&self.session.owner, &other.session.owner);
        match key {
            SortKey::LoginAt => self.session.opened_at.cmp(&other.session.opened_at),
            SortKey::DeviceName => self.device.name.cmp(&other.device.name),
            SortKey::OsName => self.device.os_name.cmp(&other.device.os_name),
            SortKey::OsVersion => self.device.os_version.cmp(&other.device.os_version),
            SortKey::Name => (&self.folded_name, &owner.name).cmp(&(&other.folded_name, &others.name)),
            SortKey::Username => {
                (&self.folded_username, &owner.username).cmp(&(&other.folded_username, &others.username))
            }
            other => unreachable!("v1 does not sort by {other:?}"),
        }
    }
}
