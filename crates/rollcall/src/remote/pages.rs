//! Lists, page by page: each page says where the next one begins.

use super::http::{Query, Request};
use super::{Failure, Kind, Remote, parse};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Items of a page: as many as servers give.
const PAGE_ITEMS: usize = 1_000;
/// More items are not held in memory.
pub const ITEMS_MAX: usize = 1_000_000;

/// An item as it came, and what it says.
#[derive(Debug)]
pub struct Row<T> {
    /// The text of it.
    pub json: Box<RawValue>,
    /// What it says.
    pub item: T,
}

/// Items of a list, and what else its first page says.
#[derive(Debug)]
pub struct Listed<T> {
    /// The items.
    pub rows: Vec<Row<T>>,
    /// Whether there are no more.
    pub is_all: bool,
    rest: BTreeMap<String, Box<RawValue>>,
}

impl<T: DeserializeOwned> Listed<T> {
    /// What else is said: `total`, `facets`; `None` when it is not, or not so.
    pub fn rest<U: DeserializeOwned>(&self, name: &str) -> Option<U> {
        serde_json::from_str(self.rest.get(name)?.get()).ok()
    }

    /// One document, an item a line.
    pub fn document(&self) -> String {
        let rows: Vec<_> = self.rows.iter().map(|row| row.json.get()).collect();
        let rest: Vec<_> = self.rest.iter().map(|(name, json)| format!(",{name:?}:{json}")).collect();
        crate::clean::json(&format!("{{\"items\":[\n{}\n]{}}}\n", rows.join(",\n"), rest.concat()))
    }

    /// A list that has one page.
    pub fn read(body: &[u8]) -> Result<Self, Failure> {
        Self::page(body).map(|(listed, _)| listed)
    }

    fn page(body: &[u8]) -> Result<(Self, Option<String>), Failure> {
        let mut rest: BTreeMap<String, Box<RawValue>> = parse(body)?;
        let items = rest.remove("items").ok_or_else(|| Kind::Failed.because("the server gave no list"))?;
        let next = rest.remove("next").map(|next| parse(next.get().as_bytes())).transpose()?.flatten();
        let items: Vec<Box<RawValue>> = parse(items.get().as_bytes())?;
        let rows = items.into_iter().map(|json| {
            let item = parse(json.get().as_bytes())?;
            Ok(Row { json, item })
        });
        Ok((Self { rows: rows.collect::<Result<_, Failure>>()?, is_all: next.is_none(), rest }, next))
    }
}

/// The items of a list, at most so many; `seen` is told how many there are so far.
pub fn list<T: DeserializeOwned>(
    remote: &Remote,
    path: &str,
    query: &Query,
    most: usize,
    seen: impl Fn(&Listed<T>),
) -> Result<Listed<T>, Failure> {
    gather(most, seen, |limit, cursor| {
        let mut query = query.clone();
        query.push(("limit", limit.to_string()));
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        remote.act(&Request::get(path, query))
    })
}

fn gather<T: DeserializeOwned>(
    most: usize,
    seen: impl Fn(&Listed<T>),
    mut page: impl FnMut(usize, Option<String>) -> Result<Vec<u8>, Failure>,
) -> Result<Listed<T>, Failure> {
    let (mut all, mut next) = Listed::page(&page(most.min(PAGE_ITEMS), None)?)?;
    while let Some(cursor) = next.take().filter(|_| all.rows.len() < most) {
        seen(&all);
        let limit = (most - all.rows.len()).min(PAGE_ITEMS);
        let (more, after) = Listed::page(&page(limit, Some(cursor.clone()))?)?;
        if after.as_ref() == Some(&cursor) {
            return Err(Kind::Failed.because("the server gives the same page again and again"));
        }
        all.rows.extend(more.rows);
        all.is_all = more.is_all;
        next = after;
    }
    all.rows.truncate(most);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::Session;

    /// A list of so many items; which pages of it are asked for.
    fn gathered(there: usize, most: usize) -> (Listed<Session>, Vec<(usize, Option<String>)>) {
        let mut asked = Vec::new();
        let page = |limit: usize, cursor: Option<String>| {
            let from: usize = cursor.as_deref().map_or(0, |cursor| cursor.parse().unwrap());
            let to = (from + limit).min(there);
            asked.push((limit, cursor));
            let items: Vec<_> = (from..to).map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
            let next = if to < there { format!("\"{to}\"") } else { "null".into() };
            let page = format!(r#"{{"items":[{}],"total":{there},"next":{next}}}"#, items.join(","));
            Ok(page.into_bytes())
        };
        (gather(most, |_| (), page).unwrap(), asked)
    }

    #[test]
    fn all_items_are_given_in_their_order() {
        for (there, most, pages) in [(0, 50, 1), (3, 50, 1), (1_000, 5_000, 1), (2_500, 5_000, 3)] {
            let (all, asked) = gathered(there, most);
            let ids: Vec<_> = all.rows.iter().map(|row| row.item.id.clone()).collect();
            assert_eq!(ids, (0..there).map(|id| id.to_string()).collect::<Vec<_>>());
            assert_eq!((asked.len(), all.is_all), (pages, true));
        }
    }

    #[test]
    fn no_more_are_asked_for_than_are_wanted() {
        let (some, asked) = gathered(5_000, 1_200);
        assert_eq!((some.rows.len(), some.is_all), (1_200, false));
        assert_eq!(asked, [(1_000, None), (200, Some("1000".into()))]);
    }

    #[test]
    fn a_document_has_what_the_first_page_says_and_no_cursor() {
        let text = "{\"items\":[{\"id\":\"a\u{9b}\",\n \"x\":1},{\"id\":\"b\"}],\"total\":9,\"next\":\"c\",\"facets\":{}}";
        let (listed, next) = Listed::<Session>::page(text.as_bytes()).unwrap();
        assert_eq!((next.as_deref(), listed.rest::<u64>("total")), (Some("c"), Some(9)));
        let document = listed.document();
        assert!(!document.contains('\u{9b}'));
        let value: serde_json::Value = serde_json::from_str(&document).unwrap();
        assert_eq!(
            value,
            serde_json::json!({ "items": [{ "id": "a\u{9b}", "x": 1 }, { "id": "b" }], "total": 9, "facets": {} })
        );
    }

    #[test]
    fn a_server_that_never_ends_is_left() {
        let same = |_, _| Ok(br#"{"items":[],"next":"a"}"#.to_vec());
        assert!(gather::<Session>(10, |_| (), same).is_err());
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for text in [
            "",
            "{}",
            r#"{"items":{},"next":null}"#,
            r#"{"items":[],"next":5}"#,
            r#"{"items":[5],"next":null}"#,
            r#"{"items":[{"id":5}],"next":null}"#,
            r#"{"items":[{"login_at":null}],"next":null}"#,
        ] {
            assert!(Listed::<Session>::read(text.as_bytes()).is_err(), "{text}");
        }
        let one = Listed::<Session>::read(br#"{"items":[{}]}"#).unwrap();
        assert_eq!(one.rows[0].item, Session::default());
    }
}
