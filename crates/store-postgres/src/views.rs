//! Saved filters.

use crate::connection::Connection;
use crate::rows::{get, id, number, time, user_no};
use crate::sql;
use rollcall_model::UserNo;
use rollcall_store::StoreError;
use rollcall_store::views::{OwnedView, View};
use tokio_postgres::Row;

/// Those that a user sees.
pub async fn views(
    connection: &Connection,
    user: UserNo,
    limit: usize,
) -> Result<Vec<OwnedView>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection.rows(sql::VIEWS, &[&number(user.0), &limit]).await?.iter().map(view).collect()
}

fn view(row: &Row) -> Result<OwnedView, StoreError> {
    let view = View {
        name: get(row, 3)?,
        q: get(row, 4)?,
        sort: get(row, 5)?,
        shared: get(row, 6)?,
        updated_at: time(row, 7)?,
    };
    Ok(OwnedView { user: user_no(row, 0)?, user_id: id(row, 1)?, username: get(row, 2)?, view })
}

/// Keeps one.
pub async fn put(
    connection: &Connection,
    user: UserNo,
    view: &View,
    most: usize,
) -> Result<bool, StoreError> {
    let View { name, q, sort, shared, updated_at } = view;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let (user, at) = (number(user.0), updated_at.as_ms());
    Ok(connection.run(sql::PUT_VIEW, &[&user, name, q, sort, shared, &at, &most]).await? > 0)
}

/// Drops one.
pub async fn drop(connection: &Connection, user: UserNo, name: &str) -> Result<bool, StoreError> {
    Ok(connection.run(sql::DROP_VIEW, &[&number(user.0), &name]).await? > 0)
}
