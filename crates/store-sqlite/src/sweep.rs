//! Upkeep between commits, in small steps: ended sessions go to history, what is over is forgotten, and rows
//! learn when their sessions were last seen.

use crate::rows::number;
use crate::sql;
use rollcall_model::{Seq, SessionNo, Timestamp, limits};
use rollcall_store::Settled;
use rusqlite::{Connection, Error, TransactionBehavior};

/// Lets the rows know when their sessions were last seen, wherever they stand by now.
pub fn note_seen(connection: &mut Connection, seen: &[(SessionNo, Timestamp)]) -> Result<(), Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut standing = transaction.prepare_cached(sql::NOTE_SEEN)?;
        let mut in_history = transaction.prepare_cached(sql::NOTE_SEEN_IN_HISTORY)?;
        for (session, at) in seen {
            let values = [number(session.0), at.as_ms()];
            if standing.execute(values)? == 0 {
                in_history.execute(values)?;
            }
        }
    }
    transaction.commit()
}

/// Writes down what became of mails.
pub fn settle_mails(connection: &mut Connection, settled: &[(Seq, Settled)]) -> Result<(), Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (no, settled) in settled {
        let no = number(no.0);
        match settled {
            Settled::Gone => transaction.prepare_cached(sql::DROP_MAIL)?.execute([no])?,
            Settled::PutOff(due) => {
                transaction.prepare_cached(sql::PUT_MAIL_OFF)?.execute([no, due.as_ms()])?
            }
        };
    }
    transaction.commit()
}

/// Moves up to `limit` ended sessions, in order of their numbers, and answers how many.
pub fn sweep(
    connection: &mut Connection,
    now: Timestamp,
    counters_since: Timestamp,
    limit: usize,
) -> Result<usize, Error> {
    if !connection.is_autocommit() {
        // A store that is being filled is one transaction.
        return move_ended(connection, limit);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let moved = move_ended(&transaction, limit)?;
    transaction.prepare_cached(sql::DROP_OVER_STEP_UPS)?.execute([now.as_ms()])?;
    transaction.prepare_cached(sql::DROP_OVER_MAILED_CODES)?.execute([now.as_ms()])?;
    let over = now - limits::PREVIEW_REMEMBERED;
    if transaction.prepare_cached(sql::DROP_OVER_PREVIEWS)?.execute([over.as_ms()])? > 0 {
        transaction.prepare_cached(sql::DROP_SETS_OF_NONE)?.execute([])?;
    }
    let stale = [now.as_ms(), counters_since.as_ms()];
    transaction.prepare_cached(sql::DROP_STALE_FAILURES)?.execute(stale)?;
    let bound = number(limits::UNKNOWN_NAME_COUNTERS as u64);
    transaction.prepare_cached(sql::DROP_OLDEST_UNKNOWN_NAMES)?.execute([bound])?;
    transaction.commit()?;
    Ok(moved)
}

/// Moves ended sessions to history.
fn move_ended(connection: &Connection, limit: usize) -> Result<usize, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let ended: Vec<i64> = connection
        .prepare_cached(sql::OLDEST_ENDINGS)?
        .query_map([limit], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if let Some(last) = ended.last() {
        for sql in
            [sql::COPY_TO_HISTORY, sql::KEEP_LAST_LOGINS, sql::DROP_MOVED_SESSIONS, sql::DROP_MOVED_ENDINGS]
        {
            connection.prepare_cached(sql)?.execute([last])?;
        }
    }
    Ok(ended.len())
}
