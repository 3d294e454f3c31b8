//! What is not kept: details and ended sessions that are old, in small steps, and all that there is of a user that is
//! erased. The chain stands: it covers each detail's digest, which stays.

use crate::rows::{number, unsigned};
use crate::sql;
use crate::write::head;
use rollcall_model::user::NameKey;
use rollcall_model::{Seq, SessionNo, UserNo};
use rollcall_store::{Forgotten, Keeping, NamedUser};
use rusqlite::{Connection, Error, OptionalExtension, TransactionBehavior, params};

/// Forgets what is older than it is to be kept, in one step.
pub fn forget(connection: &mut Connection, keeping: &Keeping) -> Result<Forgotten, Error> {
    let details = forget_details(connection, keeping)?;
    connection.prepare_cached(sql::FORGET_RECEIPTS)?.execute([keeping.details_since.as_ms()])?;
    let (sessions, after) = forget_sessions(connection, keeping)?;
    Ok(Forgotten { details, sessions, after })
}

fn forget_details(connection: &Connection, keeping: &Keeping) -> Result<usize, Error> {
    let since = keeping.details_since.as_ms();
    let oldest: Option<i64> =
        connection.prepare_cached(sql::OLDEST_DETAIL)?.query_row([], |row| row.get(0)).optional()?;
    if oldest.is_none_or(|oldest| oldest >= since) {
        return Ok(0);
    }
    connection.prepare_cached(sql::FORGET_DETAILS)?.execute([since, limit_of(keeping)])
}

/// Looks at a stretch of the history; behind the last that can be old enough it begins anew.
fn forget_sessions(connection: &Connection, keeping: &Keeping) -> Result<(usize, SessionNo), Error> {
    let (since, after, limit) = (keeping.ended_since.as_ms(), number(keeping.after.0), limit_of(keeping));
    let mut stretch = connection.prepare_cached(sql::HISTORY_STRETCH)?;
    let (last, opened_at, count): (Option<i64>, Option<i64>, i64) =
        stretch.query_row([after, limit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let (Some(last), Some(opened_at)) = (last, opened_at) else { return Ok((0, SessionNo(0))) };
    let forgotten = connection.prepare_cached(sql::FORGET_SESSIONS)?.execute([after, last, since])?;
    let is_last = count < limit || opened_at >= since;
    Ok((forgotten, if is_last { SessionNo(0) } else { SessionNo(u64::try_from(last).unwrap_or(0)) }))
}

fn limit_of(keeping: &Keeping) -> i64 {
    i64::try_from(keeping.limit).unwrap_or(i64::MAX)
}

/// Users that go by a name, deleted or not.
pub fn named(connection: &Connection, name: &str) -> Result<Vec<NamedUser>, Error> {
    let mut statement = connection.prepare(sql::NAMED)?;
    let users = statement.query_map([name, NameKey::of(name).as_str()], |row| {
        Ok(NamedUser {
            no: UserNo(unsigned(row, 0)?),
            id: crate::rows::id(row, 1)?,
            username: row.get(2)?,
            is_deleted: row.get(3)?,
        })
    })?;
    users.collect()
}

/// Erases what a stretch of the ledger holds of a user, and what the history holds of the sessions that were opened in
/// it. What stood there is overwritten, not only let go of.
pub fn erase(
    connection: &mut Connection,
    user: UserNo,
    after: Seq,
    limit: usize,
) -> Result<Option<Seq>, Error> {
    connection.pragma_update(None, "secure_delete", true)?;
    let erased = erase_stretch(connection, user, after, limit);
    connection.pragma_update(None, "secure_delete", "FAST")?;
    erased
}

fn erase_stretch(
    connection: &mut Connection,
    user: UserNo,
    after: Seq,
    limit: usize,
) -> Result<Option<Seq>, Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (head, _) = head(&transaction)?;
    let last = Seq(after.0.saturating_add(limit as u64)).min(head.seq);
    for sql in [sql::ERASE_DETAILS, sql::ERASE_MAILS, sql::ERASE_SESSIONS] {
        let stretch = params![number(user.0), number(after.0), number(last.0)];
        transaction.prepare_cached(sql)?.execute(stretch)?;
    }
    transaction.commit()?;
    Ok((last < head.seq).then_some(last))
}
