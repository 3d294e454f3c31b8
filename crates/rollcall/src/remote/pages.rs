//! All rows of a list, page by page, while sessions come and go between the pages.
//!
//! A page is a state of its own: a sign-in before its place pushes rows on into the next page, an ending
//! pulls them back into the one before. So each page is asked for from a row that is known; one that does
//! not begin with rows known already is asked for again from further back.
//!
//! **Invariants**: a row is given once; a session that is live from the first page to the last is given.

use super::{Failure, Kind, Remote, Session, http::Request, parse};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::HashSet;

/// Rows of a page when all are wanted: as many as servers give.
pub const PAGE_ROWS: usize = 100;
/// More rows are not held in memory.
const ROWS_MAX: usize = 1_000_000;
/// How often in a row it goes back before it gives up: the list changes faster than it can be read.
const BACK_MAX: usize = 50;

/// A row as it came, and its id.
#[derive(Debug)]
pub struct Row {
    /// The text of it.
    pub json: Box<RawValue>,
    /// What it says.
    pub session: Session,
}

/// A page of a list.
#[derive(Debug)]
pub struct Page {
    /// Its rows.
    pub rows: Vec<Row>,
    /// Rows of the list in all.
    pub total: u64,
}

#[derive(Deserialize)]
struct Text {
    sessions: Vec<Box<RawValue>>,
    total: u64,
}

/// Which list.
#[derive(Clone, Debug)]
pub struct List {
    /// The endpoint.
    pub path: &'static str,
    /// `filter` and `sort`, where they are given.
    pub query: Vec<(&'static str, String)>,
}

impl List {
    /// One page.
    pub fn page(&self, remote: &Remote, offset: usize, count: usize) -> Result<Page, Failure> {
        let mut query = self.query.clone();
        query.extend([("offset", offset.to_string()), ("count", count.to_string())]);
        read(&remote.act(&Request::get(self.path, query))?)
    }

    /// All rows; `seen` is told how many there are so far, and in all.
    pub fn all(&self, remote: &Remote, seen: impl Fn(usize, u64)) -> Result<Vec<Row>, Failure> {
        gather(|offset| self.page(remote, offset, PAGE_ROWS), seen)
    }
}

fn read(body: &[u8]) -> Result<Page, Failure> {
    let text: Text = parse(body)?;
    let rows = text.sessions.into_iter().map(|json| {
        let session = parse(json.get().as_bytes())?;
        Ok(Row { json, session })
    });
    Ok(Page { rows: rows.collect::<Result<_, Failure>>()?, total: text.total })
}

fn gather(
    mut page: impl FnMut(usize) -> Result<Page, Failure>,
    seen: impl Fn(usize, u64),
) -> Result<Vec<Row>, Failure> {
    let (mut rows, mut known): (Vec<Row>, HashSet<String>) = (Vec::new(), HashSet::new());
    let (mut offset, mut back) = (0_usize, 0);
    loop {
        let Page { rows: page, total } = page(offset)?;
        let overlaps = page.first().is_some_and(|row| known.contains(&row.session.session_id));
        if offset > 0 && !overlaps {
            // Endings before this place pulled rows back that were never shown.
            back += 1;
            if back > BACK_MAX {
                return Err(Kind::Failed
                    .because("the list changes faster than it can be read: narrow it with --filter"));
            }
            offset = offset.saturating_sub(PAGE_ROWS / 2);
            continue;
        }
        let taken = page.len();
        let before = rows.len();
        rows.extend(page.into_iter().filter(|row| known.insert(row.session.session_id.clone())));
        if rows.len() > before {
            back = 0;
        }
        seen(rows.len(), total);
        if taken == 0 || (offset + taken) as u64 >= total {
            return Ok(rows);
        }
        if rows.len() > ROWS_MAX {
            return Err(
                Kind::Failed.because("there are more than 1,000,000 sessions: narrow the list with --filter")
            );
        }
        if rows.len() == before {
            back += 1;
        }
        if back > BACK_MAX {
            return Err(Kind::Failed.because("the server gives the same rows again and again"));
        }
        // From the last row of this page.
        offset += (taken - 1).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found of a list that changes after each page, and what is left of it in the end.
    fn gathered(mut ids: Vec<u32>, mut change: impl FnMut(&[u32], &mut Vec<u32>)) -> [Vec<String>; 2] {
        let page = |offset: usize| {
            let page: Vec<u32> = ids.iter().skip(offset).take(PAGE_ROWS).copied().collect();
            let rows: Vec<_> = page.iter().map(|id| format!(r#"{{"sessionId":"{id}"}}"#)).collect();
            let text = format!(r#"{{"sessions":[{}],"total":{}}}"#, rows.join(","), ids.len());
            change(&page, &mut ids);
            read(text.as_bytes())
        };
        let rows = gather(page, |_, _| ()).unwrap();
        [rows.into_iter().map(|row| row.session.session_id).collect(), all(ids.into_iter())]
    }

    fn all(ids: impl Iterator<Item = u32>) -> Vec<String> {
        ids.map(|id| id.to_string()).collect()
    }

    #[test]
    fn a_list_that_stands_still_is_given_as_it_is() {
        for rows in [0, 1, 2, 99, 100, 101, 199, 200, 1_234] {
            let [found, list] = gathered((0..rows).collect(), |_, _| ());
            assert_eq!(found, list);
        }
    }

    #[test]
    fn sign_ins_between_pages_double_nothing() {
        let mut newest = 1_000;
        let [found, _] = gathered((1_000..1_500).collect(), |_, ids| {
            newest -= 30;
            ids.splice(0..0, newest..newest + 30);
        });
        assert_eq!(found, all(1_000..1_500));
    }

    #[test]
    fn endings_between_pages_leave_nothing_out() {
        let [found, left] = gathered((0..1_000).collect(), |page, ids| {
            // The first rows, and the very one that the next page would begin with.
            ids.drain(..10);
            ids.retain(|id| Some(id) != page.last());
        });
        let distinct: HashSet<_> = found.iter().collect();
        assert_eq!(distinct.len(), found.len());
        assert!(left.len() > 100 && left.iter().all(|id| distinct.contains(id)), "{left:?}");
    }

    #[test]
    fn a_server_that_never_ends_is_left() {
        let same = r#"{"sessions":[{"sessionId":"a"},{"sessionId":"b"}],"total":1000000}"#;
        assert!(gather(|_| read(same.as_bytes()), |_, _| ()).is_err());
        let one = r#"{"sessions":[{"sessionId":"a"}],"total":1000000}"#;
        assert!(gather(|_| read(one.as_bytes()), |_, _| ()).is_err());
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for text in [
            "",
            "{}",
            r#"{"sessions":{},"total":1}"#,
            r#"{"sessions":[],"total":-1}"#,
            r#"{"sessions":[5],"total":1}"#,
            r#"{"sessions":[{"sessionId":5}],"total":1}"#,
            r#"{"sessions":[{"device":"x"}],"total":1}"#,
            r#"{"sessions":[{"loginAt":null}],"total":1}"#,
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert_eq!(read(br#"{"sessions":[{}],"total":1}"#).unwrap().rows[0].session, Session::default());
    }
}
