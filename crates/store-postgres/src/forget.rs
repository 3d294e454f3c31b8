//! What is not kept: details and ended sessions that are old, in small steps, and all that there is of a user that is
//! erased. The chain stands: it covers each detail's digest, which stays. No lock of the ledger's is held: each step is
//! a few statements on rows that nobody else changes.

use crate::connection::Connection;
use crate::rows::{get, number, session_no, user_no};
use crate::{read, sql};
use rollcall_model::user::NameKey;
use rollcall_model::{Seq, SessionNo, UserNo};
use rollcall_store::{Forgotten, Keeping, NamedUser, StoreError};

/// Forgets what is older than it is to be kept, in one step.
pub async fn forget(connection: &Connection, keeping: &Keeping) -> Result<Forgotten, StoreError> {
    let details = forget_details(connection, keeping).await?;
    connection.run(sql::FORGET_RECEIPTS, &[&keeping.details_since.as_ms()]).await?;
    let (sessions, after) = forget_sessions(connection, keeping).await?;
    Ok(Forgotten { details, sessions, after })
}

async fn forget_details(connection: &Connection, keeping: &Keeping) -> Result<usize, StoreError> {
    let since = keeping.details_since.as_ms();
    let oldest = connection.row(sql::OLDEST_DETAIL, &[]).await?;
    let oldest = oldest.map(|row| get::<i64>(&row, 0)).transpose()?;
    if oldest.is_none_or(|oldest| oldest >= since) {
        return Ok(0);
    }
    let forgotten = connection.run(sql::FORGET_DETAILS, &[&since, &limit_of(keeping)]).await?;
    Ok(count(forgotten))
}

/// Looks at a stretch of the history; behind the last that can be old enough it begins anew.
async fn forget_sessions(
    connection: &Connection,
    keeping: &Keeping,
) -> Result<(usize, SessionNo), StoreError> {
    let (since, after, limit) = (keeping.ended_since.as_ms(), number(keeping.after.0), limit_of(keeping));
    let nothing = Ok((0, SessionNo(0)));
    let Some(stretch) = connection.row(sql::HISTORY_STRETCH, &[&after, &limit]).await? else {
        return nothing;
    };
    let (last, opened_at): (Option<i64>, Option<i64>) = (get(&stretch, 0)?, get(&stretch, 1)?);
    let (Some(last), Some(opened_at)) = (last, opened_at) else { return nothing };
    let forgotten = connection.run(sql::FORGET_SESSIONS, &[&after, &last, &since]).await?;
    let is_last = get::<i64>(&stretch, 2)? < limit || opened_at >= since;
    Ok((count(forgotten), if is_last { SessionNo(0) } else { session_no(&stretch, 0)? }))
}

fn limit_of(keeping: &Keeping) -> i64 {
    i64::try_from(keeping.limit).unwrap_or(i64::MAX)
}

fn count(rows: u64) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}

/// Users that go by a name, deleted or not.
pub async fn named(connection: &Connection, name: &str) -> Result<Vec<NamedUser>, StoreError> {
    let key = NameKey::of(name);
    let rows = connection.rows(sql::NAMED, &[&name, &key.as_str()]).await?;
    let user = |row: &tokio_postgres::Row| {
        Ok(NamedUser {
            no: user_no(row, 0)?,
            id: crate::rows::id(row, 1)?,
            username: get(row, 2)?,
            is_deleted: get(row, 3)?,
        })
    };
    rows.iter().map(user).collect()
}

/// Erases what a stretch of the ledger holds of a user, and what the history holds of the sessions that were opened in
/// it.
pub async fn erase(
    connection: &Connection,
    user: UserNo,
    after: Seq,
    limit: usize,
) -> Result<Option<Seq>, StoreError> {
    let (head, _) = read::head(connection).await?;
    let last = Seq(after.0.saturating_add(limit as u64)).min(head.seq);
    let (user, from, to) = (number(user.0), number(after.0), number(last.0));
    for sql in [sql::ERASE_DETAILS, sql::ERASE_MAILS, sql::ERASE_SESSIONS] {
        connection.run(sql, &[&user, &from, &to]).await?;
    }
    Ok((last < head.seq).then_some(last))
}
