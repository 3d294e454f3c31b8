//! Saved filters.

use crate::rows::{id, number, time, unsigned};
use crate::sql;
use rollcall_model::UserNo;
use rollcall_store::views::{OwnedView, View};
use rusqlite::{Connection, Error, Row, params};

/// Those that a user sees.
pub fn views(connection: &Connection, user: UserNo, limit: usize) -> Result<Vec<OwnedView>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection.prepare_cached(sql::VIEWS)?.query_map([number(user.0), limit], view)?.collect()
}

fn view(row: &Row<'_>) -> Result<OwnedView, Error> {
    let view = View {
        name: row.get(3)?,
        q: row.get(4)?,
        sort: row.get(5)?,
        shared: row.get(6)?,
        updated_at: time(row, 7)?,
    };
    Ok(OwnedView { user: UserNo(unsigned(row, 0)?), user_id: id(row, 1)?, username: row.get(2)?, view })
}

/// Keeps one.
pub fn put(connection: &Connection, user: UserNo, view: &View, most: usize) -> Result<bool, Error> {
    let View { name, q, sort, shared, updated_at } = view;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let values = params![number(user.0), name, q, sort, shared, updated_at.as_ms(), most];
    Ok(connection.prepare_cached(sql::PUT_VIEW)?.execute(values)? > 0)
}

/// Drops one.
pub fn drop(connection: &Connection, user: UserNo, name: &str) -> Result<bool, Error> {
    Ok(connection.prepare_cached(sql::DROP_VIEW)?.execute(params![number(user.0), name])? > 0)
}
